import { kept } from '../kept.ts';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { showToast } from '../toasts.ts';

/** A session that is to be deleted, and when. */
export interface Deletion {
  sessionId: string;
  title: string;
  atMs: number;
}

/** How long a deletion can be taken back. */
const GRACE_MS = 8_000;
/** One that another tab of this browser should have carried out by then is carried out here. */
const OVERDUE_MS = 4_000;

/**
 * Deletions that can still be taken back. The server deletes for good, so the wait is here: the session is hidden in all
 * tabs of this browser, and deleted when its time is over, by whichever tab is there then. When the last tab was closed
 * before that, the next visit does it.
 */
export const deletions = kept<readonly Deletion[]>('hearth.deletions', (stored) =>
  Array.isArray(stored) ? stored.filter(isDeletion) : [],
);

export function deleteLater(sessionId: string, title: string): void {
  const deletion = { sessionId, title, atMs: Date.now() + GRACE_MS };
  deletions.set([...withoutDeletion(sessionId), deletion]);
  const hide = showToast(strings.sessions.deleted(title), {
    action: { label: strings.sessions.undo, run: () => takeBack(sessionId) },
    forMs: GRACE_MS,
  });
  setTimeout(() => {
    hide();
    void carryOut(sessionId);
  }, GRACE_MS);
}

export function takeBack(sessionId: string): void {
  deletions.set(withoutDeletion(sessionId));
}

/** Looks after deletions that other tabs, or an earlier visit, left. Returns what ends it. */
export function followDeletions(): () => void {
  const look = (): void => {
    const overdue = deletions.get().filter(({ atMs }) => atMs + OVERDUE_MS < Date.now());
    for (const { sessionId } of overdue) void carryOut(sessionId);
  };
  look();
  const timer = setInterval(look, OVERDUE_MS);
  return () => clearInterval(timer);
}

async function carryOut(sessionId: string): Promise<void> {
  const deletion = deletions.get().find((one) => one.sessionId === sessionId);
  if (deletion === undefined) return;
  try {
    await hearth.session(sessionId).delete();
  } catch (error) {
    const problem = asProblem(error);
    // Another tab was first.
    if (problem.code !== 'not_found')
      showToast(strings.sessions.notDeleted(deletion.title, problem.message), { tone: 'bad' });
  }
  deletions.set(withoutDeletion(sessionId));
}

function withoutDeletion(sessionId: string): Deletion[] {
  return deletions.get().filter((one) => one.sessionId !== sessionId);
}

function isDeletion(value: unknown): value is Deletion {
  if (typeof value !== 'object' || value === null) return false;
  const { sessionId, title, atMs } = value as Partial<Deletion>;
  return typeof sessionId === 'string' && typeof title === 'string' && typeof atMs === 'number';
}
