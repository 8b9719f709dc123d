import type { Event, EventBody, HearthError } from '@hearth/protocol';
import { systemClock } from '../../concurrency/clock.ts';
import type { Clock } from '../../concurrency/clock.ts';
import type { SubscriptionSink } from '../../router/sessions.ts';
import { aRecord } from '../../store/contract/fixture.ts';
import type { EventStore, SessionBatch, Store } from '../../store/store.ts';
import { silentLog } from '../../telemetry/log.ts';
import { EventLog } from '../event-log.ts';
import type { LogOwner, Projection } from '../event-log.ts';
import { clientFold, NOTHING_SEEN } from './client-fold.ts';
import type { ClientState } from './client-fold.ts';

/** An event store whose commits can be refused, held up or counted, over a real one. */
export class FaultyEvents implements EventStore {
  readonly #events: EventStore;
  readonly commits: SessionBatch[][] = [];
  readonly reads: number[] = [];
  /** Asked before each commit; an error refuses it. */
  refuse: (batches: SessionBatch[]) => Error | null = () => null;
  refuseRead: () => Error | null = () => null;
  /** Awaited before each commit. */
  hold: () => Promise<void> = () => Promise.resolve();
  /** Awaited after each commit, before anybody hears that it is done. */
  holdAnswer: () => Promise<void> = () => Promise.resolve();

  constructor(events: EventStore) {
    this.#events = events;
  }

  async append(batches: SessionBatch[]): Promise<void> {
    await this.hold();
    const error = this.refuse(batches);
    if (error !== null) throw error;
    await this.#events.append(batches);
    this.commits.push(batches);
    await this.holdAnswer();
  }

  async read(...args: Parameters<EventStore['read']>): ReturnType<EventStore['read']> {
    const error = this.refuseRead();
    if (error !== null) throw error;
    const entries = await this.#events.read(...args);
    this.reads.push(entries.reduce((sum, entry) => sum + entry.body.length, 0));
    return entries;
  }

  blockDeltas(...args: Parameters<EventStore['blockDeltas']>): ReturnType<EventStore['blockDeltas']> {
    return this.#events.blockDeltas(...args);
  }
}

/** The owner of one session, which only remembers what it was told. */
export class RecordingOwner implements LogOwner {
  readonly #sessionId: string;
  projected: Event[] = [];
  seen: Event[] = [];
  failures: HearthError[] = [];
  onFlush: () => void = () => undefined;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  flush(): void {
    this.onFlush();
  }

  project(events: Event[]): Projection {
    this.projected.push(...events);
    return { record: aRecord(this.#sessionId, { title: `${this.projected.length} events` }), messages: [], usage: [] };
  }

  committed(events: Event[]): void {
    this.seen.push(...events);
  }

  failed(error: HearthError): void {
    this.failures.push(error);
  }
}

/** A subscriber that rebuilds the state of the session, and takes as much as it is let. */
export class RecordingSink implements SubscriptionSink {
  readonly received: Event[] = [];
  readonly batches: (readonly string[])[] = [];
  heartbeats: string[] = [];
  state: ClientState;
  ended = false;
  /** What was wrong with what it was given. */
  fault: unknown = null;
  /** Batches that it takes before it says that it is full. */
  room = Number.POSITIVE_INFINITY;

  constructor(state: ClientState = NOTHING_SEEN) {
    this.state = state;
  }

  events(bodies: readonly string[]): boolean {
    this.batches.push(bodies);
    try {
      for (const body of bodies) {
        const event = JSON.parse(body) as Event;
        this.received.push(event);
        this.state = clientFold(this.state, event);
      }
    } catch (error) {
      this.fault = error;
      throw error;
    }
    this.room -= 1;
    return this.room > 0;
  }

  heartbeat(body: string): void {
    this.heartbeats.push(body);
  }

  end(): void {
    this.ended = true;
  }
}

export interface LogBench {
  log: EventLog;
  events: FaultyEvents;
  store: Store;
}

export function logBench(store: Store, clock: Clock = systemClock): LogBench {
  const events = new FaultyEvents(store.events);
  return { store, events, log: new EventLog({ store: events, clock, log: silentLog() }) };
}

export function aNotice(text: string): EventBody {
  return { type: 'notice', level: 'info', code: 'test', text };
}

export function aStart(blockId: string): EventBody {
  return { type: 'block.started', blockId, kind: 'text' };
}

export function aDelta(blockId: string, offset: number, text: string): EventBody {
  return { type: 'block.delta', blockId, offset, text };
}

export function anEnd(blockId: string, text: string): EventBody {
  return { type: 'block.completed', blockId, kind: 'text', text };
}

/** Waits for a condition; a test that never gets there fails by name. */
export async function until(what: string, condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
