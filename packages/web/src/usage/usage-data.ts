import type { UsageItem } from '@hearth/protocol';
import { hearth } from '../server.ts';

export type Period = 'week' | 'month' | 'quarter';

export const PERIOD_DAYS: Readonly<Record<Period, number>> = { week: 7, month: 30, quarter: 90 };
const DAY_MS = 86_400_000;

/** The days of a period up to today, as the server keys them (UTC). */
export function daysOf(period: Period, nowMs: number): string[] {
  const count = PERIOD_DAYS[period];
  return Array.from({ length: count }, (_, i) => dayOf(nowMs - (count - 1 - i) * DAY_MS));
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

type Counts = Omit<UsageItem, 'key'>;
const NOTHING: Counts = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheCreationTokens: 0,
  costUsd: 0,
  turns: 0,
};

/** One item for each day, also for those without any use. */
export function everyDay(days: readonly string[], items: readonly UsageItem[]): UsageItem[] {
  const known = new Map(items.map((item) => [item.key, item]));
  return days.map((key) => known.get(key) ?? { ...NOTHING, key });
}

/** Adds up what has the same key under another name, dearest first. */
export function regrouped(items: readonly UsageItem[], keyOf: (item: UsageItem) => string): UsageItem[] {
  const groups = new Map<string, UsageItem>();
  for (const item of items) {
    const key = keyOf(item);
    const sum = groups.get(key) ?? { ...NOTHING, key };
    groups.set(key, {
      key,
      inputTokens: sum.inputTokens + item.inputTokens,
      outputTokens: sum.outputTokens + item.outputTokens,
      cacheReadTokens: sum.cacheReadTokens + item.cacheReadTokens,
      cacheCreationTokens: sum.cacheCreationTokens + item.cacheCreationTokens,
      costUsd: sum.costUsd + item.costUsd,
      turns: sum.turns + item.turns,
    });
  }
  return [...groups.values()].toSorted((a, b) => b.costUsd - a.costUsd || b.turns - a.turns);
}

/** Reads all of them at most this far; what was used in older ones is told together. */
const MOST_SESSIONS = 5_000;

/** The folders of the sessions in which something was used; those of deleted ones are unknown. */
export async function foldersOf(sessionIds: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
  const wanted = new Set(sessionIds);
  const folders = new Map<string, string>();
  if (wanted.size === 0) return folders;
  let read = 0;
  for await (const { id, cwd } of hearth.sessions.all({ status: 'all', limit: 200 }, { signal })) {
    if (wanted.delete(id)) folders.set(id, cwd);
    read += 1;
    if (wanted.size === 0 || read === MOST_SESSIONS) break;
  }
  return folders;
}
