import type { Listeners } from './listeners.ts';
import type { Request } from './requests.ts';

/** The connection as a watch needs it. */
export interface WatchWire {
  readonly isLive: boolean;
  request(request: Request): void;
}

/** The pair of requests with which something is watched, and what the answer to the first is worth to a listener. */
export interface Watched<Change> {
  readonly watch: string;
  readonly unwatch: string;
  readonly answered: (result: unknown) => Change;
}

/** The one watch on a thing that a client has, for any number of listeners, over any number of sockets. */
export class RemoteWatch<Change> {
  readonly #wire: WatchWire;
  readonly #listeners: Listeners<[Change]>;
  readonly #watched: Watched<Change>;
  #watchers = 0;

  constructor(wire: WatchWire, listeners: Listeners<[Change]>, watched: Watched<Change>) {
    this.#wire = wire;
    this.#listeners = listeners;
    this.#watched = watched;
  }

  /** Returns what ends it. */
  add(listener: (change: Change) => void): () => void {
    const remove = this.#listeners.add(listener);
    this.#watchers += 1;
    if (this.#wire.isLive) this.#watch();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      remove();
      this.#watchers -= 1;
      if (this.#watchers === 0 && this.#wire.isLive) this.#request(this.#watched.unwatch, () => undefined);
    };
  }

  /** There is a socket, and nothing is watched over it yet. */
  live(): void {
    if (this.#watchers > 0) this.#watch();
  }

  /** Tells the listeners, where there are any. */
  tell(change: Change): void {
    if (this.#watchers > 0) this.#listeners.tell(change);
  }

  /** Watching again changes nothing on the server, whose answer is of use to a new listener. */
  #watch(): void {
    const { watch, answered } = this.#watched;
    this.#request(watch, (result) => this.tell(answered(result)));
  }

  #request(method: string, answered: (result: unknown) => void): void {
    this.#wire.request({ method, params: {}, onLoss: 'drop', answered, failed: () => undefined });
  }
}
