import type { SessionsChanged, SessionSummary } from '@hearth/protocol';
import type { Listeners } from './listeners.ts';
import type { Request } from './requests.ts';

/** What happened in the list of sessions. */
export type ListChange =
  /** A session is new or changed; this is how it is now. */
  | { type: 'changed'; session: SessionSummary }
  | { type: 'removed'; sessionId: string }
  /** What was read before may be out of date: at the beginning, after a lost connection, after a great many changes. */
  | { type: 'stale' };

interface Wire {
  readonly isLive: boolean;
  request(request: Request): void;
}

/** The one watch on the list of sessions that a client has, for any number of listeners, over any number of sockets. */
export class ListWatch {
  readonly #wire: Wire;
  readonly #listeners: Listeners<[ListChange]>;
  #watchers = 0;

  constructor(wire: Wire, listeners: Listeners<[ListChange]>) {
    this.#wire = wire;
    this.#listeners = listeners;
  }

  /** Returns what ends it. */
  add(listener: (change: ListChange) => void): () => void {
    const remove = this.#listeners.add(listener);
    this.#watchers += 1;
    if (this.#wire.isLive) this.#watch();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      remove();
      this.#watchers -= 1;
      if (this.#watchers === 0 && this.#wire.isLive) this.#request('sessions.unwatch', () => undefined);
    };
  }

  /** There is a socket, and nothing is watched over it yet. */
  live(): void {
    if (this.#watchers > 0) this.#watch();
  }

  take({ items, removed, stale }: SessionsChanged): void {
    if (this.#watchers === 0) return;
    if (stale) this.#listeners.tell({ type: 'stale' });
    for (const session of items) this.#listeners.tell({ type: 'changed', session });
    for (const sessionId of removed) this.#listeners.tell({ type: 'removed', sessionId });
  }

  /** Watching again changes nothing on the server; the answer tells a new listener that it can begin to read. */
  #watch(): void {
    this.#request('sessions.watch', () => this.#listeners.tell({ type: 'stale' }));
  }

  #request(method: string, answered: () => void): void {
    this.#wire.request({ method, params: {}, onLoss: 'drop', answered, failed: () => undefined });
  }
}
