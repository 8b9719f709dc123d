import type { SessionSummary } from '@hearth/protocol';
import { kept } from '../kept.ts';

/** Up to which event of each session this browser has shown what happened. */
export interface Seen {
  /** What ended before this browser first came counts as seen. */
  since: string;
  seqs: Readonly<Record<string, number>>;
}

/** The browser forgets what it saw longest ago. */
const MAX_SESSIONS = 2_000;

export const seen = kept<Seen>('hearth.seen', (stored) => {
  const found = typeof stored === 'object' && stored !== null ? (stored as Partial<Seen>) : {};
  const { since, seqs } = found;
  if (typeof since === 'string' && typeof seqs === 'object' && seqs !== null) return { since, seqs };
  return { since: new Date().toISOString(), seqs: {} };
});

/** Begins to keep what was seen. */
export function startSeeing(): void {
  seen.set(seen.get());
}

/** Whether a turn ended that nobody has looked at in this browser. */
export function isUnread({ id, lastTurn }: SessionSummary, { since, seqs }: Seen): boolean {
  if (lastTurn === undefined) return false;
  const seq = seqs[id];
  return seq === undefined ? lastTurn.endedAt > since : lastTurn.seq > seq;
}

/** The session is on the screen. */
export function markSeen(session: SessionSummary): void {
  const now = seen.get();
  const seq = session.lastTurn?.seq ?? 0;
  if ((now.seqs[session.id] ?? -1) >= seq) return;
  const { [session.id]: _, ...others } = now.seqs;
  const entries = Object.entries(others).slice(1 - MAX_SESSIONS);
  seen.set({ ...now, seqs: { ...Object.fromEntries(entries), [session.id]: seq } });
}

/** The session counts as not looked at. */
export function markUnread(session: SessionSummary): void {
  const now = seen.get();
  seen.set({ ...now, seqs: { ...now.seqs, [session.id]: (session.lastTurn?.seq ?? 1) - 1 } });
}
