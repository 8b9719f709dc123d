import { Buffer } from 'node:buffer';
import type { JsonObject, Script, Step } from './directives.ts';
import { nowUs } from './due.ts';

/** One thing that the reader of an answer sees, in order. `delayMs` is waited before it. */
export type Piece =
  /** `dueUs`: when it is to be said, in µs since 1970, if that is known better than by the pause before it. */
  | { readonly type: 'text'; readonly text: string; readonly delayMs: number; readonly dueUs?: number }
  | { readonly type: 'thinking'; readonly text: string; readonly delayMs: number }
  | { readonly type: 'tool'; readonly name: string; readonly input: JsonObject; readonly id?: string }
  | { readonly type: 'stall'; readonly ms: number | 'forever' };

/** What goes wrong in this attempt. A cut breaks the answer off after so many deltas, or at its end if it is shorter. */
export type Fault =
  | { readonly type: 'none' }
  | { readonly type: 'status'; readonly code: number }
  | { readonly type: 'cut'; readonly afterDeltas: number };

/** One attempt at one round of a script: wait, then fail, or give the pieces. */
export interface Performance {
  readonly hangMs: number | 'forever';
  readonly fault: Fault;
  /** Made while it is read: a hundred thousand tokens cost no memory. */
  readonly pieces: Iterable<Piece>;
}

export interface Pace {
  /** Pause between the words of `say` and `think`. Default 0. */
  readonly wordDelayMs?: number;
}

/**
 * Splits a script at its last tool call: `now` is played in one message that ends in the calls, `rest` after the
 * results are there.
 */
export function splitRound(steps: Script): { now: Script; rest: Script } {
  const lastTool = steps.findLastIndex((step) => step.type === 'tool');
  if (lastTool === -1) return { now: steps, rest: [] };
  return { now: steps.slice(0, lastTool + 1), rest: steps.slice(lastTool + 1) };
}

/** What is said about the results of tool calls, in the order of the calls. */
export function toolSaid(outputs: readonly string[]): Step {
  return { type: 'say', text: `tool said: ${outputs.join('\n')}` };
}

/**
 * Plans one attempt (0 is the first) at one round. Thinking comes first and tool calls last, as in a real message;
 * text and stalls keep their order. Each `status` and `cut` meets as many attempts as its `times`, one after the other.
 */
export function perform(round: Script, attempt: number, pace: Pace = {}): Performance {
  return { hangMs: hangOf(round), fault: faultOf(round, attempt), pieces: piecesOf(round, pace.wordDelayMs ?? 0) };
}

function hangOf(round: Script): number | 'forever' {
  let total = 0;
  for (const step of round) {
    if (step.type !== 'hang') continue;
    if (step.ms === 'forever') return 'forever';
    total += step.ms;
  }
  return total;
}

function faultOf(round: Script, attempt: number): Fault {
  let left = attempt;
  for (const step of round) {
    if (step.type !== 'status' && step.type !== 'cut') continue;
    if (left < step.times) {
      return step.type === 'status'
        ? { type: 'status', code: step.code }
        : { type: 'cut', afterDeltas: step.afterDeltas };
    }
    left -= step.times;
  }
  return { type: 'none' };
}

function piecesOf(round: Script, wordDelayMs: number): Iterable<Piece> {
  const parts = round.flatMap((step): Iterable<Piece>[] =>
    step.type === 'think' ? [words('thinking', step.text, wordDelayMs)] : [],
  );
  const spoken = round.filter(
    ({ type }) => type === 'say' || type === 'tokens' || type === 'stamps' || type === 'stall',
  );
  for (const [index, step] of spoken.entries()) {
    const more = spoken.slice(index + 1).some((later) => later.type !== 'stall');
    parts.push(spokenPieces(step, wordDelayMs, more));
  }
  const tools = round.flatMap((step): Piece[] => {
    if (step.type !== 'tool') return [];
    return [{ type: 'tool', name: step.name, input: step.input, ...(step.id === undefined ? {} : { id: step.id }) }];
  });
  return inOrder(tools.length === 0 ? parts : [...parts, tools]);
}

/** A single part is given as it is: a generator around it would be resumed for every delta. */
function inOrder(parts: readonly Iterable<Piece>[]): Iterable<Piece> {
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : all(parts);
}

function* all(parts: readonly Iterable<Piece>[]): Generator<Piece> {
  for (const part of parts) yield* part;
}

function spokenPieces(step: Step, wordDelayMs: number, more: boolean): Iterable<Piece> {
  switch (step.type) {
    case 'say':
      return words('text', more && !/\s$/.test(step.text) ? `${step.text} ` : step.text, wordDelayMs);
    case 'tokens':
      return tokens(step.count, step.intervalMs);
    case 'stamps':
      return stamps(step.count, step.intervalMs, step.chars);
    case 'stall':
      return [{ type: 'stall', ms: step.ms }];
    default:
      return [];
  }
}

function* tokens(count: number, intervalMs: number): Generator<Piece> {
  for (let n = 0; n < count; n += 1) yield { type: 'text', text: `w${n} `, delayMs: n === 0 ? 0 : intervalMs };
}

function* words(type: 'text' | 'thinking', text: string, wordDelayMs: number): Generator<Piece> {
  let first = true;
  for (const match of text.matchAll(/^\s+|\S+\s*/g)) {
    yield { type, text: match[0], delayMs: first ? 0 : wordDelayMs };
    first = false;
  }
}

/**
 * Each begins with `@`, a time in µs since 1970, and a space; no two of an answer have the same. They keep to a schedule, and the
 * time is that at which they were due: who is busy then is late with them. Without a pause it is the time at which they are made.
 * Each is one string in memory, and not the pieces that it was made of: a server that streams many would keep them all.
 */
function* stamps(count: number, intervalMs: number, chars: number): Generator<Piece> {
  const beganUs = nowUs();
  let last = 0;
  let text = Buffer.alloc(0);
  for (let n = 0; n < count; n += 1) {
    const dueUs = intervalMs > 0 ? beganUs + n * intervalMs * 1000 : nowUs();
    const delayMs = intervalMs > 0 ? Math.max(0, Math.ceil((dueUs - nowUs()) / 1000)) : 0;
    last = Math.max(last + 1, Math.round(dueUs));
    const stamp = `@${last} `;
    if (text.length < stamp.length) text = Buffer.alloc(Math.max(chars, stamp.length), '.');
    text.write(stamp, 'latin1');
    yield { type: 'text', text: text.toString('latin1'), delayMs, dueUs };
  }
}
