import type { AccountAgent } from '@hearth/protocol';
import type { Accounts } from '../account/accounts.ts';
import type { AccountSource } from './lane.ts';

const isAccountAgent = (agent: string): agent is AccountAgent => agent === 'claude';

/** The accounts as the relay sees them. */
export function accountSource(accounts: Accounts): AccountSource {
  return {
    has: (agent) => accounts.has(agent),
    candidates: (agent) =>
      isAccountAgent(agent)
        ? accounts.candidates(agent).map(({ account, health }) => ({
            id: account.id,
            kind: account.kind,
            label: account.label,
            priority: account.priority,
            enabled: account.enabled,
            models: account.models,
            health,
          }))
        : [],
    credentials: (accountId) => accounts.credentials(accountId),
    record: (accountId, change) => accounts.record(accountId, change),
    refresh: (accountId, staleAccessToken) => accounts.refresh(accountId, staleAccessToken),
    watch: (listener) => accounts.watch(listener),
  };
}
