import type { Clock, TimerHandle } from '../concurrency/clock.ts';

/** A timer comes no nearer when the clock is set or the machine sleeps: who waits for longer is woken and looks again. */
const LONGEST_TIMER_MS = 60_000;

/** Wakes somebody who then looks whether it is time: never later than it was last set for, and perhaps before. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: { at: number; handle: TimerHandle } | null = null;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** @param at ms since 1970; null: not at all */
  set(at: number | null): void {
    if (at === null) {
      this.clear();
      return;
    }
    // A time that moved into the future needs no new timer: the old one looks again when it fires.
    if (this.#timer !== null && this.#timer.at <= at) return;
    this.clear();
    const handle = this.#clock.setTimeout(
      () => {
        this.#timer = null;
        this.#ring();
      },
      Math.min(Math.max(0, at - this.#clock.now()), LONGEST_TIMER_MS),
    );
    this.#timer = { at, handle };
  }

  clear(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer.handle);
    this.#timer = null;
  }
}
