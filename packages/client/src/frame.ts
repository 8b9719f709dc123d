import type { AccountsChanged, Event, Heartbeat, SessionsChanged } from '@hearth/protocol';
import type { HearthError } from '@hearth/protocol/errors';
import { serverError } from './errors.ts';

/** One thing that the server said. */
export type Incoming =
  | { type: 'answer'; id: unknown; result: unknown }
  | { type: 'refusal'; id: unknown; error: HearthError }
  | { type: 'event'; event: Event }
  | { type: 'heartbeat'; heartbeat: Heartbeat }
  | { type: 'list'; changed: SessionsChanged }
  | { type: 'accounts'; changed: AccountsChanged }
  /** A notification of a later version of the contract. */
  | { type: 'unknown' };

interface Wire {
  id?: unknown;
  method?: unknown;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: Record<string, unknown> | null };
}

const INVALID = new Set([-32700, -32600, -32601, -32602]);

/**
 * What a text frame says, in order: a JSON-RPC message or a batch of them.
 * @throws SyntaxError or TypeError when the frame is not JSON-RPC
 */
export function readFrame(text: string): Incoming[] {
  const frame: unknown = JSON.parse(text);
  return (Array.isArray(frame) ? frame : [frame]).map((message: unknown) => {
    if (typeof message !== 'object' || message === null) throw new TypeError('The frame holds no JSON-RPC message.');
    return read(message);
  });
}

function read({ id, method, params, result, error }: Wire): Incoming {
  if (method === 'event') return { type: 'event', event: params as Event };
  if (method === 'heartbeat') return { type: 'heartbeat', heartbeat: params as Heartbeat };
  if (method === 'accounts.changed') return { type: 'accounts', changed: params as AccountsChanged };
  if (method === 'sessions.changed') return { type: 'list', changed: params as SessionsChanged };
  if (method !== undefined) return { type: 'unknown' };
  if (error === undefined) return { type: 'answer', id, result };
  const fallback = INVALID.has(error.code) ? 'invalid_request' : 'internal';
  return { type: 'refusal', id, error: serverError(error.message, error.data ?? {}, fallback) };
}
