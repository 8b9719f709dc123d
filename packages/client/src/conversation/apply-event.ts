import type { Event, EventOf, Session } from '@hearth/protocol';
import { applyBlock } from './apply-block.ts';
import { applyMessage } from './apply-message.ts';
import { startConversation } from './conversation.ts';
import type { BlockItem, Conversation, NoteItem, TurnItem, TurnState } from './conversation.ts';
import { addItem, changeItem, inTurn, openTurn, takeBack } from './timeline.ts';

/**
 * The conversation after one more event. Events must come in order; one that was folded already (its `seq` is not
 * above `lastSeq`) changes nothing, and one of a type that is not known moves the cursor alone.
 */
export function applyEvent(state: Conversation, event: Event): Conversation {
  if (event.seq <= state.lastSeq) return state;
  return { ...fold(state, event), lastSeq: event.seq };
}

/** The conversation that the events tell, on top of one that was begun. */
export function foldEvents(events: Iterable<Event>, start: Conversation = startConversation()): Conversation {
  let state = start;
  for (const event of events) state = applyEvent(state, event);
  return state;
}

function fold(state: Conversation, event: Event): Conversation {
  switch (event.type) {
    case 'session.created':
      return { ...state, session: event.session, phase: event.session.phase, phaseSince: event.time };
    case 'session.updated':
      return { ...state, session: changed(state.session, event.changes) };
    case 'session.closed':
      return { ...state, phase: 'closed', phaseSince: event.time, queue: [], approvals: [], retry: null };
    case 'session.rewound': {
      const { toSeq, turns, files = [] } = event;
      return addNote(takeBack(state, toSeq), event, { kind: 'rewound', turns, files });
    }
    case 'files.rewound':
      return addNote(state, event, { kind: 'rewound', turns: 0, files: event.files });
    case 'title.updated':
      return { ...state, session: changed(state.session, { title: event.title }) };
    case 'phase.changed':
      return {
        ...state,
        phase: event.phase,
        phaseSince: event.since,
        // An approval of a subagent may be asked meanwhile; the wait goes on.
        retry: event.phase === 'retrying' || event.phase === 'awaiting_approval' ? state.retry : null,
      };

    case 'message.queued':
    case 'message.updated':
    case 'message.delivered':
    case 'message.completed':
    case 'message.cancelled':
    case 'message.failed':
      return applyMessage(state, event);

    case 'turn.started':
      return event.turnId === undefined ? state : openTurn(state, event.turnId, event);
    case 'turn.completed':
      return { ...endTurn(state, event, endOf(event)), context: event.context };
    case 'turn.interrupted':
    case 'turn.failed':
      return endTurn(state, event, endOf(event));

    case 'block.started':
    case 'block.delta':
    case 'block.completed':
      return applyBlock(event.type === 'block.started' ? goneOn(state, event) : state, event);

    case 'tool.called':
      return addItem(goneOn(state, event), event, {
        type: 'tool',
        seq: event.seq,
        time: event.time,
        toolCallId: event.toolCallId,
        name: event.name,
        input: event.input,
        state: 'running',
        ...(event.title === undefined ? {} : { title: event.title }),
        ...(event.kind === undefined ? {} : { kind: event.kind }),
        ...(event.parentToolCallId === undefined ? {} : { parentToolCallId: event.parentToolCallId }),
      });
    case 'tool.completed':
      return changeItem(state, (item) => completedTool(item, event));

    case 'approval.requested':
      return requestApproval(state, event);
    case 'approval.resolved':
      return resolveApproval(state, event);

    case 'retry.scheduled': {
      // A turn that is being cut waits for nothing.
      if (state.phase === 'interrupting') return state;
      const { attempt, maxAttempts, delayMs, error, time } = event;
      return { ...state, retry: { attempt, maxAttempts, delayMs, error, time } };
    }
    case 'plan.updated':
      return { ...state, plan: event.entries };
    case 'background.changed':
      return { ...state, background: event.tasks };

    case 'account.selected':
      return addNote(state, event, {
        kind: 'account',
        accountId: event.accountId,
        label: event.label,
        reason: event.reason,
      });
    case 'context.compacted':
      return addNote(state, event, { kind: 'compacted', trigger: event.trigger, preTokens: event.preTokens });
    case 'notice':
      return addNote(state, event, { kind: 'notice', level: event.level, code: event.code, text: event.text });
    default:
      return state;
  }
}

/** A turn that brings something new does not wait any more, also when an approval hides the change of phase. */
function goneOn(state: Conversation, { turnId }: Event): Conversation {
  return state.retry === null || turnId === undefined ? state : { ...state, retry: null };
}

type TurnEnd = EventOf<'turn.completed' | 'turn.interrupted' | 'turn.failed'>;

function endOf(event: TurnEnd): TurnState {
  if (event.type === 'turn.interrupted') return { status: 'interrupted', by: event.by };
  if (event.type === 'turn.failed') return { status: 'failed', error: event.error };
  const { stopReason, usage, costUsd, durationMs } = event;
  return { status: 'completed', stopReason, usage, costUsd, durationMs };
}

function endTurn(state: Conversation, event: TurnEnd, end: TurnState): Conversation {
  const { turnId, costUsd } = event;
  const paid = { ...state, retry: null, costUsd: state.costUsd + (costUsd ?? 0) };
  if (turnId === undefined) return paid;
  return inTurn(openTurn(paid, turnId, event), turnId, (turn) => ({
    ...turn,
    state: end,
    endedAt: event.time,
    endSeq: event.seq,
    items: turn.items.map((item) => (isCutByEnd(item) ? { ...item, state: 'partial' } : item)),
  }));
}

/** What a subagent writes has an end of its own, which may come after that of the turn. */
function isCutByEnd(item: TurnItem): item is BlockItem {
  return item.type === 'block' && item.state === 'streaming' && item.parentToolCallId === undefined;
}

function completedTool(item: TurnItem, event: EventOf<'tool.completed'>): TurnItem | undefined {
  if (item.type !== 'tool' || item.toolCallId !== event.toolCallId) return undefined;
  return {
    ...item,
    state: event.isError ? 'error' : 'done',
    output: event.output,
    ...(event.structured === undefined ? {} : { structured: event.structured }),
  };
}

function requestApproval(state: Conversation, event: EventOf<'approval.requested'>): Conversation {
  const { sessionId: _session, seq, time, turnId: _turn, type: _type, ...approval } = event;
  const pending = { ...state, approvals: [...state.approvals, approval] };
  return addItem(pending, event, { type: 'approval', seq, time, approval, outcome: 'pending' });
}

function resolveApproval(state: Conversation, event: EventOf<'approval.resolved'>): Conversation {
  const { approvalId, decision, by, message } = event;
  const rest = { ...state, approvals: state.approvals.filter((approval) => approval.approvalId !== approvalId) };
  return changeItem(rest, (item) => {
    if (item.type !== 'approval' || item.approval.approvalId !== approvalId) return undefined;
    return {
      ...item,
      outcome: decision,
      ...(by === undefined ? {} : { by }),
      ...(message === undefined ? {} : { message }),
    };
  });
}

function addNote(state: Conversation, event: Event, note: NoteItem['note']): Conversation {
  return addItem(state, event, { type: 'note', seq: event.seq, time: event.time, note });
}

function changed(session: Session | null, changes: EventOf<'session.updated'>['changes']): Session | null {
  if (session === null) return null;
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  return { ...session, ...given };
}
