import type { Event } from '@hearth/protocol';
import type { EventStore } from '../store/store.ts';

const PAGE_EVENTS = 1_000;
const PAGE_BYTES = 1024 * 1024;

/** The whole log of a session, without deltas. */
export async function readLog(store: EventStore, sessionId: string): Promise<Event[]> {
  const events: Event[] = [];
  for (let after = 0; ;) {
    const page = await store.read(sessionId, after, PAGE_EVENTS, PAGE_BYTES);
    const last = page.at(-1);
    if (last === undefined) return events;
    for (const entry of page) if (entry.type !== 'block.delta') events.push(JSON.parse(entry.body) as Event);
    after = last.seq;
  }
}
