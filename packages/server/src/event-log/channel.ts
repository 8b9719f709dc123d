import { HearthError } from '@hearth/protocol';
import type { Event } from '@hearth/protocol';
import { LazyPromise } from '../concurrency/lazy-promise.ts';
import type { LogEntry, SessionBatch, SessionRecord, StoredMessage, TurnUsage } from '../store/store.ts';
import { beforeLongEnd, condense, isText } from './delta.ts';
import type { Page, PendingEvent } from './delta.ts';
import type { CursorSource, LogSubscription } from './subscription.ts';
import { Tail } from './tail.ts';

/** UTF-16 code units of events that a session keeps in memory for subscribers that are a little behind. */
const TAIL_LENGTH = 256 * 1024;

/** What a commit changes beside the log, as it follows from the events: the two are stored together. */
export interface Projection {
  /** Absent: only `lastSeq` moves. */
  record?: SessionRecord;
  messages: StoredMessage[];
  usage: TurnUsage[];
}

/** The owner of a session's log, which turns events into the session's state. Its methods do not wait, and but for `flush` do not append. */
export interface LogOwner {
  /** A commit begins, or the log takes nothing more: what was announced is to be appended now. */
  flush(): void;
  /**
   * Folds events that are about to be committed; called once per commit with all its events, in order. An append of no
   * events is a commit too: it stores the record.
   */
  project(events: Event[]): Projection;
  /** They are stored: what was projected may be shown. Called before any subscriber hears of them. */
  committed(events: Event[]): void;
  /**
   * A commit was refused. Its events are as if they had never been; every waiting append is rejected with the same error,
   * and so is each new one until the session is opened again from the store.
   */
  failed(error: HearthError): void;
}

/** One session's part of a commit. */
export interface Flight {
  readonly channel: Channel;
  readonly owner: LogOwner;
  readonly events: Event[];
  readonly batch: SessionBatch;
  readonly stored: LazyPromise;
}

type Intake =
  | { state: 'open' }
  | { state: 'failed'; error: HearthError }
  /** What was appended before is still being stored. */
  | { state: 'ending' }
  | { state: 'ended' };

/** One session's log in memory: what waits for its number, what was committed last, and who listens. */
export class Channel implements CursorSource {
  readonly sessionId: string;
  /** It stands in the line of those that wait for a commit. */
  lined = false;
  readonly #readStore: (after: number, upTo: number) => Promise<Page | null>;
  readonly #subscribers = new Set<LogSubscription>();
  /** Open blocks: where they began, and whether deltas of them are stored. One that is not here began before. */
  readonly #blocks = new Map<string, { startSeq: number; hasDeltas: boolean }>();
  #owner: LogOwner;
  #intake: Intake = { state: 'open' };
  #pending: PendingEvent[] = [];
  /** So many of the first of them are text that was appended by itself. */
  #texts = 0;
  /** Of all that is appended until the next commit takes it; null: nothing is. */
  #waiting: LazyPromise | null = null;
  /** The owner has more, which it will append when the next commit begins. */
  #announced = false;
  /** Of what is in the commit that is under way. */
  #flying: LazyPromise | null = null;
  #committedSeq: number;
  #tail: Tail;

  constructor(
    sessionId: string,
    lastSeq: number,
    owner: LogOwner,
    readStore: (after: number, upTo: number) => Promise<Page | null>,
  ) {
    this.sessionId = sessionId;
    this.#owner = owner;
    this.#committedSeq = lastSeq;
    this.#tail = new Tail(lastSeq);
    this.#readStore = readStore;
  }

  get committedSeq(): number {
    return this.#committedSeq;
  }

  get ended(): boolean {
    return this.#intake.state === 'ended';
  }

  /** Something waits for a commit or is in one. */
  get busy(): boolean {
    return this.#flying !== null || this.#announced || this.waits;
  }

