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

/** Pauses that follow each other and end with one signal, which is listened to once for all. */
export class Pauses {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #end: (() => void) | null = null;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#end?.(), { once: true });
  }

  /** Like `pause`; only one at a time. */
  wait(ms: number | 'forever'): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = ms === 'forever' ? undefined : this.#clock.setTimeout(() => this.#end?.(), ms);
      this.#end = () => {
        this.#end = null;
        if (timer !== undefined) this.#clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}
