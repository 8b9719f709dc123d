import type { BudgetList, UsageGroup, UsageItem, UsageReport } from '@hearth/protocol';
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

/** The budgets of today for people. */
export function budgetTable({ items }: BudgetList): string {
  const rows = items.map(({ scope, key, spentUsd, limitUsd, resetsAt }) => [
    scope === 'server' ? scope : `${scope} ${key}`,
    money(spentUsd),
    money(limitUsd),
    resetsAt,
  ]);
  return table(['BUDGET', 'SPENT', 'OF', 'UNTIL'], rows);
}
