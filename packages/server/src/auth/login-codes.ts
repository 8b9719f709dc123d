import { hashSecret, newSecret, sameHash } from './secret.ts';

export const LOGIN_CODE_TTL_MS = 10 * 60_000;

/** Codes that may wait at once; making one more forgets the oldest. */
const MAX_WAITING = 100;

/**
 * The one-time codes of log-in links. They live in memory: a restart makes them void, and nobody can find one on disk.
 */
export class LoginCodes {
  readonly #now: () => number;
  readonly #expiryByHash = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  create(): { code: string; expiresAtMs: number } {
    this.#forgetExpired();
    const oldest = this.#expiryByHash.keys().next();
    if (this.#expiryByHash.size >= MAX_WAITING && oldest.done !== true) this.#expiryByHash.delete(oldest.value);
    const code = newSecret('');
    const expiresAtMs = this.#now() + LOGIN_CODE_TTL_MS;
    this.#expiryByHash.set(hashSecret(code), expiresAtMs);
    return { code, expiresAtMs };
  }

  /** True once for each code, while it is fresh. */
  redeem(code: string): boolean {
    this.#forgetExpired();
    const wanted = hashSecret(code);
    let found: string | null = null;
    for (const hash of this.#expiryByHash.keys()) if (sameHash(hash, wanted)) found = hash;
    return found !== null && this.#expiryByHash.delete(found);
  }

  #forgetExpired(): void {
    const now = this.#now();
    for (const [hash, expiresAtMs] of this.#expiryByHash) if (expiresAtMs <= now) this.#expiryByHash.delete(hash);
  }
}
