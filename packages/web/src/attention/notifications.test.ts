import type { SessionSummary } from '@hearth/protocol';
import { expect, test, vi } from 'vitest';

// The page's connection and storage are not what is looked at here.
vi.mock('../server.ts', () => ({ hearth: {} }));
vi.stubGlobal('addEventListener', () => undefined);
const { noticeOf } = await import('./notifications.ts');

const calm = { id: 's1', title: 'Tea', approvals: [], archived: false } as unknown as SessionSummary;
const asks = { ...calm, approvals: [{ approvalId: 'a1', kind: 'tool', toolName: 'Bash' }] } as SessionSummary;
const ended = (outcome: 'completed' | 'failed' | 'interrupted', seq: number): SessionSummary => ({
  ...calm,
  lastTurn: { outcome, seq, endedAt: '2026-01-01T00:00:00.000Z' },
});

test('[WEB14] what is told: that a session begins to wait, is done or failed; not what was known, or what one did oneself', () => {
  expect(noticeOf(calm, asks)).toMatchObject({
    kind: 'waiting',
    wish: { title: 'Tea', tag: 'waiting:a1', path: '/sessions/s1', body: 'It asks for your permission: Bash' },
  });
  expect(noticeOf(asks, asks)).toBeNull();
  expect(noticeOf(undefined, asks)).toBeNull();
  expect(noticeOf(calm, { ...asks, archived: true })).toBeNull();
  expect(noticeOf(calm, ended('completed', 9))).toMatchObject({ kind: 'done', wish: { tag: 'turn:s1:9' } });
  expect(noticeOf(ended('completed', 9), ended('completed', 9))).toBeNull();
  expect(noticeOf(ended('completed', 9), ended('failed', 12))).toMatchObject({ kind: 'failed' });
  expect(noticeOf(calm, ended('interrupted', 9))).toBeNull();
});
