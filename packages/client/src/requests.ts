import { HearthError } from '@hearth/protocol/errors';
import { MAX_FRAME_BYTES } from '@hearth/protocol/version';
import { ConnectionLostError } from './errors.ts';
import type { ClientError } from './errors.ts';

/** What to do with a request whose connection breaks before its answer. */
export type OnLoss =
  /** Send it again over the next connection. */
  | 'repeat'
  /** It fails, since it may have been done; one that was not sent yet still waits. */
  | 'fail'
  /** It belongs to this connection alone. */
  | 'drop';

export interface Request {
  method: string;
  params: object;
  onLoss: OnLoss;
  /** Called while the frame with the answer is read, before what follows in it. */
  answered(result: unknown): void;
  /** `sends`: how often it was sent. */
  failed(error: ClientError, sends: number): void;
}

/** How many requests may be without an answer at once; the others wait. The server refuses more than 1,000. */
const MAX_IN_FLIGHT = 250;

interface Pending {
  request: Request;
  text: string;
  sends: number;
  waits: boolean;
}

/** The requests without an answer yet, in the order in which they were made. */
export class Requests {
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #waiting = 0;

  /** Keeps a request until {@link flush}. Returns its id, by which it can be given up. */
  add(request: Request): number {
    const id = ++this.#lastId;
    const text = JSON.stringify({ jsonrpc: '2.0', id, method: request.method, params: request.params });
    this.#pending.set(id, { request, text, sends: 0, waits: true });
    this.#waiting += 1;
    if (isTooLarge(text)) {
      const error = new HearthError('payload_too_large', `The request is larger than ${MAX_FRAME_BYTES} bytes.`, {
        hint: 'Send smaller or fewer images, or send it over HTTP, which takes larger bodies.',
      });
      this.#settle(id, (request) => request.failed(error, 0));
    }
    return id;
  }

  /** Sends what waits, as long as not too many are in flight. */
  flush(send: (text: string) => void): void {
    if (this.#waiting === 0) return;
    for (const pending of this.#pending.values()) {
      if (this.#pending.size - this.#waiting >= MAX_IN_FLIGHT) return;
      if (!pending.waits) continue;
      pending.waits = false;
      this.#waiting -= 1;
      pending.sends += 1;
      send(pending.text);
    }
  }

  answer(id: unknown, result: unknown): void {
    this.#settle(id, (request) => request.answered(result));
  }

  refuse(id: unknown, error: HearthError): void {
    this.#settle(id, (request, sends) => request.failed(error, sends));
  }

  giveUp(id: number): void {
    this.#take(id);
  }

  /** The connection broke. */
  lost(reason: string): void {
    for (const [id, pending] of this.#pending) {
      const { onLoss } = pending.request;
      if (onLoss === 'repeat' || (onLoss === 'fail' && pending.waits)) {
        if (!pending.waits) this.#waiting += 1;
        pending.waits = true;
        continue;
      }
      this.#settle(id, (request, sends) => request.failed(lostError(request.method, reason), sends));
    }
  }

  /** Nothing will be answered any more. */
  failAll(error: ClientError): void {
    for (const id of this.#pending.keys()) this.#settle(id, (request, sends) => request.failed(error, sends));
  }

  #settle(id: unknown, settle: (request: Request, sends: number) => void): void {
    const pending = this.#take(id);
    if (pending !== undefined) settle(pending.request, pending.sends);
  }

  #take(id: unknown): Pending | undefined {
    if (typeof id !== 'number') return undefined;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending?.waits === true) this.#waiting -= 1;
    return pending;
  }
}

function isTooLarge(text: string): boolean {
  if (text.length * 3 <= MAX_FRAME_BYTES) return false;
  return new TextEncoder().encode(text).length > MAX_FRAME_BYTES;
}

function lostError(method: string, reason: string): ConnectionLostError {
  return new ConnectionLostError(
    `The connection broke before ${method} was answered; whether it was done is unknown. ${reason}`,
    'Look whether it was done before you ask for it again.',
  );
}
