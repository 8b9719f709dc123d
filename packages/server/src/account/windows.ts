import type { LimitWindow } from '../retry/rate-limits.ts';
import type { AccountHealth, WindowUse } from './health.ts';

/** Takes what an answer said of the account's limits into what is known of it. */
export function withWindows(health: AccountHealth, seen: readonly LimitWindow[], nowMs: number): AccountHealth {
  if (seen.length === 0) return health;
  const windows: Record<string, WindowUse> = {};
  for (const [name, window] of Object.entries(health.windows)) {
    if ((window.resetsAtMs ?? Number.POSITIVE_INFINITY) > nowMs) windows[name] = window;
  }
  for (const { name, ...window } of seen) windows[name] = { ...window, seenAtMs: nowMs };
  return { ...health, windows };
}
