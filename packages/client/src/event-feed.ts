import type { Event } from '@hearth/protocol';
import { ClientClosedError } from './errors.ts';
import type { ClientError } from './errors.ts';
import type { Follower, Following } from './session-channel.ts';

export interface EventsOptions {
  /** The last seq that was seen; 0 (the default): the whole log; -1: only what happens from now on. */
  after?: number;
  /** Ends the feed; the loop over it ends without an error. */
  signal?: AbortSignal;
  /** How many events may wait for a slow reader before the server is asked to stop. Default 1,000. */
  maxWaiting?: number;
}

const MAX_WAITING = 1_000;

/**
 * A session's events: those after the cursor, then the live ones, each once and in order, over lost connections too.
 * It ends when the session is deleted, by `close()`, or by its AbortSignal; it throws when the session is not there or
 * the server refuses the token. It is read by one loop.
 */
export class EventFeed implements AsyncIterableIterator<Event>, Follower {
  readonly after: number | 'live';
  readonly resumes = true;
  /** Resolves when everything that was in the log at the beginning has been read. */
  readonly caughtUp: Promise<void>;
  readonly #maxWaiting: number;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: Event[] = [];
  #following: Following | undefined;
  #readers: { resolve(result: IteratorResult<Event>): void; reject(error: ClientError): void }[] = [];
  #end: { error?: ClientError } | undefined;
  #cursor: number;
  #target: number | undefined;
  #tellCaughtUp: () => void = () => undefined;
  #full = false;

  /** @param follow takes a place in the session's channel */
  constructor(follow: (follower: Follower) => Following, options: EventsOptions = {}) {
    const { after = 0, signal, maxWaiting = MAX_WAITING } = options;
    this.after = after < 0 ? 'live' : after;
    this.#cursor = after;
    this.#maxWaiting = Math.max(1, maxWaiting);
    this.#signal = signal;
    this.caughtUp = new Promise((resolve) => {
      this.#tellCaughtUp = resolve;
    });
    if (signal?.aborted === true) {
      this.close();
      return;
    }
    signal?.addEventListener('abort', this.#abort);
    const following = follow(this);
    if (this.#end === undefined) this.#following = following;
    else following.stop();
  }

  /** The seq of the last event that was read. Another feed can go on from here. */
  get cursor(): number {
    return this.#cursor;
  }

  next(): Promise<IteratorResult<Event>> {
    const event = this.#waiting.shift();
    if (event !== undefined) {
      this.#read(event);
      if (this.#full && this.#waiting.length <= this.#maxWaiting / 2) {
        this.#full = false;
        this.#following?.more();
      }
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#end !== undefined) {
      const { error } = this.#end;
      this.#end = {};
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<Event>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the feed at once; what waits is not read any more. */
  close(): void {
    this.#waiting.length = 0;
    this.ended();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  joined(lastSeq: number): void {
    this.#target ??= lastSeq;
    if (this.#cursor < 0 || this.#cursor > lastSeq) this.#cursor = lastSeq;
    this.#noteCaughtUp();
  }

  take(event: Event): boolean {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      this.#read(event);
      reader.resolve({ done: false, value: event });
      return true;
    }
    this.#waiting.push(event);
    this.#full = this.#waiting.length >= this.#maxWaiting;
    return !this.#full;
  }

  ended(error?: ClientError): void {
    if (this.#end !== undefined) return;
    const failed = error instanceof ClientClosedError ? undefined : error;
    this.#end = failed === undefined ? {} : { error: failed };
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#following?.stop();
    this.#tellCaughtUp();
    const readers = this.#readers.splice(0);
    const first = failed === undefined ? undefined : readers.shift();
    if (failed !== undefined && first !== undefined) {
      this.#end = {};
      first.reject(failed);
    }
    for (const reader of readers) reader.resolve({ done: true, value: undefined });
  }

  readonly #abort = (): void => this.close();

  #read(event: Event): void {
    this.#cursor = event.seq;
    this.#noteCaughtUp();
  }

  #noteCaughtUp(): void {
    if (this.#target !== undefined && this.#cursor >= this.#target) this.#tellCaughtUp();
  }
}
