import { createServer } from 'node:http';
import type { Bill } from './bill.ts';
import { systemClock, type Clock } from './fake-clock.ts';
import { MessagesEndpoint } from './messages-endpoint.ts';
import { PromptCache } from './prompt-cache.ts';
import { RequestLog, type RecordedRequest, type RequestListener } from './request-log.ts';
import type { ApiUsage } from './reply.ts';
import type { RequestScript } from './request-script.ts';
import { ScriptedModel } from './scripted-model.ts';

export interface MessagesApiOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  readonly script?: RequestScript;
  /** Pause between the words of `say`, `think` and echoes. Default 0. */
  readonly wordDelayMs?: number;
  /** `retry-after` of a 429, in seconds. Default 1. */
  readonly retryAfterSeconds?: number;
  /** How many requests, and how many bills, are kept; older ones are dropped. Default 1,000. */
  readonly logLimit?: number;
  /** Keys that are let in; default: any. Another key gets 401. */
  readonly apiKeys?: readonly string[];
  /** Default: the real time. */
  readonly clock?: Clock;
}

/** A running scripted Messages API. */
export interface MessagesApi {
  /** For `ANTHROPIC_BASE_URL`: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** The `POST /v1/messages` in order, at most `logLimit`. */
  readonly requests: readonly RecordedRequest[];
  /** One for each call whose answer began, in the order in which they were over, at most `logLimit`. */
  readonly bills: readonly Bill[];
  /** The sum of all bills since the start or the last reset. */
  readonly billed: ApiUsage;
  /** Replaces the script by code; `undefined` takes it away. */
  setScript(script: RequestScript | undefined): void;
  /**
   * What a cut waits for when its deltas are sent: that the client has read them, for a client that is busy may throw away
   * what it finds together with the break. `undefined`, the default: 50 ms.
   */
  setBeforeCut(read: (() => Promise<unknown>) | undefined): void;
  /**
   * The first request, past or to come, that matches (default: any); looked at when it arrives and when its outcome is
   * known. Rejects after `timeoutMs` (default 10,000).
   */
  waitForRequest(
    matches?: (request: RecordedRequest) => boolean,
    options?: { timeoutMs?: number },
  ): Promise<RecordedRequest>;
  /** `request`: one came. `outcome`: it was answered, failed, was cut or aborted. Gives the unsubscribe. */
  on(event: 'request' | 'outcome', listener: RequestListener): () => void;
  /** Forgets requests, billing, caches and attempts, and takes away the script by code and what a cut waits for. Streams that run go on. */
  reset(): void;
  /** Ends every connection and stops. */
  close(): Promise<void>;
}

/**
 * Starts a scripted Anthropic Messages API on loopback. It answers by the directives in the prompt, or by code.
 *
 * @throws when the port is taken
 */
export async function startMessagesApi(options: MessagesApiOptions = {}): Promise<MessagesApi> {
  const logLimit = options.logLimit ?? 1_000;
  const log = new RequestLog(logLimit);
  const endpoint = new MessagesEndpoint({
    log,
    billLimit: logLimit,
    model: new ScriptedModel(),
    makeCache: () => new PromptCache(),
    clock: options.clock ?? systemClock,
    script: options.script,
    wordDelayMs: options.wordDelayMs ?? 0,
    retryAfterSeconds: options.retryAfterSeconds ?? 1,
    apiKeys: options.apiKeys,
  });
  const server = createServer((request, response) => void endpoint.handle(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  const { port } = address;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: log.requests,
    get bills() {
      return endpoint.bills;
    },
    get billed() {
      return endpoint.billed;
    },
    setScript: (script) => endpoint.setScript(script),
    setBeforeCut: (read) => endpoint.setBeforeCut(read),
    waitForRequest: (matches = () => true, { timeoutMs = 10_000 } = {}) => log.waitFor(matches, timeoutMs),
    on: (event, listener) => log.on(event, listener),
    reset: () => endpoint.reset(),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}
