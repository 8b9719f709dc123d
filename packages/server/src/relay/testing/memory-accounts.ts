import { NO_HEALTH } from '../../account/health.ts';
import type { AccountHealth } from '../../account/health.ts';
import type { Credentials } from '../../account/secrets.ts';
import type { Candidate } from '../../account/select.ts';
import type { AccountSource } from '../lane.ts';

/** An account of a test; its id is also its label and its secret. */
export interface TestAccount extends Partial<Omit<Candidate, 'id' | 'label'>> {
  credentials?: Credentials;
  /** What the next refresh of its token gives. */
  renewed?: { accessToken: string } | 'refused' | 'unreachable';
}

/** For tests: accounts in memory, which all have the same model API. */
export interface MemoryAccounts extends AccountSource {
  readonly all: Map<string, TestAccount>;
  health(id: string): AccountHealth;
  /** As if somebody had changed the accounts. */
  changed(): void;
  /** Whose token was renewed, each time. */
  readonly renewals: string[];
}

export function memoryAccounts(given: Record<string, TestAccount>, baseUrl: string): MemoryAccounts {
  const accounts = new Map(Object.entries(given));
  const listeners = new Set<() => void>();
  const renewals: string[] = [];
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const known = (id: string): TestAccount => {
    const account = accounts.get(id);
    if (account === undefined) throw new Error(`there is no account ${id}`);
    return account;
  };
  return {
    all: accounts,
    health: (id) => known(id).health ?? NO_HEALTH,
    changed,
    renewals,
    has: () => accounts.size > 0,
    candidates: () =>
      [...accounts].map(([id, { credentials: _credentials, renewed: _renewed, ...account }]) => ({
        kind: 'api_key' as const,
        priority: 100,
        enabled: true,
        models: null,
        health: NO_HEALTH,
        ...account,
        id,
        label: id,
      })),
    credentials: (id) => ({ ...(known(id).credentials ?? { kind: 'api_key', apiKey: id }), baseUrl }),
    record(id, change) {
      const account = known(id);
      accounts.set(id, { ...account, health: change(account.health ?? NO_HEALTH) });
    },
    async refresh(id) {
      renewals.push(id);
      const { renewed } = known(id);
      if (renewed === undefined) return 'refused';
      if (renewed === 'refused' || renewed === 'unreachable') return renewed;
      accounts.set(id, { ...known(id), credentials: { kind: 'oauth', ...renewed } });
      return 'refreshed';
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
