import { Buffer } from 'node:buffer';
import type { JsonObject, Script, Step } from './directives.ts';

/** One thing that the reader of an answer sees, in order. `delayMs` is waited before it. */
export type Piece =
  | { readonly type: 'text'; readonly text: string; readonly delayMs: number }
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

function* piecesOf(round: Script, wordDelayMs: number): Generator<Piece> {
  for (const step of round) {
    if (step.type === 'think') yield* words('thinking', step.text, wordDelayMs);
  }
  const spoken = round.filter(
    ({ type }) => type === 'say' || type === 'tokens' || type === 'stamps' || type === 'stall',
  );
  for (const [index, step] of spoken.entries()) {
    const more = spoken.slice(index + 1).some((later) => later.type !== 'stall');
    yield* spokenPieces(step, wordDelayMs, more);
  }
  for (const step of round) {
    if (step.type !== 'tool') continue;
    yield { type: 'tool', name: step.name, input: step.input, ...(step.id === undefined ? {} : { id: step.id }) };
  }
}

function* spokenPieces(step: Step, wordDelayMs: number, more: boolean): Generator<Piece> {
  switch (step.type) {
    case 'say':
      yield* words('text', more && !/\s$/.test(step.text) ? `${step.text} ` : step.text, wordDelayMs);
      return;
    case 'tokens':
      for (let n = 0; n < step.count; n += 1) {
        yield { type: 'text', text: `w${n} `, delayMs: n === 0 ? 0 : step.intervalMs };
      }
      return;
    case 'stamps':
      yield* stamps(step.count, step.intervalMs, step.chars);
      return;
    case 'stall':
      yield { type: 'stall', ms: step.ms };
      return;
    default:
      return;
  }
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
    const leftMs = n * intervalMs - (nowUs() - beganUs) / 1000;
    // A piece of its own, so that the time is taken after it.
    if (leftMs > 0) yield { type: 'stall', ms: Math.ceil(leftMs) };
    last = Math.max(last + 1, Math.round(intervalMs > 0 ? beganUs + n * intervalMs * 1000 : nowUs()));
    const stamp = `@${last} `;
    if (text.length < stamp.length) text = Buffer.alloc(Math.max(chars, stamp.length), '.');
    text.write(stamp, 'latin1');
    yield { type: 'text', text: text.toString('latin1'), delayMs: 0 };
  }
}

function nowUs(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}
