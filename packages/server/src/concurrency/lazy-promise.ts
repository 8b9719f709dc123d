import { deferred } from './deferred.ts';
import type { Deferred } from './deferred.ts';

/**
 * How something ends, for those who ask: the promise is made when the first one does, because most of a stream's commits are asked
 * after by nobody. A rejection that nobody waits for is no error.
 */
export class LazyPromise {
  #deferred: Deferred<void> | null = null;
  #end: { rejected: false } | { rejected: true; reason: unknown } | null = null;

  get promise(): Promise<void> {
    if (this.#deferred === null) {
      this.#deferred = deferred<void>();
      this.#deferred.promise.catch(() => undefined);
      this.#settle();
    }
    return this.#deferred.promise;
  }

  resolve(): void {
    this.#end ??= RESOLVED;
    this.#settle();
  }

  reject(reason: unknown): void {
    this.#end ??= { rejected: true, reason };
    this.#settle();
  }

  #settle(): void {
    if (this.#deferred === null || this.#end === null) return;
    if (this.#end.rejected) this.#deferred.reject(this.#end.reason);
    else this.#deferred.resolve();
  }
}

const RESOLVED = { rejected: false } as const;
