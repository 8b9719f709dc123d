import type { EventOf } from '@hearth/protocol';
import type { BlockItem, Conversation, TurnItem } from './conversation.ts';
import { addItem, changeItem, changeOfTurn } from './timeline.ts';

type BlockEvent = EventOf<'block.started' | 'block.delta' | 'block.completed'>;

/**
 * A block's text after a delta. A merged delta may begin before the end of the text that is there, and says the same
 * again up to it.
 */
export function appendDelta(text: string, { offset, text: added }: { offset: number; text: string }): string {
  return offset === text.length ? text + added : text.slice(0, offset) + added;
}

/** A block that was abandoned by a retry goes; every other keeps what came of it. */
export function applyBlock(state: Conversation, event: BlockEvent): Conversation {
  const known = changeKnown(state, event);
  if (known !== state || (event.type === 'block.completed' && event.reason === 'retry')) return known;
  return addItem(state, event, newBlock(event));
}

/** A subagent in the background writes on after its turn: what comes then is of a later turn, or of none. */
function changeKnown(state: Conversation, event: BlockEvent): Conversation {
  const change = (item: TurnItem): TurnItem | null | undefined => changedBlock(item, event);
  const changed = changeOfTurn(state, event.turnId, change);
  return changed !== state || event.type === 'block.started' ? changed : changeItem(state, change);
}

function changedBlock(item: TurnItem, event: BlockEvent): TurnItem | null | undefined {
  if (item.type !== 'block' || item.blockId !== event.blockId) return undefined;
  switch (event.type) {
    case 'block.started':
      return { ...item, kind: event.kind };
    case 'block.delta':
      return { ...item, text: appendDelta(item.text, event), state: 'streaming' };
    case 'block.completed':
      if (event.reason === 'retry') return null;
      return {
        ...item,
        kind: event.kind,
        text: event.text,
        state: event.partial === true ? 'partial' : 'done',
        // Whoever joined in the middle of the block has not seen its start.
        ...(event.parentToolCallId === undefined ? {} : { parentToolCallId: event.parentToolCallId }),
      };
    default:
      return undefined;
  }
}

function newBlock(event: BlockEvent): BlockItem {
  const { seq, time, blockId } = event;
  const block: BlockItem = { type: 'block', seq, time, blockId, kind: 'text', text: '', state: 'streaming' };
  if (event.type === 'block.delta') return { ...block, text: event.text };
  const { kind, parentToolCallId } = event;
  const placed: BlockItem = { ...block, kind, ...(parentToolCallId === undefined ? {} : { parentToolCallId }) };
  if (event.type === 'block.started') return placed;
  return { ...placed, text: event.text, state: event.partial === true ? 'partial' : 'done' };
}
