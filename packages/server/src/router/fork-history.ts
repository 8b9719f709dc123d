import { NO_USAGE } from '@hearth/protocol';
import type { Content, Event, EventBody } from '@hearth/protocol';
import type { EventStore } from '../store/store.ts';

const PAGE_EVENTS = 1_000;
const PAGE_BYTES = 1024 * 1024;

export interface ForkHistory {
  /** What the new session's log begins with, after its birth. */
  history: EventBody[];
  /** The last message that the conversation contains; absent: it is empty. */
  lastMessageId?: string;
  /** Where the history ends: the end of the last turn that was over at the wanted place. */
  cutSeq: number;
}

/**
 * The finished turns of a log up to `atSeq`, as the beginning of another session's log. Turns get new ids and cost
 * nothing there, for what they cost is counted where they ran.
 */
export async function forkHistory(
  store: EventStore,
  sessionId: string,
  atSeq: number,
  newTurnId: () => string,
): Promise<ForkHistory> {
  const events = await readWhole(store, sessionId, atSeq);
  const terminal = events.findLastIndex((event) => isTerminal(event));
  const after = events.findIndex((event, index) => index > terminal && !isMessageEnd(event));
  const kept = terminal === -1 ? [] : events.slice(0, after === -1 ? events.length : after);
  return asHistory(kept, newTurnId);
}

async function readWhole(store: EventStore, sessionId: string, atSeq: number): Promise<Event[]> {
  const events: Event[] = [];
  for (let after = 0; ;) {
    const page = await store.read(sessionId, after, PAGE_EVENTS, PAGE_BYTES);
    const last = page.at(-1);
    if (last === undefined) return events;
    for (const entry of page) {
      if (entry.seq <= atSeq && entry.type !== 'block.delta') events.push(JSON.parse(entry.body) as Event);
    }
    if (last.seq >= atSeq) return events;
    after = last.seq;
  }
}

function isTerminal(event: Event): boolean {
  return event.type === 'turn.completed' || event.type === 'turn.interrupted' || event.type === 'turn.failed';
}

function isMessageEnd(event: Event): boolean {
  return event.type === 'message.completed' || event.type === 'message.failed';
}

function asHistory(events: readonly Event[], newTurnId: () => string): ForkHistory {
  const delivered = events.flatMap((event) => (event.type === 'message.delivered' ? [event.messageId] : []));
  const turnIds = new Map<string, string>();
  const edited = new Map<string, Content>();
  for (const event of events) {
    if (event.turnId !== undefined && !turnIds.has(event.turnId)) turnIds.set(event.turnId, newTurnId());
    if (event.type === 'message.updated' && event.content !== undefined) edited.set(event.messageId, event.content);
  }
  const history: EventBody[] = [];
  for (const event of events) {
    const body = copied(event, new Set(delivered), edited);
    if (body === null) continue;
    const turnId = event.turnId === undefined ? undefined : turnIds.get(event.turnId);
    history.push(turnId === undefined ? body : { ...body, turnId });
  }
  const lastMessageId = delivered.at(-1);
  return {
    history,
    ...(lastMessageId === undefined ? {} : { lastMessageId }),
    cutSeq: events.at(-1)?.seq ?? 0,
  };
}

/** The event as it stands in the copy, or null when it has no place there. */
function copied(event: Event, delivered: ReadonlySet<string>, edited: ReadonlyMap<string, Content>): EventBody | null {
  const { sessionId: _s, seq: _q, time: _t, turnId: _i, ...body } = event;
  switch (body.type) {
    case 'session.created':
    case 'session.updated':
    case 'session.closed':
    case 'phase.changed':
    case 'message.updated':
    case 'message.cancelled':
    case 'background.changed':
      return null;
    case 'message.queued':
      if (!delivered.has(body.messageId)) return null;
      return { ...withoutKey(body), content: edited.get(body.messageId) ?? body.content, place: 0 };
    case 'turn.completed':
      return { ...body, usage: { ...NO_USAGE }, costUsd: 0 };
    case 'turn.interrupted':
    case 'turn.failed': {
      const { usage: _u, costUsd: _c, ...end } = body;
      return end;
    }
    default:
      return body;
  }
}

/** The idempotency key belongs to the session in which the message was sent. */
function withoutKey(
  body: Extract<EventBody, { type: 'message.queued' }>,
): Extract<EventBody, { type: 'message.queued' }> {
  const { clientMessageId: _, ...rest } = body;
  return rest;
}
