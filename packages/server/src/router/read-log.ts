import type { Event, EventType } from '@hearth/protocol';
import type { EventStore, LogEntry } from '../store/store.ts';

const PAGE_EVENTS = 1_000;
const PAGE_BYTES = 1024 * 1024;

/** The log of a session after a cursor, or the whole of it, without deltas. */
export async function readLog(store: EventStore, sessionId: string, after = 0): Promise<Event[]> {
  const events: Event[] = [];
  for await (const entry of entriesOf(store, sessionId, after)) {
    if (entry.type !== 'block.delta') events.push(JSON.parse(entry.body) as Event);
  }
  return events;
}

/** Whether the log has an event of this type that matches; it is read page by page, and no further than needed. */
export async function logHas<Type extends EventType>(
  store: EventStore,
  sessionId: string,
  type: Type,
  matches: (event: Extract<Event, { type: Type }>) => boolean,
): Promise<boolean> {
  for await (const entry of entriesOf(store, sessionId, 0)) {
    if (entry.type === type && matches(JSON.parse(entry.body) as Extract<Event, { type: Type }>)) return true;
  }
  return false;
}

async function* entriesOf(store: EventStore, sessionId: string, after: number): AsyncGenerator<LogEntry> {
  for (let cursor = after; ;) {
    const page = await store.read(sessionId, cursor, PAGE_EVENTS, PAGE_BYTES);
    const last = page.at(-1);
    if (last === undefined) return;
    yield* page;
    cursor = last.seq;
  }
}
