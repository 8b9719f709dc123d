import type { UsageGroup, UsageItem, UsageReport } from '@hearth/protocol';
import { money } from './describe.ts';
import { table } from './table.ts';

/** A report for people, its total in the last row. */
export function usageTable({ items, total }: UsageReport, groupBy: UsageGroup): string {
  const head = [groupBy.toUpperCase(), 'TURNS', 'IN', 'OUT', 'CACHE READ', 'CACHE WRITE', 'COST'];
  return table(head, [...items.map(row), row({ key: 'total', ...total })]);
}

function row(item: UsageItem): string[] {
  const counts = [item.turns, item.inputTokens, item.outputTokens, item.cacheReadTokens, item.cacheCreationTokens];
  return [item.key, ...counts.map(String), money(item.costUsd)];
}
