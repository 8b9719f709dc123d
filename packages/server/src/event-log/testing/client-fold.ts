import type { Event } from '@hearth/protocol';

/** What a client has made of the events that it was given. */
export interface ClientState {
  /** Its cursor. */
  seq: number;
  /** Text per block. */
  blocks: Record<string, string>;
  /** Seqs of all events but deltas, in the order in which they came. */
  events: number[];
}

export const NOTHING_SEEN: ClientState = { seq: 0, blocks: {}, events: [] };

/** Takes one event as a client does. @throws Error on a repeat or a hole, which no client must see */
export function clientFold(state: ClientState, event: Event): ClientState {
  if (event.seq <= state.seq) throw new Error(`event ${event.seq} came after ${state.seq}`);
  const { seq } = event;
  if (event.type === 'block.delta') {
    const before = state.blocks[event.blockId] ?? '';
    if (event.offset > before.length) throw new Error(`block ${event.blockId} has a hole at ${before.length}`);
    const text = before.slice(0, event.offset) + event.text;
    return { ...state, seq, blocks: { ...state.blocks, [event.blockId]: text } };
  }
  const events = [...state.events, seq];
  if (event.type === 'block.started') return { seq, events, blocks: { ...state.blocks, [event.blockId]: '' } };
  if (event.type === 'block.completed')
    return { seq, events, blocks: { ...state.blocks, [event.blockId]: event.text } };
  return { ...state, seq, events };
}
