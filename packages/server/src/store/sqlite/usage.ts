import type { Database } from 'better-sqlite3';
import type { UsageGroup, UsageItem } from '@hearth/protocol';
import type { TurnUsage, UsageStore } from '../store.ts';
import { usageRange } from '../usage-range.ts';
import type { Connection } from './connection.ts';

const NANO_PER_USD = 1e9;

const GROUP_COLUMN = {
  day: 'day',
  session: 'session_id',
  account: 'account_id',
  model: 'model',
  user: 'user_name',
} as const satisfies Record<UsageGroup, string>;

export function sqliteUsage({ db, query }: Connection): UsageStore {
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

/** Writes what a turn used; writing it again replaces it. */
export function usageWriter(raw: Database): (turn: TurnUsage) => void {
  const upsert = raw.prepare<(string | number)[]>(
    `INSERT OR REPLACE INTO turn_usage (turn_id, session_id, agent, model, account_id, user_name, time_ms, day,
       input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, cost_nano_usd)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (turn) => {
    const timeMs = Date.parse(turn.time);
    upsert.run(
      turn.turnId,
      turn.sessionId,
      turn.agent,
      turn.model,
      turn.accountId,
      turn.user,
      timeMs,
      new Date(timeMs).toISOString().slice(0, 10),
      turn.inputTokens,
      turn.outputTokens,
      turn.cacheReadTokens,
      turn.cacheCreationTokens,
      Math.round(turn.costUsd * NANO_PER_USD),
    );
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
