import { HearthError } from '@hearth/protocol';
import { deferred } from '../concurrency/deferred.ts';
import type { Deferred } from '../concurrency/deferred.ts';
import type { Reply, ReplyResult } from '../session/input.ts';

/** What callers asked of a session and were not answered yet. */
export class OpenRequests {
  readonly #open = new Map<string, Deferred<ReplyResult>>();

  get size(): number {
    return this.#open.size;
  }

  /** Settles with the core's reply to this request. */
  add(requestId: string): Promise<ReplyResult> {
    const pending = deferred<ReplyResult>();
    this.#open.set(requestId, pending);
    return pending.promise;
  }

  reply(requestId: string, reply: Reply): void {
    const pending = this.#open.get(requestId);
    this.#open.delete(requestId);
    if (reply.ok) {
      pending?.resolve(reply.result);
      return;
    }
    const { code, message, hint } = reply;
    pending?.reject(new HearthError(code, message, hint === undefined ? {} : { hint }));
  }

  /** No reply will come to any of them. */
  fail(error: HearthError): void {
    for (const pending of this.#open.values()) pending.reject(error);
    this.#open.clear();
  }
}
