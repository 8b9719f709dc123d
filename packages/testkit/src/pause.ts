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
  #ended: boolean;
  #timer: ReturnType<Clock['setTimeout']> | undefined;
  #then: (() => void) | undefined;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#ended = signal.aborted;
    const end = (): void => {
      this.#ended = true;
      if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
      this.#over();
    };
    signal.addEventListener('abort', end, { once: true });
  }

  /** Whether the signal is aborted. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Calls once, after the time or when the signal is aborted; only one at a time. */
  after(ms: number | 'forever', then: () => void): void {
    this.#then = then;
    if (this.#ended) this.#over();
    else if (ms !== 'forever') this.#timer = this.#clock.setTimeout(this.#over, ms);
  }

  readonly #over = (): void => {
    const then = this.#then;
    this.#timer = undefined;
    this.#then = undefined;
    then?.();
  };
}
