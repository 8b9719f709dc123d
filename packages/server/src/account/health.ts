import type { AccountState, ErrorCode } from '@hearth/protocol';

/** One of the provider's limits as it was last seen. */
export interface WindowUse {
  /** 1 is all of it. */
  utilization: number;
  resetsAtMs?: number;
  /** Absent: the limit is for all models. */
  model?: string;
  seenAtMs: number;
}

/**
 * What is known of how an account is doing. Plain JSON, stored with the account; times are ms since 1970. Whoever changes
 * it makes a new one.
 */
export interface AccountHealth {
  /** It is left alone until then; with a model, for that model only. */
  readonly cooldown?: {
    readonly untilMs: number;
    readonly code: ErrorCode;
    readonly window?: string;
    readonly model?: string;
  };
  /** It does not work until somebody mends it. */
  readonly problem?: { readonly code: ErrorCode; readonly message: string; readonly sinceMs: number };
  readonly windows: Readonly<Record<string, Readonly<WindowUse>>>;
  readonly lastUsedAtMs?: number;
}

/** Of an account that was never used. */
export const NO_HEALTH: AccountHealth = { windows: {} };

/** The stored form back; what is no health any more counts as nothing known, because the next call tells it again. */
export function readHealth(text: string): AccountHealth {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return NO_HEALTH;
    return { ...NO_HEALTH, ...value };
  } catch {
    return NO_HEALTH;
  }
}

/** Nothing stands in the way of trying it again; when it was last used stays known. */
export function asNew({ lastUsedAtMs }: AccountHealth): AccountHealth {
  return { ...NO_HEALTH, ...(lastUsedAtMs === undefined ? {} : { lastUsedAtMs }) };
}

export function withoutProblem(health: AccountHealth): AccountHealth {
  const { problem, ...rest } = health;
  return problem === undefined ? health : rest;
}

/** A cooldown of one model leaves the account ready for the others. */
export function accountState(enabled: boolean, { problem, cooldown }: AccountHealth, nowMs: number): AccountState {
  if (!enabled) return 'disabled';
  if (problem !== undefined) return 'broken';
  if (cooldown !== undefined && cooldown.model === undefined && cooldown.untilMs > nowMs) return 'cooling';
  return 'ready';
}
