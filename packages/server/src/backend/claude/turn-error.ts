import type { ErrorCode, TurnError } from '@hearth/protocol';
import type { TurnEnded } from '../backend.ts';
import type { WireMessage } from './sdk-message.ts';

/** The binary's own names of failures (`SDKAssistantMessageError`), used where there is no HTTP status. */
const CODE_OF_NAME: Readonly<Record<string, ErrorCode>> = {
  authentication_failed: 'agent_unauthorized',
  oauth_org_not_allowed: 'agent_unauthorized',
  account_on_hold: 'agent_unauthorized',
  verification_required: 'agent_unauthorized',
  cloud_credential_error: 'agent_unauthorized',
  billing_error: 'account_exhausted',
  rate_limit: 'rate_limited',
  overloaded: 'overloaded',
  server_error: 'overloaded',
  invalid_request: 'invalid_request',
  model_not_found: 'invalid_request',
  max_output_tokens: 'invalid_request',
};

const HINTS: Partial<Record<ErrorCode, string>> = {
  agent_unauthorized: 'Check the API key or the log-in of the Claude agent; `hearth doctor` shows what it uses.',
  account_exhausted: 'Add credit to the account, or use another one.',
  rate_limited: 'Wait a little and send the message again.',
  overloaded: 'The model API is busy or broken; send the message again later.',
  invalid_request: 'The model API refused the request; the message is left out of what follows. Send another one.',
  budget_exceeded: 'Raise the limit of the session, or start another one.',
  agent_crashed: 'Send the message again; the conversation is kept.',
};

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'overloaded', 'agent_crashed', 'agent_unavailable']);

/** The code for an HTTP status of the model API, with the API's own `error.type` where it says more. */
export function codeOfFailure(failure: { status?: number | null; type?: string; name?: string }): ErrorCode {
  if (failure.type === 'billing_error' || failure.name === 'billing_error') return 'account_exhausted';
  const { status } = failure;
  if (status === undefined || status === null) return CODE_OF_NAME[failure.name ?? ''] ?? 'overloaded';
  if (status === 401 || status === 403) return 'agent_unauthorized';
  if (status === 402) return 'account_exhausted';
  if (status === 429) return 'rate_limited';
  if (status >= 500 || status === 408) return 'overloaded';
  return 'invalid_request';
}

/** Builds the error of a failed turn with the hint and the retryability of its code. */
export function turnError(code: ErrorCode, message: string, more: { hint?: string; status?: number } = {}): TurnError {
  const hint = more.hint ?? HINTS[code];
  return {
    code,
    message,
    retryable: RETRYABLE.has(code),
    ...(hint === undefined ? {} : { hint }),
    ...(more.status === undefined ? {} : { status: more.status }),
  };
}

export interface FailureContext {
  /** The name on the turn's synthetic error message, where there was one. */
  errorName?: string | undefined;
  model?: string | undefined;
}

/** Why a turn failed, by the result's structured fields; its text is only shown, never searched. */
export function errorOfResult(result: WireMessage, context: FailureContext): TurnError {
  const text = result.result ?? result.errors?.join('\n') ?? '';
  switch (result.subtype) {
    case 'error_max_turns':
      return turnError('budget_exceeded', 'The turn reached its limit of model rounds (maxTurns).');
    case 'error_max_budget_usd':
      return turnError('budget_exceeded', 'The session reached its budget (maxBudgetUsd).');
    case 'success':
      return errorOfApi(result, context, text);
    default:
      return turnError('agent_crashed', text === '' ? 'The agent failed while it worked.' : text);
  }
}

function errorOfApi(result: WireMessage, context: FailureContext, text: string): TurnError {
  const status = result.api_error_status ?? undefined;
  if (result.terminal_reason === 'budget_exhausted') {
    return turnError('budget_exceeded', 'The session reached its budget (maxBudgetUsd).');
  }
  if (result.terminal_reason === 'prompt_too_long') {
    const hint = 'Send /compact, or start another session.';
    return turnError('invalid_request', orElse(text, 'The conversation is too long for the model.'), { hint });
  }
  const code = codeOfFailure({
    ...(status === undefined ? {} : { status }),
    ...(result.api_error_type === undefined ? {} : { type: result.api_error_type }),
    ...(context.errorName === undefined ? {} : { name: context.errorName }),
  });
  const unknownModel = context.errorName === 'model_not_found' || status === 404;
  if (unknownModel) {
    const model = context.model === undefined ? 'The model' : `The model “${context.model}”`;
    return turnError('invalid_request', `${model} is not known to the model API, or not open to this account.`, {
      hint: 'Set another model in the session.',
      ...(status === undefined ? {} : { status }),
    });
  }
  return turnError(code, orElse(text, 'The model API failed.'), status === undefined ? {} : { status });
}

function orElse(text: string, otherwise: string): string {
  return text.trim() === '' ? otherwise : text;
}

/** The model API will not take this conversation as it stands, whoever sends it. */
export function isRefusedRequest(ended: TurnEnded): boolean {
  return ended.outcome === 'failed' && (ended.error.status === 400 || ended.error.status === 413);
}
