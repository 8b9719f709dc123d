/** Error types of the Messages API, by HTTP status. Source: the errors page of Anthropic's API reference. */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const MESSAGES: Readonly<Record<number, string>> = {
  400: 'messages: the scripted model refuses this request as invalid',
  401: 'invalid x-api-key',
  402: 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  403: 'Your API key does not have permission to use the specified resource.',
  404: 'Not found',
  413: 'Request exceeds the maximum size',
  429: "This request would exceed your organization's rate limit. Please try again later.",
  500: 'Internal server error',
  504: 'Request timed out',
  529: 'Overloaded',
};

/** An answer of the API that is an error: status, the body's `error.type` and `error.message`, further headers. */
export interface ApiFailure {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Fills in what the real API says for a status, where it is not given. A 429 carries `retry-after` (seconds). */
export function apiFailure(
  status: number,
  given: {
    type?: string;
    message?: string;
    headers?: Readonly<Record<string, string>>;
    retryAfterSeconds?: number;
  } = {},
): ApiFailure {
  const retryAfter = status === 429 ? { 'retry-after': String(given.retryAfterSeconds ?? 1) } : {};
  return {
    status,
    type: given.type ?? ERROR_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'),
    message: given.message ?? MESSAGES[status] ?? `HTTP status ${status}`,
    headers: { ...retryAfter, ...given.headers },
  };
}

/** The JSON body of an error answer. */
export function errorBody(failure: ApiFailure, requestId: string): string {
  const { type, message } = failure;
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: requestId });
}
