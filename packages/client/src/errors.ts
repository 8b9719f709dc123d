import { HearthError, isErrorCode } from '@hearth/protocol/errors';
import type { ErrorCode, Issue } from '@hearth/protocol';

export { HearthError } from '@hearth/protocol/errors';

/**
 * The connection broke after a request was sent and before its answer came, and the request may not be sent twice.
 * Whether the server has done it is unknown.
 */
export class ConnectionLostError extends Error {
  readonly code = 'connection_lost';
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ConnectionLostError';
    this.hint = hint;
  }
}

/** What was asked for was still open, or was asked for, after `hearth.close()`. */
export class ClientClosedError extends Error {
  readonly code = 'client_closed';

  constructor() {
    super('The client was closed.');
    this.name = 'ClientClosedError';
  }
}

/** The text of a turn was awaited whose message was cancelled before the agent got it. */
export class MessageCancelledError extends Error {
  readonly code = 'message_cancelled';

  constructor(reason?: string) {
    super(`The message was cancelled before it was delivered${reason === undefined ? '' : `: ${reason}`}.`);
    this.name = 'MessageCancelledError';
  }
}

/** What a request, a feed or a turn can fail with. Each has a `code`. */
export type ClientError = HearthError | ConnectionLostError | ClientClosedError;

/** What the server says about an error, in a JSON-RPC error's `data` or in a problem document. */
export interface ErrorDetails {
  code?: unknown;
  hint?: unknown;
  issues?: unknown;
}

/** The server's error as a HearthError. A code from a later version of the contract becomes `internal`. */
export function serverError(message: string, details: ErrorDetails, fallback: ErrorCode = 'internal'): HearthError {
  return new HearthError(isErrorCode(details.code) ? details.code : fallback, message, {
    ...(typeof details.hint === 'string' ? { hint: details.hint } : {}),
    ...(Array.isArray(details.issues) ? { issues: details.issues as Issue[] } : {}),
  });
}
