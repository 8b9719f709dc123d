import type { Event, EventBody, EventOf } from '@hearth/protocol';
import type { LogEntry } from '../store/store.ts';

type DeltaBody = Extract<EventBody, { type: 'block.delta' }>;

/** An event that waits for its number, with the time at which it happened. */
export interface PendingEvent {
  body: EventBody;
  time: string;
}

/**
 * What of the waiting events has to be written: deltas of a block whose end waits as well are left out, for the end has
 * the whole text, and neighbouring deltas of one block become one.
 */
export function condense(pending: readonly PendingEvent[]): readonly PendingEvent[] {
  if (pending.length === 1) return pending;
  const ending = new Set(pending.flatMap(({ body }) => (body.type === 'block.completed' ? [body.blockId] : [])));
  const kept: PendingEvent[] = [];
  let run: { first: DeltaBody; texts: string[]; length: number; time: string } | undefined;
  const endRun = (): void => {
    if (run !== undefined) kept.push({ body: { ...run.first, text: run.texts.join('') }, time: run.time });
    run = undefined;
  };
  for (const event of pending) {
    const { body, time } = event;
    if (body.type !== 'block.delta') {
      endRun();
      kept.push(event);
    } else if (!ending.has(body.blockId)) {
      if (run === undefined || !continues(run.first, run.length, body)) {
        endRun();
        run = { first: body, texts: [], length: 0, time };
      }
      run.texts.push(body.text);
      run.length += body.text.length;
      run.time = time;
    }
  }
  endRun();
  return kept;
}

/** The end of a block has all its text once more: one so long takes ms to store and to send. */
const LONG_END = 16 * 1024;
/** More than this part of a text comes with its end for who wants it fast, and does not go out twice. */
const SHORT_PART = 1 / 16;

/** Text of a block that streams. */
export function isText({ body }: PendingEvent): boolean {
  return body.type === 'block.delta';
}

/**
 * How many of the waiting events are to be stored first, by themselves: text that has just come, when the end of its block is
 * there already and would hold it up. 0: all of them together.
 * @param texts so many of the first ones are text that was appended by itself
 */
export function beforeLongEnd(pending: readonly PendingEvent[], texts: number): number {
  if (texts === 0 || texts === pending.length) return 0;
  const end = pending[texts]?.body;
  if (end?.type !== 'block.completed' || end.text.length < LONG_END) return 0;
  const length = pending
    .slice(0, texts)
    .reduce((sum, { body }) => sum + (body.type === 'block.delta' ? body.text.length : 0), 0);
  return length <= end.text.length * SHORT_PART ? texts : 0;
}

/** Encoded events as they are sent: `lastSeq` is the number of the last one, which is where a cursor goes on. */
export interface Page {
  bodies: readonly string[];
  lastSeq: number;
}

/**
 * Entries that follow each other in the log, as a page for a client. A run of deltas of one block becomes one delta: its
 * text is all of theirs, its offset that of the first, and its seq that of the last. A delta is never moved past another
 * event, so a client that resumes from any seq it was given has no hole.
 */
export function toPage(entries: readonly LogEntry[], cursor: number): Page {
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) return { bodies: [only.body], lastSeq: only.seq };
  const bodies: string[] = [];
  for (let index = 0; index < entries.length;) {
    const end = endOfRun(entries, index);
    if (end - index === 1) bodies.push(...bodiesOf(entries, index, end));
    else bodies.push(...mergeRun(bodiesOf(entries, index, end)));
    index = end;
  }
  return { bodies, lastSeq: entries.at(-1)?.seq ?? cursor };
}

function bodiesOf(entries: readonly LogEntry[], from: number, to: number): string[] {
  return entries.slice(from, to).map((entry) => entry.body);
}

/** Where the run of deltas of one block ends that begins at `from`; anything else is a run of its own. */
function endOfRun(entries: readonly LogEntry[], from: number): number {
  const first = entries[from];
  let end = from + 1;
  if (first?.type !== 'block.delta') return end;
  while (entries[end]?.type === 'block.delta' && entries[end]?.blockId === first.blockId) end += 1;
  return end;
}

function mergeRun(encoded: readonly string[]): string[] {
  const merged: EventOf<'block.delta'>[] = [];
  let texts: string[] = [];
  let length = 0;
  for (const body of encoded) {
    const delta = JSON.parse(body) as EventOf<'block.delta'>;
    const last = merged.at(-1);
    if (last !== undefined && continues(last, length, delta)) {
      last.seq = delta.seq;
      last.time = delta.time;
    } else {
      if (last !== undefined) last.text = texts.join('');
      merged.push(delta);
      texts = [];
      length = 0;
    }
    texts.push(delta.text);
    length += delta.text.length;
  }
  const last = merged.at(-1);
  if (last !== undefined) last.text = texts.join('');
  return merged.map((delta: Event) => JSON.stringify(delta));
}

function continues(first: DeltaBody, length: number, next: DeltaBody): boolean {
  return next.blockId === first.blockId && next.turnId === first.turnId && next.offset === first.offset + length;
}
