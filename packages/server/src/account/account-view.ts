import type { Account } from '@hearth/protocol';
import type { StoredAccount } from '../store/store.ts';
import { accountState } from './health.ts';
import type { AccountHealth } from './health.ts';

/** What may be shown of an account's secrets. */
export interface SecretFacts {
  expiresAtMs?: number;
  refreshable?: boolean;
}

/** An account as clients see it. */
export function accountView(stored: StoredAccount, health: AccountHealth, facts: SecretFacts, nowMs: number): Account {
  const { cooldown, problem, lastUsedAtMs } = health;
  const waits = cooldown !== undefined && cooldown.untilMs > nowMs;
  return {
    id: stored.id,
    agent: stored.agent,
    kind: stored.kind,
    label: stored.label,
    priority: stored.priority,
    enabled: stored.enabled,
    models: stored.models,
    ...(stored.baseUrl === null ? {} : { baseUrl: stored.baseUrl }),
    state: accountState(stored.enabled, health, nowMs),
    ...(waits ? { cooldown: viewOf(cooldown) } : {}),
    ...(problem === undefined
      ? {}
      : { problem: { code: problem.code, message: problem.message, since: iso(problem.sinceMs) } }),
    windows: Object.entries(health.windows).map(([name, { utilization, resetsAtMs, model }]) => ({
      name,
      utilization,
      ...(resetsAtMs === undefined ? {} : { resetsAt: iso(resetsAtMs) }),
      ...(model === undefined ? {} : { model }),
    })),
    ...(facts.expiresAtMs === undefined ? {} : { expiresAt: iso(facts.expiresAtMs) }),
    ...(facts.refreshable === undefined ? {} : { refreshable: facts.refreshable }),
    ...(lastUsedAtMs === undefined ? {} : { lastUsedAt: iso(lastUsedAtMs) }),
    createdAt: stored.createdAt,
    updatedAt: stored.updatedAt,
  };
}

function viewOf({ untilMs, code, window, model }: NonNullable<AccountHealth['cooldown']>): Account['cooldown'] {
  return {
    until: iso(untilMs),
    code,
    ...(window === undefined ? {} : { window }),
    ...(model === undefined ? {} : { model }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
