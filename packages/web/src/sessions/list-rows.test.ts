import type { SessionSummary } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { heightOf, listRows, samePlace } from './list-rows.ts';
import { matches, withSession } from './session-order.ts';

function session(id: string, cwd: string, minute: number, more: Partial<SessionSummary> = {}): SessionSummary {
  const updatedAt = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const base = { id, cwd, updatedAt, title: null, approvals: [], archived: false, phase: 'idle' };
  return { ...base, ...more } as unknown as SessionSummary;
}

const approvals = [{ approvalId: 'a1', kind: 'tool', toolName: 'Bash' }] as const;
const told = (sessions: readonly SessionSummary[], byProject = true, collapsed: string[] = []) =>
  listRows(sessions, { byProject, collapsed: new Set(collapsed) }).map(({ key }) => key);

describe('the lines of the list', () => {
  const a = session('a', '/shop', 3);
  const b = session('b', '/site', 2);
  const c = session('c', '/shop', 1);

  test('are grouped by project, the one with the newest activity first', () => {
    expect(told([a, b, c])).toEqual(['project:/shop', 'a', 'c', 'project:/site', 'b']);
    expect(told([a, b, c], true, ['project:/shop'])).toEqual(['project:/shop', 'project:/site', 'b']);
    expect(told([a, b, c], false)).toEqual(['a', 'b', 'c']);
  });

  test('begin with the sessions that wait for somebody, once, whatever project they are of', () => {
    const waits = session('c', '/shop', 1, { approvals: [...approvals] });
    expect(told([a, b, waits])).toEqual(['waiting', 'c', 'project:/shop', 'a', 'project:/site', 'b']);
    expect(told([a, b, waits], false)).toEqual(['waiting', 'c', 'recent', 'a', 'b']);
  });

  test('stay where they are when others come in above them', () => {
    const before = listRows([a, b, c], { byProject: true, collapsed: new Set() });
    const after = listRows([session('n', '/new', 9), a, b, c], { byProject: true, collapsed: new Set() });
    const above = before.slice(0, 3).reduce((sum, row) => sum + heightOf(row), 0);
    const added = heightOf(after[0]) + heightOf(after[1]);
    expect(samePlace(before, after, above + 7)).toBe(above + 7 + added);
    expect(samePlace(before, before, above + 7)).toBe(above + 7);
    expect(samePlace([], after, 12)).toBe(12);
  });
});

describe('a session that changed', () => {
  const query = { q: '', show: 'open' } as const;
  const old = [session('a', '/shop', 3), session('b', '/site', 2)];

  test('takes its place by its activity, and leaves the list it does not belong into any more', () => {
    expect(withSession(old, session('b', '/site', 5), query).map(({ id }) => id)).toEqual(['b', 'a']);
    expect(withSession(old, session('c', '/x', 1), query).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(withSession(old, session('b', '/site', 5, { archived: true }), query).map(({ id }) => id)).toEqual(['a']);
  });

  test('belongs into the list that the server would give', () => {
    const waits = session('w', '/Work/Shop', 1, {
      phase: 'awaiting_approval',
      approvals: [...approvals],
      title: 'Tea',
    });
    expect(matches({ q: 'sHoP', show: 'waiting' }, waits)).toBe(true);
    expect(matches({ q: 'TEA', show: 'active' }, waits)).toBe(true);
    expect(matches({ q: 'coffee', show: 'open' }, waits)).toBe(false);
    expect(matches({ q: '', show: 'archived' }, waits)).toBe(false);
    expect(matches({ q: '', show: 'active' }, old[0]!)).toBe(false);
  });
});
