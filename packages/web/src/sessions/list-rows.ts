import type { SessionSummary } from '@hearth/protocol';

/** One line of the list. */
export type ListRow =
  | { type: 'group'; key: string; group: Group; count: number; collapsed: boolean }
  | { type: 'session'; key: string; session: SessionSummary; group: Group };

export type Group = { type: 'waiting' } | { type: 'project'; cwd: string } | { type: 'recent' };

export function groupKey(group: Group): string {
  return group.type === 'project' ? `project:${group.cwd}` : group.type;
}

/**
 * The lines of the list: first the sessions that wait for somebody, wherever they belong; then the others by project, the
 * project with the newest activity first, or all in one.
 * @param sessions newest activity first
 */
export function listRows(
  sessions: readonly SessionSummary[],
  options: { byProject: boolean; collapsed: ReadonlySet<string> },
): ListRow[] {
  const waiting = sessions.filter(({ approvals }) => approvals.length > 0);
  const groups = new Map<string, { group: Group; sessions: SessionSummary[] }>();
  for (const session of sessions) {
    if (session.approvals.length > 0) continue;
    const group: Group = options.byProject ? { type: 'project', cwd: session.cwd } : { type: 'recent' };
    const key = groupKey(group);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { group, sessions: [session] });
    else known.sessions.push(session);
  }
  const all = [...groups.values()];
  if (waiting.length > 0) all.unshift({ group: { type: 'waiting' }, sessions: waiting });
  const hasHeads = options.byProject || waiting.length > 0;
  return all.flatMap(({ group, sessions: members }): ListRow[] => {
    const key = groupKey(group);
    const collapsed = group.type === 'project' && options.collapsed.has(key);
    const head: ListRow[] = hasHeads ? [{ type: 'group', key, group, count: members.length, collapsed }] : [];
    if (collapsed) return head;
    return [...head, ...members.map((session): ListRow => ({ type: 'session', key: session.id, session, group }))];
  });
}

const SESSION_PX = 60;
const HEAD_PX = 38;

export function heightOf(row: ListRow | undefined): number {
  return row?.type === 'group' ? HEAD_PX : SESSION_PX;
}

/** How far a list is to be scrolled so that the line at the top of the view stays there, whatever came in above it. */
export function samePlace(before: readonly ListRow[], after: readonly ListRow[], top: number): number {
  let start = 0;
  const first = before.find((row) => {
    start += heightOf(row);
    return start > top;
  });
  if (first === undefined) return top;
  const offset = top - (start - heightOf(first));
  let place = 0;
  for (const row of after) {
    if (row.key === first.key) return place + offset;
    place += heightOf(row);
  }
  return top;
}
