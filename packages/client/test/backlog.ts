import type { Event } from '@hearth/protocol';

/**
 * What a server sends of its log after a cursor: the deltas of completed blocks are gone, and those of a block that
 * still streams are one, which begins where the block does and so overlaps what the client has.
 */
export function backlog(log: readonly Event[], after: number): Event[] {
  const completed = new Set(log.flatMap((event) => (event.type === 'block.completed' ? [event.blockId] : [])));
  const merged: Event[] = [];
  for (const event of log) {
    if (event.type !== 'block.delta') {
      merged.push(event);
      continue;
    }
    if (completed.has(event.blockId)) continue;
    const last = merged.at(-1);
    if (last?.type === 'block.delta' && last.blockId === event.blockId) {
      merged[merged.length - 1] = { ...last, seq: event.seq, text: last.text + event.text };
    } else {
      merged.push(event);
    }
  }
  return merged.filter((event) => event.seq > after);
}
