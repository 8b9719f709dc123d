import { HearthError } from '@hearth/protocol';
import type { EventBody } from '@hearth/protocol';
import type { Clock, TimerHandle } from '../concurrency/clock.ts';
import type { SubscriptionSink } from '../router/sessions.ts';
import type { EventStore, LogEntry } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { Channel } from './channel.ts';
import type { Flight, LogOwner } from './channel.ts';
import { toPage } from './delta.ts';
import type { Page, PendingEvent } from './delta.ts';
import { LogSubscription } from './subscription.ts';

export type { LogOwner, Projection } from './channel.ts';
export type { LogSubscription } from './subscription.ts';

/** A commit of deltas alone begins so long after the one before at the latest. */
const LONGEST_INTERVAL_MS = 4;
/** No timer is shorter. */
const SHORTEST_REST_MS = 1;
/** The start of a block, and what comes with it, waits so long for the text that follows: alone it would be a commit in its way. */
const FIRST_DELTA_MS = 1;
/** Sessions that share a commit: with more of them all would wait for what is done for each, from its number to its frames. */
const COMMIT_SESSIONS = 128;
/** One read of the store: as many entries at most, and no more once so many bytes are passed. */
const PAGE_ENTRIES = 1_000;
const PAGE_BYTES = 512 * 1024;

export interface EventLogParts {
  store: EventStore;
  clock: Clock;
  log: Log;
  /** Told of every commit: the number of events in it, and how long the store took for it. */
  onCommit?: (events: number, durationMs: number) => void;
}

/**
 * The log of every session: numbers events, stores them, and only then lets anybody see them.
 *
 * Writing. `append` gathers; what was appended in one turn of the event loop goes to the store as one commit for all
 * sessions, or for as many as share one; while it is under way the next one gathers. Deltas alone also wait for as long as the
 * last commits kept this process from everything else, within a few ms, so that the cost of a commit is shared when there are
 * many; the start of a block waits a moment for its first delta, and a long end of a block, which has all its text once more, has
 * the commit after the one of its last delta. An owner to which text streams only announces it (`announce`), and appends what
 * there is by then when the commit begins. Numbers are given when a commit begins, so a refused one leaves no gap, and its numbers
 * were never seen. A refused commit shuts the session's log until its owner opens it again from the store: nothing can follow an
 * event that was lost.
 *
 * Reading. A subscriber is a cursor (see `LogSubscription`); a commit is a hint to it to look again.
 */
export class EventLog {
  readonly #parts: EventLogParts;
  readonly #channels = new Map<string, Channel>();
  /** Channels with something to commit, each once; who has waited longest comes first. */
  readonly #dirty: Channel[] = [];
  /** Called when the commit that is under way, or else the next one, is over. */
  #afterCommit: (() => void)[] = [];
  #committing = false;
  #urgent = false;
  /** Deltas alone are not committed before, in the clock's monotonic time. */
  #restUntilMs = Number.NEGATIVE_INFINITY;
  /** How long the last commit kept this process from everything else. */
  #heldMs = Infinity;
  #lastTime = { ms: Number.NaN, text: '' };
  #immediate: NodeJS.Immediate | null = null;
  #timer: TimerHandle | null = null;

  constructor(parts: EventLogParts) {
    this.#parts = parts;
  }

  /**
   * Takes charge of a session's log, at first and again after `LogOwner.failed`.
   * @param lastSeq as the store has it; 0 for a session that is new
   * @throws HearthError when a former owner's events are still being written
   */
  open(sessionId: string, lastSeq: number, owner: LogOwner): void {
    const channel = this.#channels.get(sessionId);
    if (channel === undefined) {
      const read = (after: number, upTo: number) => this.#readPage(sessionId, after, upTo);
      this.#channels.set(sessionId, new Channel(sessionId, lastSeq, owner, read));
      return;
    }
    if (channel.busy || channel.ended) {
      throw new HearthError('internal', `The log of session ${sessionId} is still in use by a former owner.`, {
        hint: 'Try again in a moment.',
      });
    }
    channel.reopen(lastSeq, owner);
  }

  /**
   * Resolves when the events are stored and the owner has heard so. Events of one append share a commit. Rejects with the error
   * that `LogOwner.failed` gets as well, so a caller that does not care need not look.
   */
  append(sessionId: string, bodies: readonly EventBody[]): Promise<void> {
    const refused = this.write(sessionId, bodies);
    return refused === null ? this.stored(sessionId) : quietly(Promise.reject(refused));
  }

  /** Like `append`, for who does not wait for it. @returns why the log does not take them; null: it does */
  write(sessionId: string, bodies: readonly EventBody[]): HearthError | null {
    const channel = this.#channels.get(sessionId);
    if (channel === undefined) return notOpen(sessionId);
    const time = this.#time();
    const refused = channel.enqueue(bodies.map((body): PendingEvent => ({ body, time })));
    if (refused !== null) return refused;
    this.#line(channel);
    const starts = bodies.some(({ type }) => type === 'block.started');
    this.#urgent ||= !starts && (bodies.length === 0 || bodies.some(({ type }) => type !== 'block.delta'));
    this.#schedule(starts ? FIRST_DELTA_MS : 0);
    return null;
  }

