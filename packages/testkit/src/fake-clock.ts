/** What {@link Clock.setTimeout} gives and `clearTimeout` takes. */
export type TimerHandle = number | NodeJS.Timeout;

/** Time as the product's parts see it. `now` is in milliseconds since the epoch. */
export interface Clock {
  now(): number;
  monotonic(): number;
  setTimeout(run: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

/** The real time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (handle) => clearTimeout(handle),
};

interface Timer {
  readonly id: number;
  readonly dueAt: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now: number;
  #setByMs = 0;
  #nextId = 1;
  readonly #timers = new Map<number, Timer>();

  /** @param startAt milliseconds since the epoch */
  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
  }

  /** How many timers wait. A test that ends with some left has found a leak. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** When the next timer is due, or `undefined`. */
  get nextDueAt(): number | undefined {
    return this.#next()?.dueAt;
  }

  now(): number {
    return this.#now + this.#setByMs;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets the time forward or back, as its owner may do, or as it looks after a sleep; timers come no nearer by it. */
  set(byMs: number): void {
    this.#setByMs += byMs;
  }

  setTimeout(run: () => void, delayMs: number): TimerHandle {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#timers.set(id, { id, dueAt: this.#now + Math.max(0, delayMs), run });
    return id;
  }

  clearTimeout(handle: TimerHandle): void {
    if (typeof handle === 'number') this.#timers.delete(handle);
  }

  /** Resolves after `delayMs` of this clock. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimeout(resolve, delayMs);
    });
  }

  /**
   * Goes `durationMs` on and runs what falls due, in order, each at its own time. Promises settle before the first
   * timer and after each one, so timers that awaiting code sets on the way run too when they fall due.
   */
  async advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs;
    await settle();
    for (let timer = this.#next(); timer !== undefined && timer.dueAt <= end; timer = this.#next()) {
      this.#fire(timer);
      await settle();
    }
    this.#now = end;
  }

  /** Goes on to each next timer until none is left. @throws when `limit` timers ran and still more wait. */
  async runAll(limit = 10_000): Promise<void> {
    await settle();
    let ran = 0;
    for (let timer = this.#next(); timer !== undefined; timer = this.#next()) {
      if (ran >= limit) throw new Error(`${limit} timers ran and ${this.#timers.size} still wait: one renews itself`);
      this.#fire(timer);
      ran += 1;
      await settle();
    }
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer.id);
    this.#now = Math.max(this.#now, timer.dueAt);
    timer.run();
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (next === undefined || timer.dueAt < next.dueAt) next = timer;
    }
    return next;
  }
}

/** Lets every promise that can settle without I/O do so: `setImmediate` runs after all microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
