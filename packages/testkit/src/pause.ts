import type { Clock } from './fake-clock.ts';

/** Waits on a clock. Resolves early, without an error, when the signal is aborted: look at the signal afterwards. */
export function pause(clock: Clock, ms: number | 'forever', signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      if (timer !== undefined) clock.clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = ms === 'forever' ? undefined : clock.setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
  });
}
