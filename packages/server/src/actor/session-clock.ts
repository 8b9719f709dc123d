import type { Clock } from '../concurrency/clock.ts';
import { clockMoved } from '../session/moved-clock.ts';
import type { SessionState } from '../session/state.ts';

/** Below this a clock is only being kept right. */
const NOTICED_MS = 1_000;

/**
 * The time that one session lives by. It notices when the machine's time was set, or stood still while the machine slept: it
 * has moved away then from the time that goes on evenly.
 */
export class SessionClock {
  readonly #clock: Clock;
  #apartMs: number;
  #lastUsedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastUsedAt = clock.monotonic();
    this.#apartMs = clock.now() - this.#lastUsedAt;
  }

  /** In the clock's monotonic time, ms. */
  get lastUsedAt(): number {
    return this.#lastUsedAt;
  }

  /**
   * @param isUse whether somebody uses the session by what asks for the time
   * @returns the time, in ms since 1970, and the state as seen from it
   */
  read(state: SessionState, isUse: boolean): { now: number; state: SessionState } {
    const now = this.#clock.now();
    const evenly = this.#clock.monotonic();
    if (isUse) this.#lastUsedAt = evenly;
    const movedMs = now - evenly - this.#apartMs;
    if (Math.abs(movedMs) < NOTICED_MS) return { now, state };
    this.#apartMs += movedMs;
    return { now, state: clockMoved(state, movedMs) };
  }
}
