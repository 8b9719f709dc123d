import { deferred } from '../concurrency/deferred.ts';

/** How often one that waits for a place says that it is still there. */
const WAIT_SIGN_MS = 5_000;

/** A place in the pool, which is held from before a process starts until it is gone. */
export interface Place {
  release(): void;
}

/**
 * Keeps the number of live agent processes under its cap. When it is full, the session whose process has been idle for
 * longest is asked to give it up; a busy one never is. Who finds no place waits, in order.
 */
export class ProcessPool {
  readonly #maxProcesses: number;
  /** Asks an idle session for its process; see {@link ProcessPool.acquire}. */
  readonly #evict: () => void;
  readonly #waiting: (() => void)[] = [];
  #live = 0;

  /** @param evict asks the session that has been idle for longest to close its process; nothing when all are busy */
  constructor(maxProcesses: number, evict: () => void) {
    this.#maxProcesses = maxProcesses;
    this.#evict = evict;
  }

  get live(): number {
    return this.#live;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves with a place when there is one.
   * @param onWait is called every few seconds until then, so that whoever watches the session knows that it is not stuck
   */
  async acquire(onWait: () => void): Promise<Place> {
    if (this.#live >= this.#maxProcesses) await this.#wait(onWait);
    else this.#live += 1;
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#passOn();
      },
    };
  }

  /** A session has become idle: whoever waits may have its process's place. */
  idle(): void {
    if (this.#waiting.length > 0) this.#evict();
  }

  #wait(onWait: () => void): Promise<void> {
    const turn = deferred<void>();
    const signs = setInterval(onWait, WAIT_SIGN_MS);
    this.#waiting.push(() => {
      clearInterval(signs);
      turn.resolve();
    });
    this.#evict();
    return turn.promise;
  }

  /** The place goes to the next one that waits, without being free in between. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#live -= 1;
    else next();
  }
}
