import { HearthError } from '@hearth/protocol';
import type { Clock, TimerHandle } from '../concurrency/clock.ts';
import type { AccountChanges, AccountStore, StoredAccount } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { readHealth } from './health.ts';
import type { AccountHealth } from './health.ts';

/** Health changes with every call of the model API; what changes within this time is one write. */
const HEALTH_WRITE_DELAY_MS = 500;
/** Only another server can be quicker, and that seldom. */
const MAX_ATTEMPTS = 20;

export type ChangeHealth = (health: AccountHealth) => AccountHealth;

/** An account as this process knows it. */
export interface AccountRecord {
  readonly stored: StoredAccount;
  /** With what is not written yet. */
  readonly health: AccountHealth;
}

interface Entry {
  stored: StoredAccount;
  health: AccountHealth;
  /** What `health` has and the store has not, to be done again when another server was quicker. */
  unwritten: ChangeHealth[];
}

export interface AccountRecordsOptions {
  store: AccountStore;
  clock: Clock;
  log: Log;
  /** Called after each change of what `all` gives. */
  onChanged: () => void;
}

/**
 * The accounts in memory, in step with the store. Writes go one after the other; each is based on a version, and is
 * worked out again on the newest one when another server was quicker. Health is written a moment later, with whatever
 * else has changed by then.
 */
export class AccountRecords {
  readonly #store: AccountStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onChanged: () => void;
  readonly #entries = new Map<string, Entry>();
  #last: Promise<unknown> = Promise.resolve();
  #timer: TimerHandle | null = null;

  private constructor({ store, clock, log, onChanged }: AccountRecordsOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#onChanged = onChanged;
  }

  static async open(options: AccountRecordsOptions): Promise<AccountRecords> {
    const records = new AccountRecords(options);
    for (const stored of await options.store.list()) records.#adopt(stored);
    return records;
  }

  all(): AccountRecord[] {
    return [...this.#entries.values()];
  }

  get(id: string): AccountRecord | undefined {
    return this.#entries.get(id);
  }

  /** One piece of work on the store after the other. */
  exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Inside `exclusive`. */
  async add(stored: StoredAccount): Promise<void> {
    await this.#store.add(stored);
    this.#adopt(stored);
    this.#onChanged();
  }

  /** Inside `exclusive`. @returns false when there was none */
  async remove(id: string): Promise<boolean> {
    const removed = await this.#store.remove(id);
    const known = this.#entries.delete(id);
    if (known) this.#onChanged();
    return removed;
  }

  /**
   * Inside `exclusive`. Changes an account by what `change` makes of its newest state, and writes its health along.
   * @param change gives null when there is nothing to change; called again when another server was quicker
   * @returns whether it was changed
   * @throws HearthError `not_found` when it is gone, and whatever `change` throws
   */
  async update(id: string, change: (record: AccountRecord) => AccountChanges | null): Promise<boolean> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const entry = this.#entries.get(id);
      if (entry === undefined) throw noAccount();
      const changes = change(entry);
      if (changes === null) return false;
      const written = entry.unwritten.length;
      const all: AccountChanges = { health: JSON.stringify(entry.health), ...changes };
      if (await this.#store.update(id, entry.stored.version, all)) {
        entry.unwritten.splice(0, written);
        entry.stored = { ...entry.stored, ...all, version: entry.stored.version + 1 };
        entry.health = replay(entry);
        this.#onChanged();
        return true;
      }
      await this.reload(id);
    }
    throw new HearthError('overloaded', 'The account is being changed elsewhere all the time.', { hint: 'Try again.' });
  }

  /** Inside `exclusive`. Takes over what another server may have written. */
  async reload(id: string): Promise<AccountRecord | undefined> {
    const stored = await this.#store.get(id);
    if (stored === null) this.#entries.delete(id);
    else this.#adopt(stored);
    this.#onChanged();
    return this.#entries.get(id);
  }

  /** Inside `exclusive`. The same for all, those that are new here included. */
  async reloadAll(): Promise<AccountRecord[]> {
    const stored = await this.#store.list();
    const ids = new Set(stored.map(({ id }) => id));
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#entries.delete(id);
    for (const account of stored) this.#adopt(account);
    this.#onChanged();
    return this.all();
  }

  /** Changes what is known of an account's health at once, and writes it soon. Nothing happens for one that is gone. */
  record(id: string, change: ChangeHealth): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.health = change(entry.health);
    entry.unwritten.push(change);
    this.#onChanged();
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, HEALTH_WRITE_DELAY_MS);
  }

  /** Writes what is not written yet. What cannot be written is logged and written with the next change. */
  async flush(): Promise<void> {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    await this.exclusive(async () => {
      for (const [id, entry] of this.#entries) {
        if (entry.unwritten.length > 0) await this.#writeHealth(id);
      }
    });
  }

  async #writeHealth(id: string): Promise<void> {
    try {
      await this.update(id, ({ health }) => ({ health: JSON.stringify(health) }));
    } catch (error) {
      // An account that another server removed has no health to keep.
      if (error instanceof HearthError && error.code === 'not_found') return;
      this.#log.warn({ err: error, accountId: id }, 'the health of an account could not be stored');
    }
  }

  #adopt(stored: StoredAccount): void {
    const entry = this.#entries.get(stored.id) ?? { stored, health: readHealth(stored.health), unwritten: [] };
    entry.stored = stored;
    entry.health = replay(entry);
    this.#entries.set(stored.id, entry);
  }
}

export function noAccount(): HearthError {
  return new HearthError('not_found', 'There is no such account.', { hint: 'GET /v1/accounts lists them.' });
}

function replay({ stored, unwritten }: Entry): AccountHealth {
  return unwritten.reduce((health, change) => change(health), readHealth(stored.health));
}
