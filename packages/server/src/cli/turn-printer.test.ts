import type { EventBody } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { RecordedTerminal } from './testing/recorded-terminal.ts';
import { TurnPrinter } from './turn-printer.ts';
import type { TurnPrinterOptions } from './turn-printer.ts';

function show(bodies: EventBody[], options?: TurnPrinterOptions, terminal = new RecordedTerminal()): RecordedTerminal {
  const printer = new TurnPrinter(terminal, options);
  for (const [at, body] of bodies.entries()) {
    printer.print({ sessionId: 's', seq: at + 1, time: '2026-01-01T00:00:00.000Z', ...body });
  }
  return terminal;
}

const usage = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 5, cacheCreationTokens: 0 };
const started = (blockId: string, kind: 'text' | 'thinking' = 'text'): EventBody => ({
  type: 'block.started',
  blockId,
  kind,
});
const delta = (blockId: string, offset: number, text: string): EventBody => ({
  type: 'block.delta',
  blockId,
  offset,
  text,
});
const completed = (blockId: string, text: string, kind: 'text' | 'thinking' = 'text'): EventBody => ({
  type: 'block.completed',
  blockId,
  kind,
  text,
});

describe('the answer', () => {
  test('comes as it streams, once, although deltas overlap and the whole text follows', () => {
    const { stdout } = show([
      started('b'),
      delta('b', 0, 'Hello '),
      delta('b', 3, 'lo wor'),
      delta('b', 0, 'Hello world'),
      completed('b', 'Hello world!'),
    ]);
    expect(stdout).toBe('Hello world!\n');
  });

  test('comes whole when its deltas are gone from the log', () => {
    expect(show([completed('a', 'one'), completed('b', 'two')]).stdout).toBe('one\ntwo\n');
  });

  test('goes on from where a late joiner comes in', () => {
    expect(show([delta('b', 6, 'world'), completed('b', 'Hello world')]).stdout).toBe('world\n');
  });

  test('stays alone on standard output; thinking and tools go beside it', () => {
    const terminal = show(
      [
        started('t', 'thinking'),
        delta('t', 0, 'hm'),
        completed('t', 'hm', 'thinking'),
        { type: 'tool.called', toolCallId: 'c', name: 'Bash', input: { command: 'ls' }, title: 'ls' },
        { type: 'tool.completed', toolCallId: 'c', output: 'a\nb\nc', isError: false },
        completed('b', 'Done.'),
      ],
      undefined,
      new RecordedTerminal({ together: false }),
    );
    expect(terminal.stdout).toBe('Done.\n');
    expect(terminal.stderr).toBe('hm\n● Bash ls\n  ⎿ a (+2 lines)\n');
  });

  test('is no place for escape sequences or texts that run backwards', () => {
    expect(show([completed('b', 'a\u001b[31mred\u0007\u202eback\r\n\tok')]).stdout).toBe('a[31mredback\n\tok\n');
  });

  test('of a subagent is not shown, its tools are, indented', () => {
    const { screen } = show([
      { type: 'block.started', blockId: 'b', kind: 'text', parentToolCallId: 'p' },
      delta('b', 0, 'secret thoughts'),
      { type: 'block.completed', blockId: 'b', kind: 'text', text: 'secret thoughts', parentToolCallId: 'p' },
      { type: 'tool.called', toolCallId: 'c', name: 'Read', input: {}, title: 'a.ts', parentToolCallId: 'p' },
    ]);
    expect(screen).toBe('  ● Read a.ts\n');
  });

  test('that starts again after a broken connection says so', () => {
    const { screen } = show([
      started('a'),
      delta('a', 0, 'Hel'),
      { type: 'block.completed', blockId: 'a', kind: 'text', text: 'Hel', partial: true, reason: 'retry' },
      {
        type: 'retry.scheduled',
        attempt: 1,
        maxAttempts: 10,
        delayMs: 1500,
        error: { code: 'overloaded', status: 529 },
      },
      completed('b', 'Hello'),
    ]);
    expect(screen).toBe(
      'Hel\n… the connection broke; the answer starts again\n… retry 1 of 10 in 1.5 s (overloaded, status 529)\nHello\n',
    );
  });
});

describe('tools', () => {
  test('that run in parallel name themselves where a result is not below its call', () => {
    const { stderr } = show([
      { type: 'tool.called', toolCallId: '1', name: 'Read', input: { file_path: 'a.ts' } },
      { type: 'tool.called', toolCallId: '2', name: 'Grep', input: { pattern: 'x', path: 'src' } },
      { type: 'tool.completed', toolCallId: '1', output: [{ type: 'text', text: 'first' }], isError: false },
      { type: 'tool.completed', toolCallId: '2', output: '', isError: true },
    ]);
    expect(stderr.split('\n')).toEqual([
      '● Read a.ts',
      '● Grep {"pattern":"x","path":"src"}',
      '  ⎿ Read: first',
      '  ⎿ done',
      '',
    ]);
  });

  test('take one line each, however long they are', () => {
    const long = 'word '.repeat(100);
    const { stderr } = show([
      { type: 'tool.called', toolCallId: '1', name: 'Bash', input: {}, title: `${long}\n${long}` },
      { type: 'tool.completed', toolCallId: '1', output: long, isError: false },
    ]);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('the end of a turn', () => {
  test('says what it took, why it failed, or who cut it', () => {
    const { stderr } = show([
      {
        type: 'turn.completed',
        stopReason: 'end_turn',
        usage,
        costUsd: 0.0123,
        durationMs: 12_345,
        context: { usedTokens: 1, maxTokens: 2 },
      },
      {
        type: 'turn.failed',
        error: { code: 'agent_unauthorized', message: 'No access.', hint: 'Log in.', retryable: false },
      },
      { type: 'turn.interrupted', by: 'user' },
    ]);
    expect(stderr.split('\n')).toEqual([
      '12 s · 105 tokens in, 20 out · $0.0123',
      'failed: No access. (agent_unauthorized)',
      '  → Log in.',
      'interrupted (as was asked for)',
      '',
    ]);
  });
});

describe('messages', () => {
  const queued = (clientMessageId: string, content: string): EventBody => ({
    type: 'message.queued',
    messageId: clientMessageId,
    clientMessageId,
    content,
    priority: 'next',
    author: 'ann',
    place: 0,
  });

  test('of others are shown to whoever follows, one’s own are not repeated', () => {
    const options = { messages: 'all', own: new Set(['mine']) } as const;
    expect(show([queued('mine', 'I'), queued('theirs', 'hello\nthere')], options).screen).toBe('ann> hello there\n');
    expect(show([queued('theirs', 'hello')]).screen).toBe('');
  });
});
