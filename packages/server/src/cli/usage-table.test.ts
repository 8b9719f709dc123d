import { expect, test } from 'vitest';
import { budgetTable, usageTable } from './usage-table.ts';

test('what was used stands in columns, its total below', () => {
  const usage = { inputTokens: 10, outputTokens: 20, cacheReadTokens: 300, cacheCreationTokens: 4 };
  const items = [
    { key: 'haiku', ...usage, costUsd: 0.5, turns: 1 },
    { key: 'opus', ...usage, costUsd: 1, turns: 2 },
  ];
  const total = { inputTokens: 20, outputTokens: 40, cacheReadTokens: 600, cacheCreationTokens: 8, costUsd: 1.5 };
  expect(usageTable({ items, total: { ...total, turns: 3 } }, 'model')).toBe(
    `MODEL  TURNS  IN  OUT  CACHE READ  CACHE WRITE  COST
haiku  1      10  20   300         4            $0.50
opus   2      10  20   300         4            $1.00
total  3      20  40   600         8            $1.50
`,
  );
});

test('the budgets of today stand below, with what is spent of them', () => {
  const resetsAt = '2026-03-02T00:00:00.000Z';
  const items = [
    { scope: 'server' as const, key: 'server', limitUsd: 20, spentUsd: 1.5, resetsAt },
    { scope: 'user' as const, key: 'ann', limitUsd: 5, spentUsd: 0, resetsAt },
  ];
  expect(budgetTable({ items })).toBe(
    `BUDGET    SPENT  OF      UNTIL
server    $1.50  $20.00  2026-03-02T00:00:00.000Z
user ann  $0.00  $5.00   2026-03-02T00:00:00.000Z
`,
  );
});
