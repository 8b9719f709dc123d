import type { Event } from '@hearth/protocol';
import type { ConversationCut } from './conversation-cut.ts';

/** A turn as the log tells it. */
export interface LoggedTurn {
  turnId: string;
  startSeq: number;
  /** Seq of the last word about it, the ends of its messages included; null: it is not over. */
  endSeq: number | null;
  /** Those that it began with; none: the agent began it by itself. */
  messageIds: string[];
  /** Those that were put into it while it ran. */
  steered: string[];
  /** Seq of its terminal event. */
  terminalSeq: number | null;
  usedTools: boolean;
}

/** The turns that are part of the conversation, in order: those that a rewind took back are not. */
export function conversationTurns(events: readonly Event[]): LoggedTurn[] {
  let turns: LoggedTurn[] = [];
  for (const event of events) {
    if (event.type === 'session.rewound') {
      turns = turns.filter((turn) => turn.startSeq <= event.toSeq);
      continue;
    }
    if (event.turnId === undefined) continue;
    if (event.type === 'turn.started') {
      const { turnId, messageIds, seq } = event;
      const nothing = { endSeq: null, terminalSeq: null, steered: [], usedTools: false };
      turns.push({ turnId, startSeq: seq, messageIds: [...messageIds], ...nothing });
      continue;
    }
    const turn = turns.findLast((one) => one.turnId === event.turnId);
    if (turn !== undefined) note(turn, event);
  }
  return turns;
}

function note(turn: LoggedTurn, event: Event): void {
  switch (event.type) {
    case 'turn.completed':
    case 'turn.interrupted':
    case 'turn.failed':
      turn.terminalSeq = event.seq;
      turn.endSeq = event.seq;
      return;
    case 'message.completed':
    case 'message.failed':
      if (turn.endSeq !== null) turn.endSeq = event.seq;
      return;
    case 'message.delivered':
      if (event.as === 'steer') turn.steered.push(event.messageId);
      return;
    case 'tool.called':
      turn.usedTools = true;
      return;
    default:
  }
}

/**
 * The events without what was taken back: those of turns that started after a rewind's place and before it, with their
 * messages, and what stands between such turns. What is about the session itself stays.
 */
export function withoutRewound(events: readonly Event[]): Event[] {
  const ranges = events.flatMap((event) =>
    event.type === 'session.rewound' ? [[event.toSeq, event.seq] as const] : [],
  );
  if (ranges.length === 0) return [...events];
  const inRange = (seq: number): boolean => ranges.some(([from, to]) => seq > from && seq < to);
  const goneTurns = new Set<string | undefined>();
  const goneMessages = new Set<string>();
  for (const event of events) {
    if (!inRange(event.seq)) continue;
    if (event.type === 'turn.started') goneTurns.add(event.turnId);
    if (event.type === 'message.delivered') goneMessages.add(event.messageId);
  }
  return events.filter((event) => {
    if ('messageId' in event && goneMessages.has(event.messageId)) return false;
    if (event.turnId !== undefined) return !goneTurns.has(event.turnId);
    return !inRange(event.seq) || isOfSession(event);
  });
}

/** Whether an event outside of turns is about the session or its queue rather than a part of the conversation. */
function isOfSession(event: Event): boolean {
  return /^(session|message|title|phase|files|account)\./.test(event.type);
}

/** A place between two turns of a conversation. */
export interface TurnPlace {
  kept: LoggedTurn[];
  gone: LoggedTurn[];
  /** The last event of what is kept; 0: nothing is. */
  seq: number;
}

/**
 * The place behind the last turn that was over at `seq`. Turns that the agent began by itself go with the turn before:
 * no message of its conversation tells where they begin.
 */
export function placeAt(turns: readonly LoggedTurn[], seq: number): TurnPlace {
  let count = turns.findIndex((turn) => turn.terminalSeq === null || turn.terminalSeq > seq);
  if (count === -1) count = turns.length;
  for (let next = turns[count]; count > 0 && isUnasked(next); next = turns[count]) count += 1;
  const kept = turns.slice(0, count);
  return { kept, gone: turns.slice(count), seq: kept.at(-1)?.endSeq ?? 0 };
}

function isUnasked(turn: LoggedTurn | undefined): boolean {
  return turn !== undefined && turn.endSeq !== null && turn.messageIds.length === 0;
}

/** What the agent has to do for a place: `events` is the whole log, `queued` what may be on its way to the agent. */
export function cutFor(place: TurnPlace, events: readonly Event[], queued: readonly string[] = []): ConversationCut {
  const delivered = events.flatMap((event) =>
    event.type === 'message.delivered' && event.seq > place.seq ? [event.messageId] : [],
  );
  const last = place.kept.flatMap((turn) => [...turn.messageIds, ...turn.steered]).at(-1);
  return { lastMessageId: last ?? null, nextMessageIds: [...delivered, ...queued] };
}
