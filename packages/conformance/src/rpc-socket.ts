import type { Event } from '@hearth/protocol';
import { WebSocket } from 'ws';
import type { Target } from './target.ts';

const ANSWER_TIMEOUT_MS = 30_000;

export interface RpcAnswer {
  result?: unknown;
  error?: { code: number; message: string; data?: { code?: string; hint?: string } };
}

type Notice = { method: string; params: unknown };

/** A bare JSON-RPC client on one WebSocket; it repairs nothing and hides nothing. */
export class RpcSocket {
  readonly raw: WebSocket;
  /** Every event notification so far, in order, whatever its session. */
  readonly events: Event[] = [];
  readonly notices: Notice[] = [];
  readonly #pending = new Map<number, (answer: RpcAnswer) => void>();
  readonly #waiting = new Set<() => void>();
  #lastId = 0;
  /** Close code, when it is closed. */
  closedWith: number | null = null;
  /** Answers to frames that had no id of ours. */
  readonly strays: RpcAnswer[] = [];

  private constructor(raw: WebSocket) {
    this.raw = raw;
    raw.on('message', (data: Buffer) => this.#take(data.toString('utf8')));
    raw.on('close', (code) => {
      this.closedWith = code;
      for (const answer of this.#pending.values()) answer({ error: { code: 0, message: `closed with ${code}` } });
      this.#wake();
    });
  }

  /** `authorized: false`: without a token. */
  static async open(
    target: Target,
    options: { authorized?: boolean; headers?: Record<string, string> } = {},
  ): Promise<RpcSocket> {
    const headers = {
      ...(options.authorized === false ? {} : { authorization: `Bearer ${target.token}` }),
      ...options.headers,
    };
    const raw = new WebSocket(`${target.baseUrl.replace(/^http/, 'ws')}/v1/ws`, 'hearth.v1', { headers });
    const socket = new RpcSocket(raw);
    await new Promise<void>((resolve, reject) => {
      raw.once('open', resolve);
      raw.once('error', reject);
    });
    return socket;
  }

  /** The answer, be it a result or an error. */
  ask(method: string, params: unknown): Promise<RpcAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no answer to ${method} in ${ANSWER_TIMEOUT_MS} ms`)),
        ANSWER_TIMEOUT_MS,
      );
      this.#pending.set(id, (answer) => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve(answer);
      });
      this.raw.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** The result; an error answer is thrown. */
  async call<Result>(method: string, params: unknown): Promise<Result> {
    const { result, error } = await this.ask(method, params);
    if (error !== undefined) throw new Error(`${method}: ${error.data?.code ?? error.code} ${error.message}`);
    return result as Result;
  }

  /** Sends a frame as it is. */
  frame(text: string): void {
    this.raw.send(text);
  }

  /** Resolves when the condition holds; looks again whenever something arrives. */
  async until(what: string, holds: () => boolean, timeoutMs = 30_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!holds()) {
      const left = end - Date.now();
      if (left <= 0)
        throw new Error(`waited ${timeoutMs} ms for: ${what}; last event: ${JSON.stringify(this.events.at(-1))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, Math.min(left, 1_000));
        const waiting = this.#waiting;
        waiting.add(done);
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
      });
    }
  }

  /** The events of one session so far. */
  of(sessionId: string): Event[] {
    return this.events.filter((event) => event.sessionId === sessionId);
  }

  async close(): Promise<void> {
    this.raw.close();
    await this.until('the socket to close', () => this.closedWith !== null, 5_000);
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.raw.terminate();
  }

  #take(text: string): void {
    const parsed = JSON.parse(text) as unknown;
    for (const message of Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]) this.#one(message as RpcMessage);
    this.#wake();
  }

  #one(message: RpcMessage): void {
    if (message.method !== undefined) {
      this.notices.push({ method: message.method, params: message.params });
      if (message.method === 'event') this.events.push(message.params as Event);
      return;
    }
    const answer = typeof message.id === 'number' ? this.#pending.get(message.id) : undefined;
    const { result, error } = message;
    const plain: RpcAnswer = error === undefined ? { result } : { error };
    if (answer === undefined) this.strays.push(plain);
    else answer(plain);
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}

interface RpcMessage extends RpcAnswer {
  id?: number | string | null;
  method?: string;
  params?: unknown;
}
