import { randomUUID } from 'node:crypto';
import { HearthError } from '@hearth/protocol';
import type { Token, TokenCreate, TokenCreated } from '@hearth/protocol';
import type { Principal } from '../router/sessions.ts';
import type { StoredToken, TokenStore } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { LoginCodes } from './login-codes.ts';
import { hashSecret, newSecret, sameHash } from './secret.ts';

/** How long a browser stays logged in after it was last seen. */
export const BROWSER_TTL_MS = 30 * 24 * 3_600_000;

const TOUCH_INTERVAL_MS = 60_000;
const OWNER: Principal = { id: 'owner', label: 'owner' };

/** Who a request comes from, and by which secret. */
export interface Identity {
  kind: 'owner' | 'browser' | 'api';
  principal: Principal;
  /** Id of the stored token; `owner` for the owner's own. */
  tokenId: string;
  /** When the secret stops being valid by itself, in ms since 1970; null: never. */
  expiresAtMs: number | null;
}

export interface AuthOptions {
  ownerToken: string;
  tokens: TokenStore;
  log: Log;
  now?: () => number;
}

/**
 * One owner with a token of their own, any number of API tokens, and browsers that were logged in by a one-time link.
 * A secret is recognised by its hash and never kept.
 */
export class Auth {
  readonly #ownerHash: string;
  readonly #tokens: TokenStore;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #codes: LoginCodes;
  readonly #revocationListeners = new Set<(tokenId: string) => void>();

  constructor({ ownerToken, tokens, log, now = Date.now }: AuthOptions) {
    this.#ownerHash = hashSecret(ownerToken);
    this.#tokens = tokens;
    this.#log = log;
    this.#now = now;
    this.#codes = new LoginCodes(now);
  }

  /** The identity behind a Bearer token: the owner's or an API token; null when it is not valid. */
  async bearer(secret: string): Promise<Identity | null> {
    const hash = hashSecret(secret);
    if (sameHash(hash, this.#ownerHash)) {
      return { kind: 'owner', principal: OWNER, tokenId: OWNER.id, expiresAtMs: null };
    }
    return await this.#stored(hash, 'api');
  }

  /** The identity behind a browser's cookie; null when it is not valid. */
  async cookie(secret: string): Promise<Identity | null> {
    return await this.#stored(hashSecret(secret), 'browser');
  }

  createLoginCode(): { code: string; expiresAtMs: number } {
    return this.#codes.create();
  }

  /** Trades a one-time code for a browser's secret; null when the code is wrong, used or too old. */
  async redeemLoginCode(code: string): Promise<string | null> {
    if (!this.#codes.redeem(code)) return null;
    const secret = newSecret('hearth_browser_');
    await this.#tokens.add({
      id: randomUUID(),
      kind: 'browser',
      label: 'browser',
      hash: hashSecret(secret),
      createdAt: this.#iso(),
    });
    return secret;
  }

  async createToken({ label, expiresAt }: TokenCreate): Promise<TokenCreated> {
    if (expiresAt !== undefined && Date.parse(expiresAt) <= this.#now()) {
      throw new HearthError('invalid_request', 'The token would have expired already.', {
        hint: 'Give an expiresAt in the future, or none.',
        issues: [{ path: 'expiresAt', message: 'is in the past' }],
      });
    }
    const secret = newSecret('hearth_');
    const stored: StoredToken = {
      id: randomUUID(),
      kind: 'api',
      label,
      hash: hashSecret(secret),
      createdAt: this.#iso(),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    await this.#tokens.add(stored);
    return { ...publicToken(stored), token: secret };
  }

  async listTokens(): Promise<Token[]> {
    return (await this.#tokens.list('api')).map(publicToken);
  }

  /** Makes a token void and tells everybody who serves it. */
  async revokeToken(tokenId: string): Promise<void> {
    if (!(await this.#tokens.remove(tokenId))) {
      throw new HearthError('not_found', 'There is no such token.', { hint: 'GET /v1/tokens lists them.' });
    }
    for (const listener of this.#revocationListeners) listener(tokenId);
  }

  /** Ends a browser's log-in. */
  async logout(identity: Identity): Promise<void> {
    if (identity.kind === 'browser') await this.revokeToken(identity.tokenId);
  }

  /** @returns takes the listener away again */
  onRevoked(listener: (tokenId: string) => void): () => void {
    this.#revocationListeners.add(listener);
    return () => this.#revocationListeners.delete(listener);
  }

  async #stored(hash: string, kind: 'api' | 'browser'): Promise<Identity | null> {
    const token = await this.#tokens.byHash(hash);
    if (token === null || token.kind !== kind || !sameHash(token.hash, hash)) return null;
    const now = this.#now();
    if ((expiryOf(token) ?? Infinity) <= now) return null;
    await this.#touch(token, now);
    const expiresAtMs = kind === 'browser' ? now + BROWSER_TTL_MS : expiryOf(token);
    const principal = kind === 'browser' ? OWNER : { id: token.id, label: token.label };
    return { kind, principal, tokenId: token.id, expiresAtMs };
  }

  async #touch(token: StoredToken, now: number): Promise<void> {
    if (token.lastUsedAt !== undefined && now - Date.parse(token.lastUsedAt) < TOUCH_INTERVAL_MS) return;
    try {
      await this.#tokens.touch(token.id, new Date(now).toISOString());
    } catch (error) {
      this.#log.warn({ err: error, tokenId: token.id }, 'the last use of a token could not be stored');
    }
  }

  #iso(): string {
    return new Date(this.#now()).toISOString();
  }
}

/** A browser's log-in slides: it ends when the browser was not seen for {@link BROWSER_TTL_MS}. */
function expiryOf(token: StoredToken): number | null {
  if (token.kind === 'browser') return Date.parse(token.lastUsedAt ?? token.createdAt) + BROWSER_TTL_MS;
  return token.expiresAt === undefined ? null : Date.parse(token.expiresAt);
}

function publicToken({ id, label, createdAt, lastUsedAt, expiresAt }: StoredToken): Token {
  return {
    id,
    label,
    createdAt,
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
