import type { Clock } from '../concurrency/clock.ts';
import type { AccountStore } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { LoginTokens } from './secrets.ts';
import type { Renewal, RenewTokens } from './token-endpoint.ts';

/** A server that died while it renewed keeps the others from it for so long. Longer than the provider may take. */
const CLAIM_MS = 45_000;
/** Between two looks whether another server is done. */
const LOOK_MS = 250;
const MAX_LOOKS = 200;
/** The old tokens are void, so that it is tried for some seconds to store the new ones; then they are kept for the next one who asks. */
const STORE_ATTEMPTS = 6;
const STORE_PAUSE_MS = 1_000;

/**
 * What came of it. `refreshed`: the account has another access token than the stale one. `refused`: it will not get any,
 * and is broken. `unreachable`: another time it may.
 */
export type RefreshOutcome = 'refreshed' | 'refused' | 'unreachable';

export interface OAuthRefreshOptions {
  store: Pick<AccountStore, 'claimRefresh' | 'releaseRefresh'>;
  renewTokens: RenewTokens;
  clock: Clock;
  log: Log;
  /** Of this server, among all that share the store. */
  holder: string;
  /** The account's tokens as they are stored now, whoever stored them; null when it is gone or no log-in. */
  readonly read: (id: string) => Promise<LoginTokens | null>;
  /** Stores new tokens if the account still has the access token `expected`. @returns false when it has another */
  readonly replace: (id: string, expected: string, tokens: LoginTokens) => Promise<boolean>;
  /** Notes that the account cannot be used. */
  readonly broken: (id: string, why: string) => void;
}

/**
 * Renews the access tokens of log-ins. A refresh token often works once: of all who find the same access token stale, in
 * this server and in others on the same store, one asks the provider, and all take what it got.
 */
export class OAuthRefresh {
  readonly #options: OAuthRefreshOptions;
  readonly #running = new Map<string, Promise<RefreshOutcome>>();
  /** New tokens that could not be stored, for the account with that stale access token. */
  readonly #unstored = new Map<string, { stale: string; tokens: LoginTokens }>();

  constructor(options: OAuthRefreshOptions) {
    this.#options = options;
  }

  /** Never rejects. @param stale the access token that does not work any more */
  refresh(id: string, stale: string): Promise<RefreshOutcome> {
    const running = this.#running.get(id);
    // One that runs may have begun for an older token; then there is something to do after it.
    if (running !== undefined) return running.then((outcome) => this.#orLater(id, this.#after(outcome, id, stale)));
    const begun = this.#orLater(id, this.#refresh(id, stale)).finally(() => this.#running.delete(id));
    this.#running.set(id, begun);
    return begun;
  }

  /** A store that cannot be reached is no reason to give up the account, nor what is asked with it. */
  async #orLater(id: string, outcome: Promise<RefreshOutcome>): Promise<RefreshOutcome> {
    try {
      return await outcome;
    } catch (error) {
      this.#options.log.error({ err: error, accountId: id }, 'the tokens of an account could not be renewed');
      return 'unreachable';
    }
  }

  async #after(outcome: RefreshOutcome, id: string, stale: string): Promise<RefreshOutcome> {
    const tokens = await this.#options.read(id);
    return outcome === 'refreshed' && tokens?.accessToken === stale ? await this.refresh(id, stale) : outcome;
  }

  async #refresh(id: string, stale: string): Promise<RefreshOutcome> {
    const { store, clock, log, holder } = this.#options;
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const before = await this.#settled(id, stale);
      if (before !== null) return before;
      const now = clock.now();
      if (await store.claimRefresh(id, holder, now + CLAIM_MS, now)) {
        try {
          // Another server may have been done between the look and the claim.
          return (await this.#settled(id, stale)) ?? (await this.#renew(id, stale));
        } finally {
          // One that stays ends by itself, and what came of the renewal holds.
          await store
            .releaseRefresh(id, holder)
            .catch((error: unknown) => log.warn({ err: error, accountId: id }, 'a claim could not be given up'));
        }
      }
      await this.#pause(LOOK_MS);
    }
    log.warn({ accountId: id }, 'another server has been renewing the tokens of an account for too long');
    return 'unreachable';
  }

  /** The outcome when there is nothing to ask the provider for. */
  async #settled(id: string, stale: string): Promise<RefreshOutcome | null> {
    const tokens = await this.#options.read(id);
    if (tokens === null) return 'refused';
    if (tokens.accessToken !== stale) return 'refreshed';
    if (tokens.refreshToken !== undefined) return null;
    this.#options.broken(id, 'Its access token is not valid any more, and it has no refresh token. Log in again.');
    return 'refused';
  }

  async #renew(id: string, stale: string): Promise<RefreshOutcome> {
    const { renewTokens, log, broken, read } = this.#options;
    const tokens = await read(id);
    if (tokens?.refreshToken === undefined) return 'refused';
    const unstored = this.#unstored.get(id);
    const renewal: Renewal =
      unstored?.stale === stale ? { type: 'renewed', tokens: unstored.tokens } : await renewTokens(tokens.refreshToken);
    switch (renewal.type) {
      case 'renewed':
        await this.#store(id, stale, renewal.tokens);
        log.info({ accountId: id }, 'the tokens of an account were renewed');
        return 'refreshed';
      case 'refused': {
        // Somebody may have logged in anew meanwhile.
        if ((await read(id))?.accessToken !== stale) return 'refreshed';
        log.warn({ accountId: id, why: renewal.why }, 'the provider refuses to renew the tokens of an account');
        broken(id, `The provider refuses to renew its tokens (${renewal.why}). Log in again.`);
        return 'refused';
      }
      case 'unreachable':
        log.warn({ accountId: id, why: renewal.why }, 'the tokens of an account could not be renewed');
        return 'unreachable';
    }
  }

  async #store(id: string, stale: string, tokens: LoginTokens): Promise<void> {
    const { replace, log } = this.#options;
    this.#unstored.set(id, { stale, tokens });
    for (let attempt = 1; ; attempt += 1) {
      try {
        await replace(id, stale, tokens);
        this.#unstored.delete(id);
        return;
      } catch (error) {
        log.error({ err: error, accountId: id, attempt }, 'the renewed tokens of an account could not be stored');
        if (attempt === STORE_ATTEMPTS) throw error;
        await this.#pause(STORE_PAUSE_MS);
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#options.clock.setTimeout(resolve, ms);
    });
  }
}
