import { randomUUID } from 'node:crypto';
import type {
  Account,
  AccountAgent,
  AccountCreate,
  AccountExport,
  AccountExportResult,
  AccountImport,
  AccountKind,
  AccountRotation,
  AccountUpdate,
} from '@hearth/protocol';
import { HearthError } from '@hearth/protocol';
import type { Clock } from '../concurrency/clock.ts';
import type { AccountStore, StoredAccount } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { AccountRecords, noAccount } from './account-records.ts';
import type { AccountRecord, ChangeHealth } from './account-records.ts';
import { accountView } from './account-view.ts';
import { asNew, NO_HEALTH, withoutProblem } from './health.ts';
import type { AccountHealth } from './health.ts';
import { SealedSecrets } from './sealed-secrets.ts';
import type { SecretKeys } from './secret-keys.ts';
import { createdSecrets, updatedSecrets } from './secrets.ts';
import type { Credentials, LoginTokens } from './secrets.ts';
import { OAuthRefresh } from './oauth-refresh.ts';
import type { RefreshOutcome } from './oauth-refresh.ts';
import type { RenewTokens } from './token-endpoint.ts';
import { pack, unpack } from './transfer.ts';
import type { TravellingAccount } from './transfer.ts';

const DEFAULT_PRIORITY = 100;

export interface AccountsOptions {
  store: AccountStore;
  keys: SecretKeys;
  clock: Clock;
  newId: () => string;
  log: Log;
  /** Asks the provider for new tokens of a log-in. Absent: none can be renewed. */
  renewTokens?: RenewTokens;
  /** What trying a passphrase of an export costs, as the exponent of scrypt's N; tests spend less. */
  passphraseCostBits?: number;
}

/** One that may be chosen for a call, and how it is doing. */
export interface AccountCandidate {
  account: Account;
  health: AccountHealth;
}

/**
 * The accounts with which agents reach their model APIs. What is asked often comes from memory; every change is stored
 * before it is answered, except for health, which follows a moment later. Secrets are opened for the moment of their use.
 */
export class Accounts {
  readonly #records: AccountRecords;
  readonly #keys: SecretKeys;
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #log: Log;
  readonly #passphraseCostBits: number | undefined;
  readonly #listeners: Set<() => void>;
  readonly #secrets: SealedSecrets;
  readonly #refresh: OAuthRefresh;

