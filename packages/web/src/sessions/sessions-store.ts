import type { SessionSummary } from '@hearth/protocol';
import { create } from 'zustand';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';
import { matches, newestFirst, withSession } from './session-order.ts';
import type { ListQuery } from './session-order.ts';
import { summaryOf } from './summary.ts';

const FIRST_PAGE = 100;
const NEXT_PAGE = 200;

export type SessionListState =
  | { status: 'loading' }
  | { status: 'failed'; error: Problem }
  | { status: 'ready'; items: readonly SessionSummary[]; cursor: string | undefined };

export interface SessionsStore {
  query: ListQuery;
  list: SessionListState;
  /** Sessions that wait for an answer, whatever the list shows. */
  waiting: readonly SessionSummary[];
  /** The session that is looked at, when the server has told of it. */
  current: SessionSummary | null;
}

const ALL: ListQuery = { q: '', show: 'open' };
const WAITING: ListQuery = { q: '', show: 'waiting' };

export const useSessions = create<SessionsStore>()(() => ({
  query: ALL,
  list: { status: 'loading' },
  waiting: [],
  current: null,
}));

/** Told before and after a session changed; `before` is what this page knew of it, if anything. */
export type ChangeListener = (before: SessionSummary | undefined, after: SessionSummary) => void;
const listeners = new Set<ChangeListener>();
/** The last that was heard of each session, for those who want to know what changed. */
const known = new Map<string, SessionSummary>();

export function onSessionChange(listener: ChangeListener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** What this page knows of a session. */
export function knownSession(sessionId: string): SessionSummary | undefined {
  return known.get(sessionId);
}

/** Follows the list for as long as the page lives. Returns what ends it. */
export function followSessions(): () => void {
  return hearth.sessions.watch((change) => {
    switch (change.type) {
      case 'changed':
        take(change.session);
        return;
      case 'removed':
        forget(change.sessionId);
        return;
      case 'stale':
        void read();
        void readWaiting();
        return;
    }
  });
}

/** Shows other sessions. */
export function showSessions(query: Partial<ListQuery>): void {
  const { query: before, list } = useSessions.getState();
  const next = { ...before, ...query };
  // What is there already and fits is shown until the server has told of all.
  const items = list.status === 'ready' ? list.items.filter((item) => matches(next, item)) : [];
  useSessions.setState({
    query: next,
    list: items.length === 0 ? { status: 'loading' } : { status: 'ready', items, cursor: undefined },
  });
  void read();
}

/** Reads the list again, as far as it was read. */
export function refreshSessions(): void {
  void read();
}

/** Reads on, when there is more. */
export function readMore(): void {
  const { list } = useSessions.getState();
  if (list.status === 'ready' && list.cursor !== undefined && reading === undefined) void read({ more: true });
}

/** A session as an answer of the server just told it. */
export function take(session: SessionSummary): void {
  const before = known.get(session.id);
  if (before !== undefined && before.lastSeq > session.lastSeq) return;
  known.set(session.id, session);
  useSessions.setState(({ list, query, waiting, current }) => ({
    list: list.status === 'ready' ? { ...list, items: withSession(list.items, session, query) } : list,
    waiting: withSession(waiting, session, WAITING),
    current: current?.id === session.id ? session : current,
  }));
  for (const listener of listeners) listener(before, session);
}

/** A session that is gone. */
export function forget(sessionId: string): void {
  known.delete(sessionId);
  const without = (items: readonly SessionSummary[]): readonly SessionSummary[] =>
    items.filter(({ id }) => id !== sessionId);
  useSessions.setState(({ list, waiting, current }) => ({
    list: list.status === 'ready' ? { ...list, items: without(list.items) } : list,
    waiting: without(waiting),
    current: current?.id === sessionId ? null : current,
  }));
}

let looked: string | undefined;

/** Sets which session is looked at; undefined: none. */
export function lookAt(sessionId: string | undefined): void {
  looked = sessionId;
  const current = sessionId === undefined ? null : (known.get(sessionId) ?? null);
  useSessions.setState({ current });
  if (sessionId === undefined || current !== null) return;
  void readCurrent(sessionId);
}

async function readCurrent(sessionId: string): Promise<void> {
  try {
    take(summaryOf(await hearth.sessions.get(sessionId)));
    if (looked === sessionId) useSessions.setState({ current: known.get(sessionId) ?? null });
  } catch {
    // The page of the session says what is wrong with it.
  }
}

let reading: AbortController | undefined;

/** Reads the list from its beginning as far as it was read before, or the next page of it. The last reading counts. */
async function read({ more = false }: { more?: boolean } = {}): Promise<void> {
  reading?.abort();
  const own = new AbortController();
  reading = own;
  const { query, list } = useSessions.getState();
  const before = list.status === 'ready' ? list : undefined;
  try {
    let items: SessionSummary[] = more ? [...(before?.items ?? [])] : [];
    let cursor = more ? before?.cursor : undefined;
    const wanted = more ? items.length + 1 : (before?.items.length ?? 1);
    do {
      const page = await readPage(query, cursor, items.length === 0 ? FIRST_PAGE : NEXT_PAGE, own.signal);
      items = merged(items, page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined && items.length < wanted);
    if (reading !== own) return;
    // What changed while the pages came is known better than the pages say.
    const now = items.map((item) => known.get(item.id) ?? item).filter((item) => matches(query, item));
    useSessions.setState({ list: { status: 'ready', items: now.toSorted(newestFirst), cursor } });
  } catch (error) {
    if (reading !== own || own.signal.aborted) return;
    if (before === undefined) useSessions.setState({ list: { status: 'failed', error: asProblem(error) } });
  } finally {
    if (reading === own) reading = undefined;
  }
}

async function readWaiting(): Promise<void> {
  try {
    const { items } = await readPage(WAITING, undefined, NEXT_PAGE, undefined);
    const now = items.map((item) => known.get(item.id) ?? item).filter((item) => matches(WAITING, item));
    useSessions.setState({ waiting: now });
  } catch {
    // The list says what is wrong with the connection; this is read again when it is back.
  }
}

async function readPage(
  { q, show }: ListQuery,
  cursor: string | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<{ items: SessionSummary[]; nextCursor?: string | undefined }> {
  const page = await hearth.sessions.list(
    {
      limit,
      ...(show === 'open' ? {} : { status: show }),
      ...(q.trim() === '' ? {} : { q: q.trim() }),
      ...(cursor === undefined ? {} : { cursor }),
    },
    signal === undefined ? {} : { signal },
  );
  const items = page.items.map(summaryOf);
  for (const item of items) note(item);
  return { items, nextCursor: page.nextCursor };
}

/** A page tells of a session as well as a notification does. */
function note(item: SessionSummary): void {
  const before = known.get(item.id);
  if (before !== undefined && before.lastSeq >= item.lastSeq) return;
  known.set(item.id, item);
  if (before !== undefined) for (const listener of listeners) listener(before, item);
}

/** Pages of a list that moves may overlap. */
function merged(items: readonly SessionSummary[], next: readonly SessionSummary[]): SessionSummary[] {
  const there = new Set(items.map(({ id }) => id));
  return [...items, ...next.filter(({ id }) => !there.has(id))];
}
