import { HearthError, toRpcError } from '@hearth/protocol';
import type { RpcError, RpcId } from '@hearth/protocol';
import { parseJson } from './shape.ts';

/** JSON-RPC's own error numbers, for what has no code of Hearth's. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const METHOD_NOT_FOUND = -32601;

/** Each item of a batch has an answer, which is longer than the shortest item by far. */
const MAX_BATCH = 1_000;

/** One request of a client. Without `id` it is a notification, and gets no answer. */
export interface Request {
  type: 'request';
  id: RpcId | undefined;
  method: string;
  params: unknown;
}

/** Something that is not a request; the answer is known already. */
export interface Malformed {
  type: 'malformed';
  id: RpcId;
  error: RpcError;
}

export type Frame =
  | { type: 'single'; item: Request | Malformed }
  | { type: 'batch'; items: readonly (Request | Malformed)[] };

export function parseFrame(text: string): Frame {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    if (error instanceof HearthError) return { type: 'single', item: malformed(error.message) };
    const reason = error instanceof Error ? `: ${error.message}` : '';
    return { type: 'single', item: malformed(`The frame is not JSON${reason}`, PARSE_ERROR) };
  }
  if (!Array.isArray(value)) return { type: 'single', item: toRequest(value) };
  if (value.length === 0) return { type: 'single', item: malformed('A batch must not be empty.') };
  if (value.length > MAX_BATCH) {
    return { type: 'single', item: malformed(`A batch holds at most ${MAX_BATCH} requests.`) };
  }
  return { type: 'batch', items: value.map(toRequest) };
}

export function malformed(message: string, number = INVALID_REQUEST, id: RpcId = null): Malformed {
  const hint = 'Send JSON-RPC 2.0: {"jsonrpc":"2.0","id":1,"method":"ping"}.';
  return { type: 'malformed', id, error: toRpcError(new HearthError('invalid_request', message, { hint }), number) };
}

export function unknownMethod(method: string): RpcError {
  const name = JSON.stringify(method.slice(0, 100));
  const hint = 'PROTOCOL.md, section 5, lists the methods.';
  return toRpcError(new HearthError('invalid_request', `There is no method ${name}.`, { hint }), METHOD_NOT_FOUND);
}

export function encodeResult(id: RpcId, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result) ?? 'null'}}`;
}

export function encodeError(id: RpcId, error: RpcError): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify(error)}}`;
}

function toRequest(value: unknown): Request | Malformed {
  if (!isObject(value)) return malformed('A request must be an object.');
  const id = isId(value['id']) ? value['id'] : null;
  if (value['jsonrpc'] !== '2.0') return malformed('A request must say "jsonrpc": "2.0".', INVALID_REQUEST, id);
  if ('id' in value && !isId(value['id'])) return malformed('An id is a string, a number or null.');
  const { method } = value;
  if (typeof method !== 'string') return malformed('A request must name its method.', INVALID_REQUEST, id);
  return { type: 'request', id: 'id' in value ? id : undefined, method, params: value['params'] ?? {} };
}

function isId(value: unknown): value is RpcId {
  return value === null || typeof value === 'string' || typeof value === 'number';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
