import type { UsageGroup, UsageItem } from '@hearth/protocol';
import type { TurnUsageTable } from '../schema.ts';
import type { TurnUsage, UsageStore } from '../store.ts';
import { usageRange } from '../usage-range.ts';
import type { SqlDatabase } from './database.ts';

const NANO_PER_USD = 1e9;

const GROUP_COLUMN = {
  day: 'day',
  session: 'session_id',
  account: 'account_id',
  model: 'model',
  user: 'user_name',
} as const satisfies Record<UsageGroup, string>;

export function sqlUsage({ db, query }: SqlDatabase): UsageStore {
  return {
    report: (groupBy, from, to) =>
      query(async () => {
        const { fromMs, toMs } = usageRange(from, to);
        const column = GROUP_COLUMN[groupBy];
        let report = db
          .selectFrom('turn_usage')
          .select(`${column} as key`)
          .select(({ fn }) => [
            fn.sum<number>('input_tokens').as('inputTokens'),
            fn.sum<number>('output_tokens').as('outputTokens'),
            fn.sum<number>('cache_read_tokens').as('cacheReadTokens'),
            fn.sum<number>('cache_creation_tokens').as('cacheCreationTokens'),
            fn.sum<number>('cost_nano_usd').as('costNanoUsd'),
            fn.countAll<number>().as('turns'),
          ])
          .groupBy(column)
          .orderBy(column);
        if (fromMs !== undefined) report = report.where('time_ms', '>=', fromMs);
        if (toMs !== undefined) report = report.where('time_ms', '<', toMs);
        const rows = await report.execute();
        return { items: rows.map(({ key, ...sums }) => ({ key, ...inDollars(sums) })), total: inDollars(total(rows)) };
      }),
  };
}

/** The row of what a turn used. */
export function usageRow(turn: TurnUsage): TurnUsageTable {
  const timeMs = Date.parse(turn.time);
  return {
    turn_id: turn.turnId,
    session_id: turn.sessionId,
    agent: turn.agent,
    model: turn.model,
    account_id: turn.accountId,
    user_name: turn.user,
    time_ms: timeMs,
    day: new Date(timeMs).toISOString().slice(0, 10),
    input_tokens: turn.inputTokens,
    output_tokens: turn.outputTokens,
    cache_read_tokens: turn.cacheReadTokens,
    cache_creation_tokens: turn.cacheCreationTokens,
    cost_nano_usd: Math.round(turn.costUsd * NANO_PER_USD),
  };
}

type Sums = Omit<UsageItem, 'key' | 'costUsd'> & { costNanoUsd: number };

function total(rows: readonly Sums[]): Sums {
  const sum = (of: keyof Sums) => rows.reduce((before, row) => before + row[of], 0);
  return {
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    cacheReadTokens: sum('cacheReadTokens'),
    cacheCreationTokens: sum('cacheCreationTokens'),
    costNanoUsd: sum('costNanoUsd'),
    turns: sum('turns'),
  };
}

function inDollars({ costNanoUsd, ...sums }: Sums): Omit<UsageItem, 'key'> {
  return { ...sums, costUsd: costNanoUsd / NANO_PER_USD };
}
