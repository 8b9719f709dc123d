import { NO_USAGE } from '@hearth/protocol';
import type { Content, Event, EventBody } from '@hearth/protocol';
import type { CarriedMessage } from '../actor/actor-parts.ts';
import { withoutRewound } from '../session/log-turns.ts';

/**
 * What a fork's log begins with, after its birth: the source's log up to `endSeq`, which is the end of a turn. Turns get
 * new ids and cost nothing there, for what they cost is counted where they ran. What was rewound, and what was still
 * open then, is left out.
 */
export function forkHistory(log: readonly Event[], endSeq: number, newTurnId: () => string): EventBody[] {
  const events = withoutOpen(withoutRewound(log).filter((event) => event.seq <= endSeq));
  const delivered = new Set(events.flatMap((event) => (event.type === 'message.delivered' ? [event.messageId] : [])));
  const turnIds = new Map<string, string>();
  const edited = new Map<string, Content>();
  for (const event of events) {
    if (event.turnId !== undefined && !turnIds.has(event.turnId)) turnIds.set(event.turnId, newTurnId());
    if (event.type === 'message.updated' && event.content !== undefined) edited.set(event.messageId, event.content);
  }
  const history: EventBody[] = [];
  for (const event of events) {
    const body = copied(event, delivered, edited);
    if (body === null) continue;
    const turnId = event.turnId === undefined ? undefined : turnIds.get(event.turnId);
    history.push(turnId === undefined ? body : { ...body, turnId });
  }
  return history;
}

/**
 * The messages of a history's last turns that did not complete: the agent may not have stored them, as after a crash, or
 * when they were interrupted before it saw them. One that the model API refused is left out on purpose.
 */
export function unsureMessages(history: readonly EventBody[]): CarriedMessage[] {
  const contents = new Map<string, Content>();
  let unsure: string[] = [];
  let turn: string[] = [];
  for (const event of history) {
    switch (event.type) {
      case 'message.queued':
        contents.set(event.messageId, event.content);
        break;
      case 'turn.started':
        turn = [...event.messageIds];
        break;
      case 'message.delivered':
        if (event.as === 'steer') turn.push(event.messageId);
        break;
      case 'turn.completed':
        unsure = [];
        break;
      case 'turn.interrupted':
        unsure.push(...turn);
        break;
      case 'turn.failed':
        if (event.error.code !== 'invalid_request') unsure.push(...turn);
        break;
      default:
    }
  }
  return unsure.map((id) => ({ id, content: contents.get(id) ?? '' }));
}

/** Work in the background may be open at the end of a turn; nothing would ever end it in the copy. */
function withoutOpen(events: readonly Event[]): Event[] {
  const ended = new Set(
    events.flatMap((event) => {
      if (event.type === 'block.completed') return [event.blockId];
      if (event.type === 'tool.completed') return [event.toolCallId];
      return event.type === 'approval.resolved' ? [event.approvalId] : [];
    }),
  );
  return events.filter((event) => {
    if (event.type === 'block.started') return ended.has(event.blockId);
    if (event.type === 'tool.called') return ended.has(event.toolCallId);
    return event.type !== 'approval.requested' || ended.has(event.approvalId);
  });
}

/** The event as it stands in the copy, or null when it has no place there. */
function copied(event: Event, delivered: ReadonlySet<string>, edited: ReadonlyMap<string, Content>): EventBody | null {
  const { sessionId: _s, seq: _q, time: _t, turnId: _i, ...body } = event;
  switch (body.type) {
    case 'session.created':
    case 'session.updated':
    case 'session.closed':
    case 'session.rewound':
    // It is born with the title that its source has.
    case 'title.updated':
    case 'files.rewound':
    case 'phase.changed':
    case 'message.updated':
    case 'message.cancelled':
    case 'background.changed':
    case 'block.delta':
      return null;
    case 'message.queued':
      if (!delivered.has(body.messageId)) return null;
      return { ...withoutKey(body), content: edited.get(body.messageId) ?? body.content, place: 0 };
    case 'turn.completed': {
      const { models: _m, ...end } = body;
      return { ...end, usage: { ...NO_USAGE }, costUsd: 0 };
    }
    case 'turn.interrupted':
    case 'turn.failed': {
      const { usage: _u, costUsd: _c, models: _m, ...end } = body;
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
