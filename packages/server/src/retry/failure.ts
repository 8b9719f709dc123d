import type { ErrorCode } from '@hearth/protocol';
import { readRateLimits } from './rate-limits.ts';
import type { Headers, LimitWindow } from './rate-limits.ts';

/** A call of a model API that did not succeed, by its structured parts alone: what its text says decides nothing. */
export interface FailedCall {
  /** Null: no answer came. */
  status: number | null;
  /** `error.type` of the body. */
  type?: string | undefined;
  headers: Headers;
}

/**
 * What a failure asks for. `pace`: the same account again, a little later. `spent`: another account, until the quota
 * begins anew. `unauthorized`: a fresh token, else another account. `billing`: another account until somebody pays.
 * `refused`: nobody will take this request.
 */
export type Failure =
  | { type: 'pace'; code: ErrorCode; retryAfterMs?: number }
  /** `untilMs` null: the provider did not say. `window` without `model` means the whole account. */
  | { type: 'spent'; code: ErrorCode; untilMs: number | null; window: LimitWindow | null }
  | { type: 'unauthorized'; code: ErrorCode }
  | { type: 'billing'; code: ErrorCode }
  | { type: 'refused'; code: ErrorCode };

/** A wait that is longer than this is no pacing any more. */
const LONGEST_PACE_MS = 5 * 60_000;

/** Statuses that are worth another try beside those of 500 and more: time-out, conflict, too early. */
const TRANSIENT = new Set([408, 409, 425]);

export function classify(call: FailedCall, nowMs: number): Failure {
  const { status, type } = call;
  if (type === 'billing_error' || status === 402) return { type: 'billing', code: 'account_exhausted' };
  if (status === null) return { type: 'pace', code: 'overloaded' };
  if (status === 401 || status === 403) return { type: 'unauthorized', code: 'agent_unauthorized' };
  const { spent, retryAfterMs } = readRateLimits(call.headers, nowMs);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 429) {
    const long = retryAfterMs !== undefined && retryAfterMs > LONGEST_PACE_MS;
    if (spent === null && !long) return { type: 'pace', code: 'rate_limited', ...wait };
    const resetsAtMs = spent?.resetsAtMs ?? (retryAfterMs === undefined ? undefined : nowMs + retryAfterMs);
    return { type: 'spent', code: 'account_exhausted', untilMs: resetsAtMs ?? null, window: spent };
  }
  if (status >= 500 || TRANSIENT.has(status)) return { type: 'pace', code: 'overloaded', ...wait };
  return { type: 'refused', code: 'invalid_request' };
}
