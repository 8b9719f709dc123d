import type { Buffer } from 'node:buffer';
import { WireSocket } from './socket.ts';

interface Answer {
  id: number;
  result?: unknown;
  error?: { message: string };
}

const RESPONSE_HEAD = '{"jsonrpc":"2.0","id":';

/** In the first notification of an answer: on a machine that is busy its deltas may have gone into the whole block. */
export const ANSWER_BEGINS = ['"type":"block.delta"', '"type":"block.completed"'];
export const TURN_IS_OVER = '"type":"message.completed"';

/** One client of a Hearth server. Notifications are handed over as bytes; whoever wants to know parses them. */
export class HearthClient {
  readonly #socket: WireSocket;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  readonly #expected = new Set<{ texts: readonly string[]; resolve: () => void }>();
  #lastId = 0;
  onNotification: (payload: Buffer) => void = () => undefined;

  private constructor(socket: WireSocket) {
    this.#socket = socket;
    socket.onText = (payload) => this.#take(payload);
    socket.onClose = () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error('the server closed the connection'));
    };
  }

  static async open(url: string, token: string): Promise<HearthClient> {
    const headers = { authorization: `Bearer ${token}`, 'sec-websocket-protocol': 'hearth.v1' };
    return new HearthClient(await WireSocket.open({ url, path: '/v1/ws', headers }));
  }

  call<Result>(method: string, params: object): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return answer as Promise<Result>;
  }

  /** Resolves with the first notification that has one of the texts. */
  next(...texts: string[]): Promise<void> {
    return new Promise((resolve) => {
      this.#expected.add({ texts, resolve });
    });
  }

  close(): void {
    this.#socket.cut();
  }

  #take(payload: Buffer): void {
    if (payload.toString('latin1', 0, RESPONSE_HEAD.length) !== RESPONSE_HEAD) {
      this.#notified(payload);
      return;
    }
    const { id, result, error } = JSON.parse(payload.toString('utf8')) as Answer;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }

  #notified(payload: Buffer): void {
    this.onNotification(payload);
    for (const expected of this.#expected) {
      if (!expected.texts.some((text) => payload.includes(text))) continue;
      this.#expected.delete(expected);
      expected.resolve();
    }
  }
}
