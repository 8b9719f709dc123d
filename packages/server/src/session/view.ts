import type { Event, LastTurn, Message, Session, SessionUsage, Usage } from '@hearth/protocol';

/** A session as clients see it: the fold of its stored events, never ahead of them. */
export interface SessionView {
  session: Session;
  /** Messages that are in the running turn. */
  delivered: readonly Message[];
}

export interface Folded {
  view: SessionView;
  /** Messages that this event made or changed. */
  changed: Message[];
}

/** Applies one event of the log to the view. */
export function applyEvent(view: SessionView, event: Event): Folded {
  const seen = { ...view.session, lastSeq: event.seq };
  const session = event.type === 'block.delta' ? seen : { ...seen, updatedAt: event.time };
  switch (event.type) {
    case 'session.updated':
      return keep({ ...view, session: { ...session, ...event.changes, lastSeq: event.seq } as Session });
    case 'title.updated':
      return keep({ ...view, session: { ...session, title: event.title } });
    case 'account.selected':
      return keep({ ...view, session: { ...session, activeAccountId: event.accountId } });
    case 'phase.changed':
      return keep({ ...view, session: { ...session, phase: event.phase } });
    case 'message.queued':
      return onQueued(view, session, event);
    case 'message.updated':
      return onUpdated(view, session, event);
    case 'message.delivered':
      return onDelivered(view, session, event.messageId);
    case 'message.cancelled':
      return onCancelled(view, session, event.messageId);
    case 'message.completed':
      return onEnded(view, session, event.messageId, 'completed');
    case 'message.failed':
      return onEnded(view, session, event.messageId, 'failed');
    case 'turn.started':
      return keep({
        ...view,
        session: { ...session, ...(event.turnId === undefined ? {} : { turnId: event.turnId }) },
      });
    case 'turn.completed':
    case 'turn.interrupted':
    case 'turn.failed': {
      const { turnId: _, ...rest } = session;
      const usage = addUsage(session.usage, event.usage, event.costUsd);
      return keep({ ...view, session: { ...rest, usage, lastTurn: lastTurnOf(event) } });
    }
    case 'session.rewound': {
      const { lastTurn, ...rest } = session;
      const stays = lastTurn === undefined || lastTurn.seq <= event.toSeq;
      return keep({ ...view, session: stays ? session : rest });
    }
    case 'approval.requested': {
      const { sessionId: _s, seq: _q, time: _t, turnId: _i, type: _y, ...approval } = event;
      return keep({ ...view, session: { ...session, approvals: [...session.approvals, approval] } });
    }
    case 'approval.resolved': {
      const approvals = session.approvals.filter((approval) => approval.approvalId !== event.approvalId);
      return keep({ ...view, session: { ...session, approvals } });
    }
    default:
      return keep({ ...view, session });
  }
}

/** Whether a list shows the session otherwise than before: text that streams moves the cursor alone, which none shows. */
export function showsDifferently(before: Session, after: Session): boolean {
  const keys = Object.keys({ ...before, ...after }) as (keyof Session)[];
  return keys.some((key) => key !== 'lastSeq' && before[key] !== after[key]);
}

type TurnEnd = Extract<Event, { type: 'turn.completed' | 'turn.interrupted' | 'turn.failed' }>;

function lastTurnOf(event: TurnEnd): LastTurn {
  const ended = {
    ...(event.turnId === undefined ? {} : { turnId: event.turnId }),
    seq: event.seq,
    endedAt: event.time,
  };
  switch (event.type) {
    case 'turn.completed':
      return { ...ended, outcome: 'completed' };
    case 'turn.interrupted':
      return { ...ended, outcome: 'interrupted' };
    case 'turn.failed': {
      const { code, message } = event.error;
      return { ...ended, outcome: 'failed', error: { code, message } };
    }
  }
}

function keep(view: SessionView): Folded {
  return { view, changed: [] };
}

function onQueued(view: SessionView, session: Session, event: Extract<Event, { type: 'message.queued' }>): Folded {
  const message: Message = {
    id: event.messageId,
    sessionId: event.sessionId,
    ...(event.clientMessageId === undefined ? {} : { clientMessageId: event.clientMessageId }),
    priority: event.priority,
    state: 'queued',
    content: event.content,
    author: event.author,
    createdAt: event.time,
  };
  const queue = session.queue.toSpliced(event.place, 0, message);
  return { view: { ...view, session: { ...session, queue } }, changed: [message] };
}

function onUpdated(view: SessionView, session: Session, event: Extract<Event, { type: 'message.updated' }>): Folded {
  const old = session.queue.find((message) => message.id === event.messageId);
  if (old === undefined) return keep({ ...view, session });
  const message: Message = { ...old, priority: event.priority, content: event.content ?? old.content };
  const queue = session.queue.filter((other) => other !== old).toSpliced(event.place, 0, message);
  return { view: { ...view, session: { ...session, queue } }, changed: [message] };
}

function onDelivered(view: SessionView, session: Session, messageId: string): Folded {
  const queued = session.queue.find((message) => message.id === messageId);
  if (queued === undefined) return keep({ ...view, session });
  const message: Message = { ...queued, state: 'delivered' };
  const queue = session.queue.filter((other) => other !== queued);
  return { view: { session: { ...session, queue }, delivered: [...view.delivered, message] }, changed: [message] };
}

function onCancelled(view: SessionView, session: Session, messageId: string): Folded {
  const queued = session.queue.find((message) => message.id === messageId);
  if (queued === undefined) return keep({ ...view, session });
  const queue = session.queue.filter((other) => other !== queued);
  return { view: { ...view, session: { ...session, queue } }, changed: [{ ...queued, state: 'cancelled' }] };
}

function onEnded(view: SessionView, session: Session, messageId: string, state: 'completed' | 'failed'): Folded {
  const message = view.delivered.find((other) => other.id === messageId);
  if (message === undefined) return keep({ ...view, session });
  const delivered = view.delivered.filter((other) => other !== message);
  return { view: { session, delivered }, changed: [{ ...message, state }] };
}

/** Sums are kept to billionths of a dollar, so that they do not drift. */
const NANO = 1e9;

function addUsage(total: SessionUsage, usage: Usage | undefined, costUsd: number | undefined): SessionUsage {
  return {
    inputTokens: total.inputTokens + (usage?.inputTokens ?? 0),
    outputTokens: total.outputTokens + (usage?.outputTokens ?? 0),
    cacheReadTokens: total.cacheReadTokens + (usage?.cacheReadTokens ?? 0),
    cacheCreationTokens: total.cacheCreationTokens + (usage?.cacheCreationTokens ?? 0),
    costUsd: Math.round((total.costUsd + (costUsd ?? 0)) * NANO) / NANO,
  };
}