  /** Resolves when all that was appended to the session is stored and its owner has heard so; rejects like `append`. */
  stored(sessionId: string): Promise<void> {
    return quietly(this.#channels.get(sessionId)?.stored() ?? Promise.resolve());
  }

  /**
   * Deltas are there, which the owner will append when it is told that a commit begins (`LogOwner.flush`); until then more may
   * come to them. @returns false when the log takes nothing any more
   */
  announce(sessionId: string): boolean {
    const channel = this.#channels.get(sessionId);
    if (channel?.announce() !== true) return false;
    this.#line(channel);
    // What it has appended waited for this text, if for anything.
    this.#urgent ||= channel.waits;
    this.#schedule();
    return true;
  }

  /**
   * Encoded events after the cursor, in order, with the deltas of a block that follow each other as one.
   * @param limit of entries in the store, so fewer can come back although there are more; none: the end is reached
   */
  async readAfter(sessionId: string, after: number, limit: number): Promise<readonly string[]> {
    const upTo = this.#channels.get(sessionId)?.committedSeq ?? Number.MAX_SAFE_INTEGER;
    const entries = await this.#parts.store.read(sessionId, Math.max(0, after), limit, PAGE_BYTES);
    return toPage(seen(entries, upTo), after).bodies;
  }

  /** Number of the last event that clients may know; the session must be open. */
  lastSeq(sessionId: string): number {
    return this.#channel(sessionId).committedSeq;
  }

  /**
   * Places a cursor; the sink gets nothing before `start`. The session must be open.
   * @param after the last seq that the subscriber has; −1: live only. One beyond the end of the log (of a client that knew
   * a later state than a restored backup has) is taken as the end, so that no new event is withheld
   */
  subscribe(sessionId: string, after: number, sink: SubscriptionSink): LogSubscription {
    const channel = this.#channel(sessionId);
    const cursor = after < 0 ? channel.committedSeq : Math.min(after, channel.committedSeq);
    const subscription = new LogSubscription(channel, cursor, sink, this.#parts.clock, this.#parts.log);
    channel.join(subscription);
    return subscription;
  }

  /** How many subscribers the session has. */
  subscribers(sessionId: string): number {
    return this.#channels.get(sessionId)?.subscribers ?? 0;
  }

  /** UTF-16 code units of events that are in memory for subscribers of the session. */
  heldLength(sessionId: string): number {
    return this.#channels.get(sessionId)?.heldLength ?? 0;
  }

  /** `body` is the encoded heartbeat; it goes to the subscribers that are live and have room. */
  broadcastHeartbeat(sessionId: string, body: string): void {
    this.#channels.get(sessionId)?.heartbeat(body);
  }

  /** Forgets a session that is at rest. @returns false when it has subscribers or something to write, and stays */
  release(sessionId: string): boolean {
    const channel = this.#channels.get(sessionId);
    if (channel !== undefined && (channel.busy || channel.subscribers > 0)) return false;
    this.#channels.delete(sessionId);
    return true;
  }

  /**
   * Ends a session's log before the session is deleted from the store: stores what waits, takes nothing more, and gives
   * all of it to the subscribers that have room, then `SubscriptionSink.end`. One that has none gets what is left in memory when it
   * makes room, as far as that follows on what it has, and then its end.
   */
  async close(sessionId: string): Promise<void> {
    const channel = this.#channels.get(sessionId);
    if (channel === undefined) return;
    channel.shut();
    while (channel.busy) await this.#nextCommit();
    await channel.end();
    this.#channels.delete(sessionId);
  }

  /** Resolves when everything that was appended is stored or refused. */
  async flushed(): Promise<void> {
    while (this.#committing || this.#dirty.length > 0) await this.#nextCommit();
  }

  #channel(sessionId: string): Channel {
    const channel = this.#channels.get(sessionId);
    if (channel === undefined) throw notOpen(sessionId);
    return channel;
  }

  #nextCommit(): Promise<void> {
    return new Promise((resolve) => {
      this.#afterCommit.push(resolve);
      if (this.#committing) return;
      this.#urgent = true;
      this.#schedule();
    });
  }

  /** The present as ISO 8601; many events share it. */
  #time(): string {
    const ms = this.#parts.clock.now();
    if (this.#lastTime.ms !== ms) this.#lastTime = { ms, text: new Date(ms).toISOString() };
    return this.#lastTime.text;
  }

  /** @param atLeastMs what has come may wait so long for more */
  #schedule(atLeastMs = 0): void {
    if (this.#committing || this.#immediate !== null) return;
    const restMs = Math.max(this.#restUntilMs - this.#parts.clock.monotonic(), atLeastMs);
    if (this.#urgent || restMs < SHORTEST_REST_MS) {
      this.#disarm();
      this.#immediate = setImmediate(() => void this.#commit());
    } else {
      this.#timer ??= this.#parts.clock.setTimeout(() => void this.#commit(), restMs);
    }
  }

  #disarm(): void {
    if (this.#timer !== null) this.#parts.clock.clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  async #commit(): Promise<void> {
    this.#disarm();
    this.#committing = true;
    const beganMs = this.#parts.clock.monotonic();
    try {
      const channels = this.#next();
      const flights = channels.map((channel) => this.#gather(channel)).filter((flight) => flight !== null);
      for (const channel of channels) if (channel.waits) this.#line(channel);
      // Those that are left have waited already.
      this.#urgent = this.#dirty.length > 0;
      const storing = this.#store(flights);
      const heldMs = this.#parts.clock.monotonic() - beganMs;
      await storing;
      // One that alone was slow, as a disk has them, says nothing of the next.
      this.#restUntilMs = beganMs + Math.min(2 * Math.min(heldMs, this.#heldMs), LONGEST_INTERVAL_MS);
      this.#heldMs = heldMs;
    } catch (error) {
      this.#parts.log.error({ err: error }, 'a commit failed in an unforeseen way');
    } finally {
      // Whatever happens to one session, the others can store.
      this.#committing = false;
      for (const resolve of this.#afterCommit.splice(0)) resolve();
      if (this.#dirty.length > 0) this.#schedule();
    }
  }

  #line(channel: Channel): void {
    if (channel.lined) return;
    channel.lined = true;
    this.#dirty.push(channel);
  }

  /** Those whose turn it is, with all that they have. */
  #next(): Channel[] {
    const channels = this.#dirty.splice(0, COMMIT_SESSIONS);
    for (const channel of channels) {
      channel.flush();
      channel.lined = false;
    }
    return channels;
  }

  /** All in one transaction. When that is refused each session gets its own, so that one bad one harms nobody else. */
  async #store(flights: Flight[]): Promise<void> {
    if (flights.length === 0) return;
    const error = await this.#write(flights);
    if (error === null) {
      for (const flight of flights) this.#confirm(flight);
    } else if (flights.length === 1) {
      for (const flight of flights) this.#refuse(flight, error);
    } else {
      for (const flight of flights) {
        const own = await this.#write([flight]);
        if (own === null) this.#confirm(flight);
        else this.#refuse(flight, own);
      }
    }
  }

  async #write(flights: Flight[]): Promise<HearthError | null> {
    const began = performance.now();
    try {
      await this.#parts.store.append(flights.map((flight) => flight.batch));
    } catch (error) {
      return HearthError.from(error);
    }
    const events = flights.reduce((sum, flight) => sum + flight.events.length, 0);
    this.#parts.onCommit?.(events, performance.now() - began);
    return null;
  }

  #confirm(flight: Flight): void {
    try {
      flight.channel.confirm(flight);
    } catch (error) {
      this.#parts.log.error({ err: error, sessionId: flight.channel.sessionId }, 'an owner failed to take a commit');
    }
  }

  #gather(channel: Channel): Flight | null {
    try {
      return channel.gather();
    } catch (error) {
      this.#parts.log.error({ err: error, sessionId: channel.sessionId }, 'an owner failed at a refusal');
      return null;
    }
  }

