import type { Event } from '@hearth/protocol';
import type { Conversation, TurnEntry, TurnItem } from './conversation.ts';

/** Changes one turn. Turns that are changed are among the last, so they are looked for from the end. */
export function inTurn(state: Conversation, turnId: string, change: (turn: TurnEntry) => TurnEntry): Conversation {
  const at = state.timeline.findLastIndex((entry) => entry.type === 'turn' && entry.turnId === turnId);
  const turn = state.timeline[at];
  if (turn?.type !== 'turn') return state;
  const changed = change(turn);
  return changed === turn ? state : { ...state, timeline: state.timeline.with(at, changed) };
}

/** The turn of an event, made when its start was not among the events that were folded. */
export function openTurn(state: Conversation, turnId: string, { seq, time: startedAt }: Event): Conversation {
  if (state.timeline.findLast((entry) => entry.type === 'turn' && entry.turnId === turnId) !== undefined) return state;
  const turn: TurnEntry = { type: 'turn', turnId, seq, startedAt, state: { status: 'running' }, items: [] };
  return { ...state, timeline: [...state.timeline, turn] };
}

/** Takes back what came after an event: turns that started after it, and what stands between them. */
export function takeBack(state: Conversation, toSeq: number): Conversation {
  const timeline = state.timeline.filter((entry) => entry.seq <= toSeq || isRewindNote(entry));
  // What the plan and the context were then is not known.
  return { ...state, timeline, plan: [], context: null };
}

function isRewindNote(entry: Conversation['timeline'][number]): boolean {
  return entry.type === 'note' && entry.note.kind === 'rewound' && entry.note.files.length > 0;
}

/** Adds an item to the event's turn. */
export function addItem(state: Conversation, event: Event, item: TurnItem): Conversation {
  const { turnId } = event;
  if (turnId !== undefined) {
    return inTurn(openTurn(state, turnId, event), turnId, (turn) => ({ ...turn, items: [...turn.items, item] }));
  }
  if (item.type === 'note' || item.type === 'approval') return { ...state, timeline: [...state.timeline, item] };
  const last = state.timeline.findLast((entry) => entry.type === 'turn');
  if (last === undefined) return state;
  return inTurn(state, last.turnId, (turn) => ({ ...turn, items: [...turn.items, item] }));
}

/** Replaces the newest item that `change` does not return undefined for; null removes it. */
export function changeItem(state: Conversation, change: (item: TurnItem) => TurnItem | null | undefined): Conversation {
  for (let at = state.timeline.length - 1; at >= 0; at -= 1) {
    const entry = state.timeline[at];
    if (entry === undefined || entry.type === 'undelivered') continue;
    if (entry.type !== 'turn') {
      const changed = change(entry);
      if (changed?.type !== 'note' && changed?.type !== 'approval') continue;
      return { ...state, timeline: state.timeline.with(at, changed) };
    }
    const items = changeIn(entry.items, change);
    if (items !== undefined) return { ...state, timeline: state.timeline.with(at, { ...entry, items }) };
  }
  return state;
}

/** The same within one turn: what a long conversation had before is not looked through. Without a turn it is. */
export function changeOfTurn(
  state: Conversation,
  turnId: string | undefined,
  change: (item: TurnItem) => TurnItem | null | undefined,
): Conversation {
  if (turnId === undefined) return changeItem(state, change);
  return inTurn(state, turnId, (turn) => {
    const items = changeIn(turn.items, change);
    return items === undefined ? turn : { ...turn, items };
  });
}

function changeIn(
  items: readonly TurnItem[],
  change: (item: TurnItem) => TurnItem | null | undefined,
): TurnItem[] | undefined {
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    const changed = item === undefined ? undefined : change(item);
    if (changed === undefined) continue;
    return changed === null ? items.toSpliced(at, 1) : items.with(at, changed);
  }
  return undefined;
}
