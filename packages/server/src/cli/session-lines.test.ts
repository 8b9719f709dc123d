import type { Session } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { ago, sessionLines, stateOf } from './session-lines.ts';
import { table } from './table.ts';
import { expiryOf } from './tokens.ts';

const session: Session = {
  id: 'ses',
  agent: 'claude',
  cwd: '/work',
  title: 'Fix\nthe build',
  model: 'opus',
  permissionMode: 'default',
  accountId: null,
  phase: 'awaiting_approval',
  lastSeq: 12,
  queue: [
    {
      id: 'm',
      sessionId: 'ses',
      priority: 'later',
      state: 'queued',
      content: [
        { type: 'text', text: 'and then' },
        { type: 'image', mediaType: 'image/png', data: 'AA==' },
      ],
      author: 'owner',
      createdAt: '2026-01-01T00:00:00.000Z',
    },
  ],
  approvals: [{ approvalId: 'a', kind: 'tool', toolName: 'Bash', input: { command: 'rm x' }, suggestions: [] }],
  usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheCreationTokens: 4, costUsd: 1.5 },
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  archived: false,
  metadata: {},
};
const now = Date.parse('2026-01-01T03:30:00.000Z');

describe('a session in lines', () => {
  test('tells what it does, what waits, and what it cost', () => {
    expect(sessionLines(session, now)).toEqual([
      'id              ses',
      'title           Fix the build',
      'state           awaiting approval +1',
      'agent           claude, opus',
      'directory       /work',
      'permissions     default',
      'cost            $1.50 (1 in, 2 out, 3 from cache)',
      'created         2026-01-01T00:00:00.000Z',
      'updated         2026-01-01T00:00:00.000Z (3 h ago)',
      'last event      12',
      'queued (later)  and then [image/png]',
      'waits for       Bash: rm x',
    ]);
    expect(stateOf({ ...session, archived: true })).toBe('archived');
  });

  test('times are told in their largest unit', () => {
    expect([0, 999, 59_000, 3_600_000, 90_000_000].map((ms) => ago(now - ms, now))).toEqual([
      'now',
      'now',
      '59 s ago',
      '1 h ago',
      '1 d ago',
    ]);
  });
});

test('a table is as wide as its cells, with nothing at the line ends', () => {
  expect(
    table(
      ['ID', 'TITLE'],
      [
        ['1', 'a\u001b[31m\nb'],
        ['long', 'x'.repeat(60)],
      ],
    ),
  ).toBe(`ID    TITLE\n1     a[31m b\nlong  ${'x'.repeat(47)}…\n`);
});

test('a token’s expiry is a date or a time from now', () => {
  expect(expiryOf('2027-01-31', now)).toBe('2027-01-31T00:00:00.000Z');
  expect(expiryOf('12h', now)).toBe('2026-01-01T15:30:00.000Z');
  expect(expiryOf('30d', now)).toBe('2026-01-31T03:30:00.000Z');
  expect(() => expiryOf('soon', now)).toThrow('--expires "soon" is no time.');
});
