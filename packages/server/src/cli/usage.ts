import type { UsageGroup, UsageReport } from '@hearth/protocol';
import { Option } from 'commander';
import type { Command } from 'commander';
import { addServerFlags } from './server-flags.ts';
import type { ServerFlags } from './server-flags.ts';

interface UsageFlags extends ServerFlags {
  groupBy: UsageGroup;
  from?: string;
  to?: string;
  json?: true;
  csv?: true;
}

const GROUPS: readonly UsageGroup[] = ['day', 'session', 'account', 'model', 'user'];

export function define(command: Command): void {
  addServerFlags(command)
    .description(
      'Shows what was used and what it cost, also by sessions that were deleted since, and the budgets of today.',
    )
    .addOption(new Option('--group-by <what>', 'one row for each').choices(GROUPS).default('day'))
    .option('--from <when>', 'a date (2027-01-31, in UTC) or an ISO time; that moment belongs to it')
    .option('--to <when>', 'a date, which belongs to it whole, or an ISO time, which does not')
    .addOption(new Option('--json', 'the report as JSON').conflicts('csv'))
    .addOption(new Option('--csv', 'as CSV (RFC 4180), without the total'))
    .action(async (flags: UsageFlags) => usage(flags));
}

async function usage({ groupBy, from, to, json, csv, ...flags }: UsageFlags): Promise<void> {
  const { withClient } = await import('./with-client.ts');
  const query = {
    groupBy,
    ...(from === undefined ? {} : { from: await timeOf('from', from) }),
    ...(to === undefined ? {} : { to: await timeOf('to', to) }),
  };
  const [report, budgets] = await withClient(flags, async (hearth) =>
    Promise.all([hearth.usage(query), json === true || csv === true ? null : hearth.budgets()]),
  );
  process.stdout.write(await written(report, groupBy, { json: json === true, csv: csv === true }));
  if (budgets === null || budgets.items.length === 0) return;
  process.stdout.write(`\n${(await import('./usage-table.ts')).budgetTable(budgets)}`);
}

async function written(report: UsageReport, groupBy: UsageGroup, as: { json: boolean; csv: boolean }): Promise<string> {
  if (as.json) return `${JSON.stringify(report)}\n`;
  if (as.csv) return (await import('@hearth/protocol')).usageCsv(report);
  return (await import('./usage-table.ts')).usageTable(report, groupBy);
}

/** @throws HearthError `invalid_request` that names the flag */
export async function timeOf(flag: 'from' | 'to', text: string): Promise<string> {
  const { HearthError, usageQuerySchema } = await import('@hearth/protocol');
  if (usageQuerySchema.shape[flag].safeParse(text).success) return text;
  throw new HearthError('invalid_request', `--${flag} ${JSON.stringify(text)} is no date and no time.`, {
    hint: 'Write a date as 2027-01-31, or an ISO time as 2027-01-31T12:00:00Z.',
  });
}
