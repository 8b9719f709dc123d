import { HearthError } from '@hearth/protocol';
import type { Clock, TimerHandle } from '../concurrency/clock.ts';
import type { SubscriptionSink } from '../router/sessions.ts';
import type { Log } from '../telemetry/log.ts';
import type { Page } from './delta.ts';

/** How long a subscriber waits before it asks again after the store refused a read. */
const READ_AGAIN_MS = 1_000;

/** The log of one session as its subscribers see it. */
export interface CursorSource {
  /** Number of the last event that is committed; nobody sees one above it. */
  readonly committedSeq: number;
  /** No event will follow: the session is being deleted. */
  readonly ended: boolean;
  /** What is in memory after the cursor, or null. */
  fromMemory(cursor: number): Page | null;
  /** The next page after the cursor from the store; null: there is none. */
  fromStore(cursor: number): Promise<Page | null>;
  left(subscription: LogSubscription): void;
}

type State =
  /** It has its place: nothing after its cursor will escape it. */
  | { at: 'placed' }
  /** It takes whatever comes; when its cursor is at the end of the log it is live. */
  | { at: 'open' }
  | { at: 'reading'; done: Promise<void> }
  /** The sink is being called. `roomMade`: it made room while it was. */
  | { at: 'delivering'; roomMade: boolean }
  | { at: 'full' }
  | { at: 'waiting'; timer: TimerHandle }
  | { at: 'closed' };

/**
 * One subscriber: a cursor on the log and nothing else. It holds no events; a commit is only a hint to look again. History
 * and live events come the same way, which is why there is no seam between them.
 */
export class LogSubscription {
  readonly #source: CursorSource;
  readonly #sink: SubscriptionSink;
  readonly #clock: Clock;
  readonly #log: Log;
  #cursor: number;
  #state: State = { at: 'placed' };

  /** @param cursor seq of the last event that the subscriber has */
  constructor(source: CursorSource, cursor: number, sink: SubscriptionSink, clock: Clock, log: Log) {
    this.#source = source;
    this.#cursor = cursor;
    this.#sink = sink;
    this.#clock = clock;
    this.#log = log;
  }

  /** Seq of the last event that the sink was given. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Begins to deliver. */
  start(): void {
    if (this.#state.at === 'placed') this.#open();
  }

  /** The sink has room again. */
  resume(): void {
    if (this.#state.at === 'full') this.#open();
    else if (this.#state.at === 'delivering') this.#state = { at: 'delivering', roomMade: true };
  }

  close(): void {
    if (this.#state.at === 'closed') return;
    if (this.#state.at === 'waiting') this.#clock.clearTimeout(this.#state.timer);
    this.#state = { at: 'closed' };
    this.#source.left(this);
  }

  /** The log has grown, or has ended. */
  hint(): void {
    this.#pump();
  }

  /** A sign of life, for those that are live and have room. */
  heartbeat(body: string): void {
    if (this.#state.at !== 'open' || !this.#caughtUp) return;
    this.#guarded(() => this.#sink.heartbeat(body));
  }

  /** Resolves when no read is on its way. */
  async read(): Promise<void> {
    while (this.#state.at === 'reading') await this.#state.done;
  }

  get #caughtUp(): boolean {
    return this.#cursor >= this.#source.committedSeq;
  }

  #open(): void {
    this.#state = { at: 'open' };
    this.#pump();
  }

  #pump(): void {
    while (this.#state.at === 'open' && !this.#caughtUp) {
      const page = this.#source.fromMemory(this.#cursor);
      if (page === null) this.#state = { at: 'reading', done: this.#readOn() };
      else if (page.bodies.length === 0) this.#cursor = this.#source.committedSeq;
      else this.#deliver(page);
    }
    const takesEnd = this.#state.at === 'open' || this.#state.at === 'full';
    if (takesEnd && this.#caughtUp && this.#source.ended) this.#end();
  }

  async #readOn(): Promise<void> {
    const upTo = this.#source.committedSeq;
    const page = await this.#source.fromStore(this.#cursor).catch((error: unknown) => HearthError.from(error));
    if (this.#state.at !== 'reading') return;
    this.#state = { at: 'open' };
    if (page instanceof HearthError) {
      this.#readAgainLater(page);
      return;
    }
    // No entry is left between the cursor and the end: numbers may be skipped, or the session is deleted already.
    if (page === null) this.#cursor = Math.max(this.#cursor, upTo);
    else this.#deliver(page);
    this.#pump();
  }

  #readAgainLater(error: HearthError): void {
    this.#log.warn({ err: error, after: this.#cursor }, 'a subscriber could not read the log; it tries again');
    const timer = this.#clock.setTimeout(() => this.#open(), READ_AGAIN_MS);
    this.#state = { at: 'waiting', timer };
  }

  #deliver({ bodies, lastSeq }: Page): void {
    this.#cursor = Math.max(this.#cursor, lastSeq);
    this.#state = { at: 'delivering', roomMade: false };
    const more = this.#guarded(() => this.#sink.events(bodies));
    if (this.#state.at === 'delivering') this.#state = { at: more || this.#state.roomMade ? 'open' : 'full' };
  }

  #end(): void {
    this.close();
    this.#guarded(() => this.#sink.end());
  }

  /** A sink that throws is a connection that is gone: its subscription closes and nobody else is touched. */
  #guarded<Result>(call: () => Result): Result | undefined {
    try {
      return call();
    } catch (error) {
      this.#log.warn({ err: error }, 'a subscriber failed while it took events; it was closed');
      this.close();
      return undefined;
    }
  }
}
