import { HearthError } from '@hearth/protocol';
import type { Event } from '@hearth/protocol';
import { deferred } from '../concurrency/deferred.ts';
import type { Sessions, Subscription, SubscriptionSink } from '../router/sessions.ts';

export interface EventsOptions {
  /** The last seq that was seen; 0 (the default): the whole log; -1: only what happens from now on. */
  after?: number;
  /** Ends the stream; the loop over it ends without an error. */
  signal?: AbortSignal;
  /** How many events may wait for a slow reader before the log is asked to stop. Default 1,000. */
  maxWaiting?: number;
}

const MAX_WAITING = 1_000;

/**
 * A session's events after a cursor and then the live ones, each once and in order. What waits for a slow reader is
 * bounded: past the bound the reader is served from the log at its own speed. It ends when the session is deleted, when
 * the server stops, by leaving the loop, or by its signal; it throws when there is no such session.
 */
export class EventStream implements AsyncIterableIterator<Event>, SubscriptionSink {
  readonly #maxWaiting: number;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: Event[] = [];
  readonly #placed: Promise<Subscription>;
  readonly #readers: ((result: IteratorResult<Event>) => void)[] = [];
  readonly #over = deferred<void>();
  #subscription: Subscription | undefined;
  #started = false;
  #paused = false;
  #ended = false;

  constructor(sessions: Sessions, sessionId: string, options: EventsOptions = {}) {
    const { after = 0, signal, maxWaiting = MAX_WAITING } = options;
    if (!Number.isInteger(after)) {
      throw new HearthError('invalid_request', `${after} is not the seq of an event.`, {
        hint: 'Give the last seq that was seen; 0 begins with the first event, -1 with the next one.',
      });
    }
    this.#maxWaiting = Math.max(1, maxWaiting);
    this.#signal = signal;
    this.#placed = sessions.subscribe(sessionId, after, this);
    this.#placed.then(
      (subscription) => this.#place(subscription),
      // The reader gets the error from `next`.
      () => this.#over.resolve(),
    );
    if (signal?.aborted === true) this.close();
    else signal?.addEventListener('abort', this.#abort);
  }

  /** Resolves when nothing more is given to the stream. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  async next(): Promise<IteratorResult<Event>> {
    const subscription = await this.#placed;
    if (!this.#started && !this.#ended) {
      this.#started = true;
      subscription.start();
    }
    const event = this.#waiting.shift();
    if (event !== undefined) {
      this.#makeRoom();
      return { done: false, value: event };
    }
    if (this.#ended) return { done: true, value: undefined };
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<Event>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the stream at once; what waits is not read any more. */
  close(): void {
    this.#waiting.length = 0;
    this.end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  events(bodies: readonly string[]): boolean {
    if (this.#ended) return false;
    for (const body of bodies) {
      const event = JSON.parse(body) as Event;
      const reader = this.#readers.shift();
      if (reader === undefined) this.#waiting.push(event);
      else reader({ done: false, value: event });
    }
    this.#paused = this.#waiting.length >= this.#maxWaiting;
    return !this.#paused;
  }

  heartbeat(): void {
    // Whoever iterates in the same process sees the phase in the events; silence needs no proof of life.
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#subscription?.close();
    this.#over.resolve();
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  readonly #abort = (): void => this.close();

  #place(subscription: Subscription): void {
    this.#subscription = subscription;
    if (this.#ended) subscription.close();
  }

  #makeRoom(): void {
    if (!this.#paused || this.#waiting.length > this.#maxWaiting / 2) return;
    this.#paused = false;
    this.#subscription?.resume();
  }
}
