import type { Session } from '@hearth/protocol';
import { create } from 'zustand';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';

const PAGE = 50;
/** How often a list that is looked at is read again: sessions also change on other screens. */
const REFRESH_MS = 3_000;

export type SessionListState =
  | { status: 'loading' }
  | { status: 'failed'; error: Problem }
  | { status: 'ready'; items: Session[]; hasMore: boolean };

interface SessionsStore {
  list: SessionListState;
  limit: number;
  showMore: () => void;
}

export const useSessions = create<SessionsStore>()((set) => ({
  list: { status: 'loading' },
  limit: PAGE,
  showMore: () => {
    set(({ limit }) => ({ limit: Math.min(200, limit + PAGE) }));
    refreshSessions();
  },
}));

let reading: Promise<void> | undefined;
let again = false;

/** Reads the list again; calls during a reading are one more reading after it. */
export function refreshSessions(): void {
  if (reading !== undefined) {
    again = true;
    return;
  }
  reading = read().finally(() => {
    reading = undefined;
    if (!again) return;
    again = false;
    refreshSessions();
  });
}

/** Keeps the list fresh while it is shown. Returns what ends it. */
export function followSessions(): () => void {
  const stopWatching = hearth.onState(({ status }) => {
    if (status === 'live') refreshSessions();
  });
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible' && hearth.state.status === 'live') refreshSessions();
  }, REFRESH_MS);
  return () => {
    stopWatching();
    clearInterval(timer);
  };
}

async function read(): Promise<void> {
  try {
    const { items, nextCursor } = await hearth.sessions.list({ limit: useSessions.getState().limit });
    useSessions.setState({ list: { status: 'ready', items, hasMore: nextCursor !== undefined } });
  } catch (error) {
    if (useSessions.getState().list.status !== 'ready') {
      useSessions.setState({ list: { status: 'failed', error: asProblem(error) } });
    }
  }
}
