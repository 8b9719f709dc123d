import type { SessionSummary } from '@hearth/protocol';
import { standingOf } from './standing.ts';

/** Which sessions the list shows. */
export interface ListQuery {
  /** Part of the title or of the folder, case ignored. */
  q: string;
  show: 'open' | 'waiting' | 'active' | 'archived';
}

/** Whether a session belongs into the list, as the server decides it. */
export function matches({ q, show }: ListQuery, session: SessionSummary): boolean {
  if (session.phase === 'closed' || session.archived !== (show === 'archived')) return false;
  const standing = standingOf(session.phase);
  if (show === 'waiting' && session.approvals.length === 0) return false;
  if (show === 'active' && standing !== 'working' && standing !== 'waiting') return false;
  const wanted = q.trim().toLowerCase();
  return wanted === '' || `${session.title ?? ''}\n${session.cwd}`.toLowerCase().includes(wanted);
}

/** Newest activity first. By code units, as the times are written: comparing by language is slow, and lists are long. */
export function newestFirst(a: SessionSummary, b: SessionSummary): number {
  if (a.updatedAt !== b.updatedAt) return a.updatedAt < b.updatedAt ? 1 : -1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

/** The list with a session where it belongs now, or without it. Costs one pass: lists may be long. */
export function withSession(
  list: readonly SessionSummary[],
  session: SessionSummary,
  query: ListQuery,
): readonly SessionSummary[] {
  const others = list.filter((one) => one.id !== session.id);
  if (!matches(query, session)) return others.length === list.length ? list : others;
  const place = others.findIndex((one) => newestFirst(session, one) < 0);
  return others.toSpliced(place === -1 ? others.length : place, 0, session);
}
