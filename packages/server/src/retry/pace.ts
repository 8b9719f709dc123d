/** How often and how long a busy model API is waited for. */
export interface RetryPolicy {
  /** The wait before each further attempt, in ms; there are as many as there are waits. */
  delaysMs: readonly number[];
  /** By which share a wait is made longer or shorter by chance, so that many that failed together do not come together. */
  jitter: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { delaysMs: [15_000, 30_000, 60_000], jitter: 0.2 };

/**
 * The wait before attempt number `attempt` (1 is the first one after a failure), or null when there is none left. What
 * the server asks for goes before our own guess: never earlier, and a little later by chance.
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs: number | undefined,
  random: number,
): number | null {
  const delayMs = policy.delaysMs[attempt - 1];
  if (delayMs === undefined) return null;
  if (retryAfterMs !== undefined) return Math.round(retryAfterMs * (1 + policy.jitter * random * 0.5));
  return Math.round(delayMs * (1 + policy.jitter * (2 * random - 1)));
}
