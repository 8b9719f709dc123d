const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * How long everybody together waits for a database that is away. An outage begins with the first failure and ends with the
 * first success; once it lasts longer than the bound, whoever comes next tries once and does not wait.
 */
export class Patience {
  readonly #boundMs: number;
  #sinceMs: number | null = null;
  #lastFailureMs = Number.NEGATIVE_INFINITY;

  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  /** Whether the last try of an outage that lasts too long was a moment ago: another one would only keep its caller waiting. */
  get isSpent(): boolean {
    const nowMs = performance.now();
    if (this.#sinceMs === null || nowMs - this.#sinceMs < this.#boundMs) return false;
    return nowMs - this.#lastFailureMs < LONGEST_PAUSE_MS;
  }

  /** The database answered. */
  restored(): void {
    this.#sinceMs = null;
  }

  /**
   * Waits before the next try.
   * @param tries that failed so far
   * @returns false when it is time to give up
   */
  async pause(tries: number): Promise<boolean> {
    this.#sinceMs ??= performance.now();
    this.#lastFailureMs = performance.now();
    const leftMs = this.#sinceMs + this.#boundMs - performance.now();
    if (leftMs <= 0) return false;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries, 10), LONGEST_PAUSE_MS, leftMs);
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
    return true;
  }
}
