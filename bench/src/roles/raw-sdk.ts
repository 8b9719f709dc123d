import { prewarm, query } from '@anthropic-ai/claude-agent-sdk';
import type { Query, SDKMessage, SpareProcess } from '@anthropic-ai/claude-agent-sdk';
import { serveRole } from '../role.ts';
import { Input, options } from './sdk-input.ts';

/** When a turn's first and last delta came and when it ended, in ms since it was sent. */
export interface TurnTimes {
  firstMs: number;
  lastMs: number;
  endMs: number;
  agentSessionId: string;
}

/** The floor of turns: the SDK by itself, in streaming input, in the process that measures, without any network or store. */
let warm: { input: Input; reader: AsyncIterator<SDKMessage>; query: Query } | null = null;

/** Begins a query that stays, and plays its first turn. */
async function open(cwd: string, prompt: string): Promise<TurnTimes> {
  const input = new Input();
  const began = performance.now();
  const running = query({ prompt: input, options: options(cwd) });
  warm = { input, query: running, reader: running[Symbol.asyncIterator]() };
  return turn(prompt, began);
}

/** The next turn of the query that stays. */
async function turn(prompt: string, began = performance.now()): Promise<TurnTimes> {
  if (warm === null) throw new Error('no query is open');
  warm.input.push(prompt);
  return times(warm.reader, began);
}

async function times(reader: AsyncIterator<SDKMessage>, began: number): Promise<TurnTimes> {
  let firstMs = Number.NaN;
  let lastMs = Number.NaN;
  for (;;) {
    const { value, done } = (await reader.next()) as IteratorResult<SDKMessage, void>;
    if (done === true || value === undefined) throw new Error('the query ended');
    if (value.type === 'stream_event' && value.event.type === 'content_block_delta') {
      lastMs = performance.now() - began;
      if (Number.isNaN(firstMs)) firstMs = lastMs;
    }
    if (value.type === 'result') {
      return { firstMs, lastMs, endMs: performance.now() - began, agentSessionId: value.session_id };
    }
  }
}

/** One query of its own, from its start to its end; with `resume` it goes on with a conversation. */
async function once(cwd: string, prompt: string, resume?: string): Promise<TurnTimes> {
  const input = new Input();
  const began = performance.now();
  const running = query({ prompt: input, options: { ...options(cwd), ...(resume === undefined ? {} : { resume }) } });
  input.push(prompt);
  const found = await times(running[Symbol.asyncIterator](), began);
  await running.return();
  return found;
}

async function close(): Promise<void> {
  await warm?.query.return();
  warm = null;
}

let spare: SpareProcess | null = null;

/** Starts a process that is up before anybody needs it. */
async function prepare(cwd: string): Promise<void> {
  spare = await prewarm({ options: options(cwd) });
}

/** The first turn of the process that stands ready. */
async function claimed(cwd: string, prompt: string): Promise<TurnTimes> {
  if (spare === null) throw new Error('no process stands ready');
  const input = new Input();
  const began = performance.now();
  const running = spare.claim({ prompt: input, options: { cwd, permissionMode: 'default' } });
  spare = null;
  input.push(prompt);
  const found = await times(running[Symbol.asyncIterator](), began);
  await running.return();
  return found;
}

serveRole({ open, turn: (prompt: string) => turn(prompt), once, close, prepare, claimed });
