import type { ErrorCode, TurnError } from '@hearth/protocol';

/** An end that the relay decides on: what the agent is answered, and what the user is told. */
export interface Verdict {
  /** HTTP status of the answer to the agent. */
  status: number;
  /** `error.type` of the answer to the agent. */
  type: string;
  error: TurnError;
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  agent_unauthorized: 'Mend the account (`hearth accounts set`), or add another one (`hearth accounts add`).',
  account_exhausted:
    'Add another account (`hearth accounts add`), or send the message again when the quota has begun anew.',
  rate_limited: 'Wait a little and send the message again.',
  overloaded: 'The model API is busy or cannot be reached; send the message again later.',
  invalid_request: 'Set another model in the session, or allow this one to an account (`hearth accounts set`).',
};

/** What an agent is answered must not make it try again, and not make it change its request: both are decided here. */
const ANSWERS: Partial<Record<ErrorCode, readonly [status: number, type: string]>> = {
  rate_limited: [429, 'rate_limit_error'],
  account_exhausted: [429, 'rate_limit_error'],
  overloaded: [529, 'overloaded_error'],
  agent_unauthorized: [401, 'authentication_error'],
};

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'overloaded', 'account_exhausted']);

export function verdict(code: ErrorCode, message: string, status?: number | null): Verdict {
  const [answered, type] = ANSWERS[code] ?? [403, 'permission_error'];
  const hint = HINTS[code];
  const error: TurnError = {
    code,
    message,
    retryable: RETRYABLE.has(code),
    ...(hint === undefined ? {} : { hint }),
    ...(status === undefined || status === null ? {} : { status }),
  };
  return { status: answered, type, error };
}

/** The end of a call that was not allowed, for a reason that comes from outside of the relay. */
export function refusal(error: TurnError): Verdict {
  return { status: 403, type: 'permission_error', error };
}
