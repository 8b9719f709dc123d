import type { UsageGroup, UsageItem } from '@hearth/protocol';
import type { TurnUsageTable } from '../schema.ts';
import type { TurnUsage, UsageStore } from '../store.ts';
import { usageRange } from '../usage-range.ts';
import type { UsageRange } from '../usage-range.ts';
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
  const sums = (range: UsageRange) => {
    let rows = db
      .selectFrom('turn_usage')
      .select(({ fn }) => [
        fn.sum<number | null>('input_tokens').as('inputTokens'),
        fn.sum<number | null>('output_tokens').as('outputTokens'),
        fn.sum<number | null>('cache_read_tokens').as('cacheReadTokens'),
        fn.sum<number | null>('cache_creation_tokens').as('cacheCreationTokens'),
        fn.sum<number | null>('cost_nano_usd').as('costNanoUsd'),
        fn.count<number>('turn_id').distinct().as('turns'),
      ]);
    if (range.fromMs !== undefined) rows = rows.where('time_ms', '>=', range.fromMs);
    if (range.toMs !== undefined) rows = rows.where('time_ms', '<', range.toMs);
    return rows;
  };
  return {
    report: (groupBy, from, to) =>
      query(async () => {
        const range = usageRange(from, to);
        const column = GROUP_COLUMN[groupBy];
        const rows = await sums(range).select(`${column} as key`).groupBy(column).orderBy(column).execute();
        // Not the sum of the groups: a turn may be in several.
        const total = await sums(range).executeTakeFirstOrThrow();
        return { items: rows.map(({ key, ...row }) => ({ key, ...inDollars(row) })), total: inDollars(total) };
      }),
  };
}

/** The rows of what a turn used. */
export function usageRows(turn: TurnUsage): TurnUsageTable[] {
  const timeMs = Date.parse(turn.time);
  return turn.models.map((part) => ({
    turn_id: turn.turnId,
    session_id: turn.sessionId,
    agent: turn.agent,
    model: part.model,
    account_id: part.accountId,
    user_name: turn.user,
    time_ms: timeMs,
    day: new Date(timeMs).toISOString().slice(0, 10),
    input_tokens: whole(part.inputTokens),
    output_tokens: whole(part.outputTokens),
    cache_read_tokens: whole(part.cacheReadTokens),
    cache_creation_tokens: whole(part.cacheCreationTokens),
    cost_nano_usd: whole(part.costUsd * NANO_PER_USD),
  }));
}

/** Gateways count as they like, and what no column takes would keep the end of its turn from being stored. */
function whole(counted: number): number {
  return Number.isFinite(counted) ? Math.min(Math.round(counted), Number.MAX_SAFE_INTEGER) : 0;
}

/** Sums over no row are null. */
type Sums = Record<
  'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'cacheCreationTokens' | 'costNanoUsd',
  number | null
> & { turns: number };

function inDollars(sums: Sums): Omit<UsageItem, 'key'> {
  return {
    inputTokens: sums.inputTokens ?? 0,
    outputTokens: sums.outputTokens ?? 0,
    cacheReadTokens: sums.cacheReadTokens ?? 0,
    cacheCreationTokens: sums.cacheCreationTokens ?? 0,
    costUsd: (sums.costNanoUsd ?? 0) / NANO_PER_USD,
    turns: sums.turns,
  };
}
