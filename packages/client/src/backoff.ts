export interface Backoff {
  initialDelayMs: number;
  maxDelayMs: number;
}

/**
 * How long to wait before a try, in ms: twice as long each time up to the maximum, of which a random half is taken
 * off so that clients of a server that restarts do not come all at once.
 * @param attempt 1 for the first try after the connection was lost
 * @param random from 0 to 1
 */
export function backoffDelayMs(attempt: number, { initialDelayMs, maxDelayMs }: Backoff, random: number): number {
  const full = Math.min(maxDelayMs, initialDelayMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * (1 - random / 2));
}
