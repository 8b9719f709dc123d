import type { Account, AccountsChanged } from '@hearth/protocol';
import type { Listeners } from './listeners.ts';
import { RemoteWatch } from './remote-watch.ts';
import type { WatchWire } from './remote-watch.ts';

/** The watch on the accounts: each time all of them, as they are. */
export class AccountWatch extends RemoteWatch<Account[]> {
  constructor(wire: WatchWire, listeners: Listeners<[Account[]]>) {
    const answered = (result: unknown): Account[] => (result as AccountsChanged).items;
    super(wire, listeners, { watch: 'accounts.watch', unwatch: 'accounts.unwatch', answered });
  }

  take({ items }: AccountsChanged): void {
    this.tell(items);
  }
}