  /** Something was appended that no commit has taken yet. */
  get waits(): boolean {
    return this.#waiting !== null;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** UTF-16 code units of the events that are held in memory for subscribers. */
  get heldLength(): number {
    return this.#tail.length;
  }

  /** A new owner takes over at what the store has. Subscribers stay where they are. */
  reopen(lastSeq: number, owner: LogOwner): void {
    this.#owner = owner;
    this.#intake = { state: 'open' };
    this.#blocks.clear();
    // A number that a client may have seen is never given again, whatever the store says.
    this.#committedSeq = Math.max(this.#committedSeq, lastSeq);
    this.#tail = new Tail(this.#committedSeq);
    this.#hint();
  }

  /** @returns false when the log takes nothing any more */
  announce(): boolean {
    this.#announced = this.#intake.state === 'open';
    return this.#announced;
  }

  /** Has the owner append what it announced. */
  flush(): void {
    if (!this.#announced) return;
    this.#announced = false;
    this.#owner.flush();
  }

  /**
   * @param events which are the channel's from now on
   * @returns why it does not take them; null: it does
   */
  enqueue(events: PendingEvent[]): HearthError | null {
    switch (this.#intake.state) {
      case 'open':
        if (this.#texts === this.#pending.length && events.every(isText)) this.#texts += events.length;
        if (this.#pending.length === 0) this.#pending = events;
        else this.#pending.push(...events);
        this.#waiting ??= new LazyPromise();
        return null;
      case 'failed':
        return this.#intake.error;
      case 'ending':
      case 'ended':
        return new HearthError('not_found', `The session ${this.sessionId} is deleted.`);
    }
  }

  /** Resolves when all that was enqueued is stored and the owner has heard so; rejects when it is refused. */
  stored(): Promise<void> {
    const last = this.#waiting ?? this.#flying;
    if (last !== null) return last.promise;
    return this.#intake.state === 'failed' ? Promise.reject(this.#intake.error) : Promise.resolve();
  }

  /**
   * Takes what waits, numbers it and has it projected; null when nothing waits or that failed, which is as if it were refused. All of it, but
   * for a long end of a block whose last text waits as well: that is left for the next commit, unless one append brought both.
   */
  gather(): Flight | null {
    const owner = this.#owner;
    if (this.#waiting === null) return null;
    const { taken, stored } = this.#take(this.#waiting);
    this.#flying = stored;
    try {
      // Of the lengths that they need: arrays that grow have room for many.
      const events = condense(taken).map((pending, index) => this.#number(pending, index));
      const entries = events.map(entryOf);
      const compact: SessionBatch['compact'] = [];
      for (const entry of entries) this.#track(entry, compact);
      const { record, messages, usage } = owner.project(events);
      const batch: SessionBatch = {
        sessionId: this.sessionId,
        entries,
        compact,
        messages,
        usage,
        ...(record === undefined ? {} : { record }),
      };
      return { channel: this, owner, events, batch, stored };
    } catch (error) {
      // What cannot be encoded is no better than what cannot be stored.
      this.refuse({ owner, stored }, HearthError.from(error));
      return null;
    }
  }

  /** The flight is stored: its owner hears first, then its subscribers, then those who appended. */
  confirm({ owner, events, batch, stored }: Flight): void {
    this.#flying = null;
    this.#committedSeq = batch.entries.at(-1)?.seq ?? this.#committedSeq;
    if (this.#subscribers.size > 0) this.#tail.push(batch.entries);
    try {
      owner.committed(events);
    } finally {
      this.#hint();
      stored.resolve();
    }
  }

  /** The flight is not stored, and whatever was appended after it must not be either. */
  refuse({ owner, stored }: Pick<Flight, 'owner' | 'stored'>, cause: HearthError): void {
    this.#flying = null;
    const error = new HearthError(
      cause.code,
      `The events of session ${this.sessionId} could not be stored. ${cause.message}`,
      { ...(cause.hint === undefined ? {} : { hint: cause.hint }), cause },
    );
    if (this.#intake.state === 'open') this.#intake = { state: 'failed', error };
    stored.reject(error);
    this.#waiting?.reject(error);
    this.#pending = [];
    this.#texts = 0;
    this.#waiting = null;
    this.#announced = false;
    owner.failed(error);
  }

  /** Takes no more events. */
  shut(): void {
    this.flush();
    this.#intake = { state: 'ending' };
  }

  /** Tells the subscribers that no more will come; resolves when those that have room were given everything. */
  async end(): Promise<void> {
    this.#intake = { state: 'ended' };
    this.#hint();
    await Promise.all([...this.#subscribers].map((subscription) => subscription.read()));
  }

  join(subscription: LogSubscription): void {
    this.#subscribers.add(subscription);
  }

  left(subscription: LogSubscription): void {
    this.#subscribers.delete(subscription);
    this.#trim();
  }

  heartbeat(body: string): void {
    for (const subscription of this.#subscribers) subscription.heartbeat(body);
  }

  fromMemory(cursor: number): Page | null {
    return this.#tail.after(cursor);
  }

  fromStore(cursor: number): Promise<Page | null> {
    return this.#readStore(cursor, this.#committedSeq);
  }

  #hint(): void {
    for (const subscription of this.#subscribers) subscription.hint();
    this.#trim();
  }

  /** The tail keeps what a subscriber that it covers still needs, within its bound. */
  #trim(): void {
    let needed = this.#committedSeq;
    for (const { cursor } of this.#subscribers) if (this.#tail.covers(cursor)) needed = Math.min(needed, cursor);
    this.#tail.dropThrough(needed);
    this.#tail.bound(TAIL_LENGTH);
  }

  #take(waiting: LazyPromise): { taken: readonly PendingEvent[]; stored: LazyPromise } {
    const pending = this.#pending;
    const first = beforeLongEnd(pending, this.#texts);
    this.#pending = first === 0 ? [] : pending.slice(first);
    this.#texts = 0;
    // Whoever waits does so for all of it.
    if (first > 0) return { taken: pending.slice(0, first), stored: new LazyPromise() };
    this.#waiting = null;
    return { taken: pending, stored: waiting };
  }

  #number({ body, time }: PendingEvent, index: number): Event {
    return { sessionId: this.sessionId, seq: this.#committedSeq + 1 + index, time, ...body };
  }

  /** Follows the open blocks, to know which stored deltas the end of one makes needless. */
  #track({ type, blockId, seq }: LogEntry, compact: SessionBatch['compact']): void {
    if (blockId === undefined) return;
    const block = this.#blocks.get(blockId);
    if (type === 'block.started') {
      this.#blocks.set(blockId, { startSeq: seq, hasDeltas: false });
    } else if (type === 'block.delta') {
      if (block === undefined) this.#blocks.set(blockId, { startSeq: 1, hasDeltas: true });
      else block.hasDeltas = true;
    } else {
      this.#blocks.delete(blockId);
      if (block?.hasDeltas !== false) compact.push({ blockId, fromSeq: block?.startSeq ?? 1, toSeq: seq });
    }
  }
}

function entryOf(event: Event): LogEntry {
  const { seq, type } = event;
  const body = JSON.stringify(event);
  return 'blockId' in event ? { seq, type, blockId: event.blockId, body } : { seq, type, body };
}
