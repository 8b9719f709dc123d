/**
 * The closed list of error codes. HTTP problem documents, JSON-RPC errors and failed turns all use it, so that a
 * client needs one table. This file has no dependencies: the client bundles it.
 */
export const ERROR_CODES = [
  'invalid_request',
  'unauthorized',
  'forbidden',
  'not_found',
  'session_closed',
  'message_delivered',
  'approval_resolved',
  'agent_unavailable',
  'agent_unauthorized',
  'agent_crashed',
  'agent_silent',
  'account_exhausted',
  'budget_exceeded',
  'rate_limited',
  'overloaded',
  'payload_too_large',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** HTTP status of each code. */
export const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  session_closed: 409,
  message_delivered: 409,
  approval_resolved: 409,
  agent_unavailable: 503,
  agent_unauthorized: 502,
  agent_crashed: 502,
  agent_silent: 504,
  account_exhausted: 429,
  budget_exceeded: 402,
  rate_limited: 429,
  overloaded: 503,
  payload_too_large: 413,
  internal: 500,
};

/** JSON-RPC error number of each code. Bad JSON and an unknown method use the standard −32700 and −32601 instead. */
export const RPC_CODE: Readonly<Record<ErrorCode, number>> = {
  invalid_request: -32602,
  unauthorized: -32001,
  forbidden: -32003,
  not_found: -32004,
  session_closed: -32005,
  message_delivered: -32006,
  approval_resolved: -32007,
  agent_unavailable: -32010,
  agent_unauthorized: -32011,
  agent_crashed: -32012,
  agent_silent: -32013,
  account_exhausted: -32014,
  budget_exceeded: -32015,
  rate_limited: -32016,
  overloaded: -32017,
  payload_too_large: -32018,
  internal: -32603,
};

/** One place in a request that has the wrong shape. `path` is dotted, as in `content.0.type`. */
export interface Issue {
  path: string;
  message: string;
}

export interface HearthErrorOptions {
  /** What the reader can do about it, as a sentence. */
  hint?: string;
  /** The wrong places of a request, for `invalid_request`. */
  issues?: Issue[];
  cause?: unknown;
}

/** An error with a code from the closed list, a message for a person and, where there is one, a hint what to do. */
export class HearthError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: Issue[] | undefined;

  constructor(code: ErrorCode, message: string, options: HearthErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HearthError';
    this.code = code;
    this.hint = options.hint;
    this.issues = options.issues;
  }

  /** Turns whatever was thrown into a HearthError; what is not one yet becomes `internal` with the cause kept. */
  static from(thrown: unknown): HearthError {
    if (thrown instanceof HearthError) return thrown;
    return new HearthError('internal', 'Something went wrong inside the server.', {
      hint: 'The server’s log has the details.',
      cause: thrown,
    });
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return (ERROR_CODES as readonly unknown[]).includes(value);
}
