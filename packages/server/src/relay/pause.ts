import type { Clock } from '../concurrency/clock.ts';

/** Timers of Node go off at once when they are set for longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves after the time, or as soon as the signal is aborted. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS));
    signal.addEventListener('abort', done, { once: true });
  });
}