  #refuse(flight: Flight, error: HearthError): void {
    this.#parts.log.error({ err: error, sessionId: flight.channel.sessionId }, 'a commit was refused');
    try {
      flight.channel.refuse(flight, error);
    } catch (thrown) {
      this.#parts.log.error({ err: thrown, sessionId: flight.channel.sessionId }, 'an owner failed at a refusal');
    }
  }

  async #readPage(sessionId: string, after: number, upTo: number): Promise<Page | null> {
    const entries = await this.#parts.store.read(sessionId, after, PAGE_ENTRIES, PAGE_BYTES);
    // An embedded store answers at once: without this pause a long catch-up would keep everybody else waiting.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const page = toPage(seen(entries, upTo), after);
    return page.bodies.length === 0 ? null : page;
  }
}

/** Without what is stored and not yet known to its owner. */
function seen(entries: LogEntry[], upTo: number): LogEntry[] {
  const last = entries.at(-1);
  return last === undefined || last.seq <= upTo ? entries : entries.filter((entry) => entry.seq <= upTo);
}

/** Whoever does not wait for the outcome hears of a failure through `LogOwner.failed`. */
function quietly(stored: Promise<void>): Promise<void> {
  stored.catch(() => undefined);
  return stored;
}

function notOpen(sessionId: string): HearthError {
  return new HearthError('internal', `The log of session ${sessionId} is not open.`, {
    hint: 'Try again in a moment.',
  });
}

export function createEventLog(parts: EventLogParts): EventLog {
  return new EventLog(parts);
}
