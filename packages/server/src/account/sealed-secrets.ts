import { HearthError } from '@hearth/protocol';
import type { Clock } from '../concurrency/clock.ts';
import type { StoredAccount } from '../store/store.ts';
import type { SecretFacts } from './account-view.ts';
import type { AccountHealth } from './health.ts';
import { seal, sealingKeyId, unseal } from './sealing.ts';
import type { SecretKey, SecretKeys } from './secret-keys.ts';
import type { AccountSecrets } from './secrets.ts';

/** What may be known of sealed secrets without opening them again; `problem` when they do not open. */
export interface SecretsLook {
  sealed: string;
  facts: SecretFacts;
  problem?: NonNullable<AccountHealth['problem']>;
}

/** Seals and opens the secrets of accounts, and remembers of them only what may be shown. */
export class SealedSecrets {
  readonly #keys: SecretKeys;
  readonly #clock: Clock;
  readonly #looks = new Map<string, SecretsLook>();

  constructor(keys: SecretKeys, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  seal(id: string, secrets: AccountSecrets): { sealed: string } {
    return { sealed: seal(JSON.stringify(secrets), id, this.#keys.current()) };
  }

  /** @throws HearthError `agent_unavailable` when they do not open */
  open({ id, sealed }: StoredAccount): AccountSecrets {
    return JSON.parse(unseal(sealed, id, (keyId) => this.#keys.find(keyId))) as AccountSecrets;
  }

  /** Opens what was not looked at yet. */
  look(stored: StoredAccount): SecretsLook {
    const known = this.#looks.get(stored.id);
    if (known !== undefined && known.sealed === stored.sealed) return known;
    const found = this.#lookInside(stored);
    this.#looks.set(stored.id, found);
    return found;
  }

  /** They are looked at anew the next time: a key may have come back, or the account may be gone. */
  forget(id: string): void {
    this.#looks.delete(id);
  }

  /** The same secrets under another key; null when they are, or do not open. */
  reseal(stored: StoredAccount, key: SecretKey): { sealed: string } | null {
    if (sealingKeyId(stored.sealed) === key.id) return null;
    // A key may have come back, and would be dropped after this.
    this.forget(stored.id);
    if (this.look(stored).problem !== undefined) return null;
    return { sealed: seal(JSON.stringify(this.open(stored)), stored.id, key) };
  }

  #lookInside(stored: StoredAccount): SecretsLook {
    const { sealed } = stored;
    try {
      const secrets = this.open(stored);
      if (secrets.kind !== 'oauth') return { sealed, facts: {} };
      const { expiresAtMs, refreshToken } = secrets;
      const facts = { refreshable: refreshToken !== undefined, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
      return { sealed, facts };
    } catch (error) {
      const { code, message, hint = '' } = HearthError.from(error);
      return { sealed, facts: {}, problem: { code, message: `${message} ${hint}`.trim(), sinceMs: this.#clock.now() } };
    }
  }
}
