import type { Accounts } from '../account/accounts.ts';
import type { Outbox } from './outbox.ts';

export interface AccountWatchLimits {
  /** What changes within this time is told at once. Accounts in use change with every call of the model API. */
  accountIntervalMs: number;
}

export const ACCOUNT_WATCH_LIMITS: AccountWatchLimits = { accountIntervalMs: 300 };

export interface AccountWatchOptions {
  accounts: Accounts;
  outbox: Outbox;
  limits: AccountWatchLimits;
}

/**
 * One client's watch on the accounts. They are few: it is told all of them as they are then, and remembers only that there
 * is something to tell.
 */
export class AccountWatch {
  readonly #options: AccountWatchOptions;
  #stop: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waitsForRoom = false;

  constructor(options: AccountWatchOptions) {
    this.#options = options;
  }

  /** What changes from now on is told. */
  start(): void {
    this.#stop ??= this.#options.accounts.watch(() => this.#schedule());
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#stop?.();
    this.#stop = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waitsForRoom = false;
  }

  /** The socket has room again. */
  drained(): void {
    if (!this.#waitsForRoom) return;
    this.#waitsForRoom = false;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== null || this.#waitsForRoom) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#tell();
    }, this.#options.limits.accountIntervalMs);
  }

  #tell(): void {
    const { accounts, outbox } = this.#options;
    if (outbox.full) this.#waitsForRoom = true;
    else outbox.notify('accounts.changed', JSON.stringify({ items: accounts.list() }));
  }
}
