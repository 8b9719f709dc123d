import type { Account, AccountsChanged } from '@hearth/protocol';
import type { Listeners } from './listeners.ts';
import type { Request } from './requests.ts';

interface Wire {
  readonly isLive: boolean;
  request(request: Request): void;
}

/** The one watch on the accounts that a client has, for any number of listeners, over any number of sockets. */
export class AccountWatch {
  readonly #wire: Wire;
  readonly #listeners: Listeners<[Account[]]>;
  #watchers = 0;

  constructor(wire: Wire, listeners: Listeners<[Account[]]>) {
    this.#wire = wire;
    this.#listeners = listeners;
  }

  /** Returns what ends it. */
  add(listener: (accounts: Account[]) => void): () => void {
    const remove = this.#listeners.add(listener);
    this.#watchers += 1;
    if (this.#wire.isLive) this.#watch();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      remove();
      this.#watchers -= 1;
      if (this.#watchers === 0 && this.#wire.isLive) this.#request('accounts.unwatch', () => undefined);
    };
  }

  /** There is a socket, and nothing is watched over it yet. */
  live(): void {
    if (this.#watchers > 0) this.#watch();
  }

  take({ items }: AccountsChanged): void {
    if (this.#watchers > 0) this.#listeners.tell(items);
  }

  /** Watching again changes nothing on the server, whose answer is the list as it is now. */
  #watch(): void {
    this.#request('accounts.watch', (result) => this.take(result as AccountsChanged));
  }

  #request(method: string, answered: (result: unknown) => void): void {
    this.#wire.request({ method, params: {}, onLoss: 'drop', answered, failed: () => undefined });
  }
}
