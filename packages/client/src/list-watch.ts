import type { SessionsChanged, SessionSummary } from '@hearth/protocol';
import type { Listeners } from './listeners.ts';
import { RemoteWatch } from './remote-watch.ts';
import type { WatchWire } from './remote-watch.ts';

/** What happened in the list of sessions. */
export type ListChange =
  /** A session is new or changed; this is how it is now. */
  | { type: 'changed'; session: SessionSummary }
  | { type: 'removed'; sessionId: string }
  /** What was read before may be out of date: at the beginning, after a lost connection, after a great many changes. */
  | { type: 'stale' };

/** The watch on the list of sessions. */
export class ListWatch extends RemoteWatch<ListChange> {
  constructor(wire: WatchWire, listeners: Listeners<[ListChange]>) {
    // The answer tells a new listener that it can begin to read.
    const answered = (): ListChange => ({ type: 'stale' });
    super(wire, listeners, { watch: 'sessions.watch', unwatch: 'sessions.unwatch', answered });
  }

  take({ items, removed, stale }: SessionsChanged): void {
    if (stale) this.tell({ type: 'stale' });
    for (const session of items) this.tell({ type: 'changed', session });
    for (const sessionId of removed) this.tell({ type: 'removed', sessionId });
  }
}
