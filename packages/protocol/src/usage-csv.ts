import type { UsageItem, UsageReport } from './usage.ts';

const COLUMNS = [
  'key',
  'turns',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheCreationTokens',
  'costUsd',
] as const satisfies readonly (keyof UsageItem)[];

/** Costs are counted in billionths of a dollar. */
const COST_DIGITS = 9;

/** The items of a report as CSV (RFC 4180) under a head that names the fields; without the total, which is their sum. */
export function usageCsv({ items }: UsageReport): string {
  const rows = items.map((item) => COLUMNS.map((column) => cell(column, item)));
  return [COLUMNS, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

/** A price never has an exponent, which spreadsheets read in ways of their own. */
function cell(column: (typeof COLUMNS)[number], item: UsageItem): string {
  return column === 'costUsd' ? item.costUsd.toFixed(COST_DIGITS) : String(item[column]);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
