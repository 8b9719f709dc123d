/** How many calls of an account that has just come into use may wait for their answers to begin. */
const FIRST_CALLS = 4;
/** An account that nobody has used for so long begins anew. */
const FORGET_AFTER_MS = 5 * 60_000;

/**
 * Lets the load of an account grow: when one account is spent, everybody comes to the next one at once, and a crowd would
 * run into its limits too. Calls that wait for their answer to begin are bounded; each answer that begins lets one more
 * in, and a refusal for coming too fast halves the bound.
 */
export class Ramp {
  readonly #now: () => number;
  #bound = FIRST_CALLS;
  #waiting = 0;
  #usedAt = 0;
  readonly #line: (() => void)[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Resolves when it is the caller's turn; each that was let in leaves by {@link leave}. Rejects when `gone` is aborted. */
  async enter(gone: AbortSignal): Promise<void> {
    gone.throwIfAborted();
    if (this.#waiting === 0 && this.#now() - this.#usedAt > FORGET_AFTER_MS) this.#bound = FIRST_CALLS;
    this.#usedAt = this.#now();
    if (this.#waiting < this.#bound && this.#line.length === 0) {
      this.#waiting += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        gone.removeEventListener('abort', quit);
        this.#waiting += 1;
        resolve();
      };
      const quit = (): void => {
        this.#line.splice(this.#line.indexOf(go), 1);
        reject(gone.reason as Error);
      };
      gone.addEventListener('abort', quit, { once: true });
      this.#line.push(go);
    });
  }

  /** The answer has begun, or there was none. */
  leave(how: 'answered' | 'too_fast' | 'failed'): void {
    this.#waiting -= 1;
    this.#usedAt = this.#now();
    if (how === 'answered') this.#bound += 1;
    if (how === 'too_fast') this.#bound = Math.max(1, Math.floor(this.#bound / 2));
    while (this.#waiting < this.#bound && this.#line.length > 0) this.#line.shift()?.();
  }
}