  private constructor(records: AccountRecords, listeners: Set<() => void>, options: AccountsOptions) {
    this.#records = records;
    this.#listeners = listeners;
    this.#keys = options.keys;
    this.#secrets = new SealedSecrets(options.keys, options.clock);
    this.#clock = options.clock;
    this.#newId = options.newId;
    this.#log = options.log;
    this.#passphraseCostBits = options.passphraseCostBits;
    this.#refresh = new OAuthRefresh({
      store: options.store,
      renewTokens: options.renewTokens ?? (async () => ({ type: 'unreachable', why: 'there is no way to renew them' })),
      clock: options.clock,
      log: options.log,
      holder: randomUUID(),
      read: (id) => this.#storedTokens(id),
      replace: (id, expected, tokens) => this.replaceTokens(id, expected, tokens),
      broken: (id, message) => {
        const problem = { code: 'agent_unauthorized' as const, message, sinceMs: options.clock.now() };
        this.record(id, (health) => ({ ...health, problem }));
      },
    });
  }

  /** Reads what is stored. An account that cannot be opened is `broken` and keeps nobody from starting. */
  static async open(options: AccountsOptions): Promise<Accounts> {
    const listeners = new Set<() => void>();
    const onChanged = (): void => {
      for (const listener of listeners) listener();
    };
    const accounts = new Accounts(await AccountRecords.open({ ...options, onChanged }), listeners, options);
    for (const { id, label, problem } of accounts.list()) {
      if (problem !== undefined)
        options.log.warn({ accountId: id, label, problem: problem.message }, 'an account is broken');
    }
    return accounts;
  }

  /** In the order in which they are used. */
  list(): Account[] {
    return this.#records
      .all()
      .map((record) => this.#candidate(record).account)
      .toSorted((a, b) => a.priority - b.priority || compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
  }

  /** @throws HearthError `not_found` */
  get(id: string): Account {
    return this.#candidate(this.#known(id)).account;
  }

  async create(params: AccountCreate): Promise<Account> {
    const id = this.#newId();
    const now = this.#iso();
    await this.#records.exclusive(async () => {
      await this.#records.add({
        id,
        agent: params.agent ?? 'claude',
        kind: params.kind,
        label: params.label ?? this.#freeLabel(params.kind),
        priority: params.priority ?? DEFAULT_PRIORITY,
        enabled: params.enabled ?? true,
        models: params.models ?? null,
        baseUrl: params.baseUrl ?? null,
        ...this.#secrets.seal(id, createdSecrets(params)),
        health: JSON.stringify(NO_HEALTH),
        version: 1,
        createdAt: now,
        updatedAt: now,
      });
    });
    const account = this.get(id);
    this.#log.info({ accountId: id, kind: account.kind, label: account.label }, 'an account was added');
    return account;
  }

  /**
   * New secrets are tried at once, whatever was wrong with the old ones.
   * @throws HearthError `not_found`; `invalid_request` for secrets of another kind
   */
  async update(id: string, params: AccountUpdate): Promise<Account> {
    await this.#records.exclusive(() =>
      this.#records.update(id, ({ stored, health }) => {
        const secrets = updatedSecrets(stored.kind, params);
        const { label, priority, enabled, models, baseUrl } = params;
        return {
          ...(label === undefined ? {} : { label }),
          ...(priority === undefined ? {} : { priority }),
          ...(enabled === undefined ? {} : { enabled }),
          ...(models === undefined ? {} : { models }),
          ...(baseUrl === undefined ? {} : { baseUrl }),
          ...(secrets === null ? {} : { ...this.#secrets.seal(id, secrets), health: JSON.stringify(asNew(health)) }),
          updatedAt: this.#iso(),
        };
      }),
    );
    return this.get(id);
  }

  /** @throws HearthError `not_found` */
  async delete(id: string): Promise<void> {
    if (!(await this.#records.exclusive(() => this.#records.remove(id)))) throw noAccount();
    this.#secrets.forget(id);
    this.#log.info({ accountId: id }, 'an account was removed');
  }

  /** Forgets what stands in the way of using it: its cooldown, its problem, and its limits as they were last seen. */
  async reset(id: string): Promise<Account> {
    this.#secrets.forget(id);
    await this.#records.exclusive(() =>
      this.#records.update(id, ({ health }) => ({ health: JSON.stringify(asNew(health)) })),
    );
    return this.get(id);
  }

  /** @throws HearthError `invalid_request` when one of them cannot be opened */
  async export({ passphrase }: AccountExport): Promise<AccountExportResult> {
    const travelling = this.#records.all().map(({ stored }) => this.#travelling(stored));
    const data = await pack(travelling, passphrase, this.#passphraseCostBits);
    this.#log.info({ accounts: travelling.length }, 'the accounts were exported');
    return { data };
  }

  /**
   * Adds what an export has. Of an account that is here already the one that changed last stays, so that the same again
   * changes nothing and no renewed token is lost.
   * @returns the accounts of the export, as they are here now
   */
  async import({ passphrase, data }: AccountImport): Promise<{ items: Account[] }> {
    const travelling = await unpack(data, passphrase);
    await this.#records.exclusive(async () => {
      for (const account of travelling) await this.#take(account);
    });
    this.#log.info({ accounts: travelling.length }, 'accounts were imported');
    return { items: travelling.map(({ id }) => this.get(id)) };
  }

  /**
   * Seals all accounts anew: with a new key when the keys are in a file, and then the old ones are dropped; else with the
   * first of the configured ones. What cannot be opened stays as it is.
   */
  async rotateKey(): Promise<AccountRotation> {
    return await this.#records.exclusive(async () => {
      const key = this.#keys.renew();
      let resealed = 0;
      for (const { stored } of await this.#records.reloadAll()) {
        if (await this.#records.update(stored.id, (record) => this.#secrets.reseal(record.stored, key))) resealed += 1;
      }
      this.#keys.dropOld();
      this.#log.info({ resealed, keyId: key.id }, 'the key of the accounts was changed');
      return { resealed };
    });
  }

  /** @returns takes the listener away again; it is called after each change, also of health */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Whether the agent has accounts, in whatever state: then the environment's credentials are not for it. One that was
   * disabled counts as if it were not there.
   */
  has(agent: string): boolean {
    return this.#records.all().some(({ stored }) => stored.agent === agent && stored.enabled);
  }

  /** The agent's accounts in the order of their priority, in whatever state; the health of one that is locked says so. */
  candidates(agent: AccountAgent): AccountCandidate[] {
    return this.#records
      .all()
      .filter(({ stored }) => stored.agent === agent)
      .map((record) => this.#candidate(record))
      .toSorted((a, b) => a.account.priority - b.account.priority || compare(a.account.createdAt, b.account.createdAt));
  }

  /** The secrets, opened for one use. @throws HearthError `not_found`; `agent_unavailable` when they do not open */
  credentials(id: string): Credentials {
    const { stored } = this.#known(id);
    const secrets = this.#secrets.open(stored);
    return stored.baseUrl === null ? secrets : { ...secrets, baseUrl: stored.baseUrl };
  }

  /** Changes what is known of how an account is doing, at once in memory and soon on the disk. */
  record(id: string, change: ChangeHealth): void {
    this.#records.record(id, change);
  }

  /**
   * Gives a log-in new tokens, if it still has the access token `expected`. Whatever was wrong with it is mended.
   * @returns false when another one was quicker
   * @throws HearthError `not_found`
   */
  async replaceTokens(id: string, expected: string, tokens: LoginTokens): Promise<boolean> {
    return await this.#records.exclusive(() =>
      this.#records.update(id, ({ stored, health }) => {
        const secrets = this.#secrets.open(stored);
        if (secrets.kind !== 'oauth' || secrets.accessToken !== expected) return null;
        const sealed = this.#secrets.seal(id, { ...tokens, kind: 'oauth' });
        return { ...sealed, health: JSON.stringify(withoutProblem(health)), updatedAt: this.#iso() };
      }),
    );
  }

  /**
   * Gets a log-in another access token than the stale one: from the provider, once for all who ask at the same time, or
   * from whoever got one before. When it is refused the account is broken from then on.
   */
  async refresh(id: string, staleAccessToken: string): Promise<RefreshOutcome> {
    return await this.#refresh.refresh(id, staleAccessToken);
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    await this.#records.flush();
  }

  #known(id: string): AccountRecord {
    const record = this.#records.get(id);
    if (record === undefined) throw noAccount();
    return record;
  }

  #candidate({ stored, health: recorded }: AccountRecord): AccountCandidate {
    const { facts, problem } = this.#secrets.look(stored);
    const health = problem === undefined ? recorded : { ...recorded, problem };
    return { account: accountView(stored, health, facts, this.#clock.now()), health };
  }

  async #storedTokens(id: string): Promise<LoginTokens | null> {
    const record = await this.#records.exclusive(() => this.#records.reload(id));
    if (record === undefined) return null;
    const secrets = this.#secrets.open(record.stored);
    return secrets.kind === 'oauth' ? secrets : null;
  }

  #travelling(stored: StoredAccount): TravellingAccount {
    const { sealed: _, health: __, version: ___, ...rest } = stored;
    try {
      return { ...rest, secrets: this.#secrets.open(stored) };
    } catch (cause) {
      throw new HearthError(
        'invalid_request',
        `The account “${stored.label}” cannot be exported: it cannot be opened.`,
        {
          hint: 'Put its key back, give it its secrets anew, or remove it.',
          cause,
        },
      );
    }
  }

  async #take({ secrets, ...account }: TravellingAccount): Promise<void> {
    const present = this.#records.get(account.id)?.stored;
    if (present === undefined) {
      const health = JSON.stringify(NO_HEALTH);
      await this.#records.add({ ...account, ...this.#secrets.seal(account.id, secrets), health, version: 1 });
      return;
    }
    if (present.kind !== account.kind) {
      throw new HearthError(
        'invalid_request',
        `The account “${present.label}” is of another kind than in the export.`,
        {
          hint: 'Remove it first.',
        },
      );
    }
    await this.#records.update(account.id, ({ stored, health }) => {
      if (stored.updatedAt >= account.updatedAt && this.#secrets.look(stored).problem === undefined) return null;
      const { label, priority, enabled, models, baseUrl, updatedAt } = account;
      return {
        label,
        priority,
        enabled,
        models,
        baseUrl,
        updatedAt,
        ...this.#secrets.seal(account.id, secrets),
        health: JSON.stringify(asNew(health)),
      };
    });
  }

  /** “API key”, then “API key 2”. */
  #freeLabel(kind: AccountKind): string {
    const taken = new Set(this.#records.all().map(({ stored }) => stored.label));
    for (let number = 1; ; number += 1) {
      const label = number === 1 ? LABELS[kind] : `${LABELS[kind]} ${number}`;
      if (!taken.has(label)) return label;
    }
  }

  #iso(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

const LABELS: Readonly<Record<AccountKind, string>> = { api_key: 'API key', oauth: 'Log-in', gateway: 'Gateway' };

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
