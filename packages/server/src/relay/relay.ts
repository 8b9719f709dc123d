import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccountMode } from '../account/select.ts';
import type { Clock } from '../concurrency/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { chooseAccount } from './choice.ts';
import { Lane } from './lane.ts';
import type { AccountSource, LaneSession, RelayPolicy } from './lane.ts';
import { ModelCall } from './model-call.ts';
import type { CallParts } from './model-call.ts';
import { Ramp } from './ramp.ts';
import { readTarget } from './target.ts';
import { Upstream } from './upstream.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const TOKEN_BYTES = 24;

export interface RelayDeps {
  accounts: AccountSource;
  policy: RelayPolicy;
  clock: Clock;
  log: Log;
  /** From 0 (inclusive) to 1 (exclusive); default: by chance. */
  random?: () => number;
}

/** Where the processes of agents with accounts have their model API. */
export interface RelayAddress {
  /** `http://127.0.0.1:PORT` */
  url: string;
  lane: Lane;
}

/**
 * The way from agents to their model API. An agent that has accounts is never given a secret: its process talks to this
 * server on loopback, with a token that is worth nothing elsewhere, and the relay makes the call with the account of the
 * session. So an account can be changed inside a turn, and what is used is counted call by call.
 */
export class Relay {
  readonly #deps: RelayDeps;
  readonly #parts: CallParts;
  readonly #lanes = new Map<string, Lane>();
  readonly #ramps = new Map<string, Ramp>();
  #server: Promise<Server> | undefined;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
    const { accounts, policy, clock, random = Math.random } = deps;
    this.#parts = {
      accounts,
      upstream: new Upstream(),
      policy,
      clock,
      random,
      rampOf: (accountId) => this.#rampOf(accountId),
      lastChosen: { id: null },
    };
  }

  /** What kind of account a session would begin with. */
  mode(agent: string, pinned: string | null, current: string | null): AccountMode {
    const { accounts } = this.#deps;
    if (!accounts.has(agent)) return 'none';
    const choice = chooseAccount(this.#parts, { agent, pinned, current }, undefined);
    const candidate = choice.type === 'account' ? choice.candidate : accounts.candidates(agent)[0];
    return candidate?.kind === 'oauth' ? 'subscription' : 'key';
  }

  /** Opens a way for a process; it is closed with the process. */
  async open(session: LaneSession): Promise<RelayAddress> {
    this.#server ??= this.#listen();
    const server = await this.#server;
    const lane = new Lane(`sk-ant-api03-hearth-${randomBytes(TOKEN_BYTES).toString('base64url')}`, session);
    this.#lanes.set(lane.token, lane);
    lane.closed.addEventListener('abort', () => this.#lanes.delete(lane.token), { once: true });
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, lane };
  }

  async close(): Promise<void> {
    for (const lane of this.#lanes.values()) lane.close();
    const server = await this.#server;
    if (server !== undefined) {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    }
    await this.#parts.upstream.close();
  }

  async #listen(): Promise<Server> {
    const server = createServer((request, response) => void this.#handle(request, response));
    // An agent waits for as long as it takes to get an answer.
    server.requestTimeout = 0;
    // A connection that is closed just when the agent asks again over it would look like a broken answer.
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    server.unref();
    return server;
  }

  #rampOf(accountId: string): Ramp {
    const known = this.#ramps.get(accountId);
    if (known !== undefined) return known;
    const ramp = new Ramp(() => this.#deps.clock.now());
    this.#ramps.set(accountId, ramp);
    return ramp;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = readTarget(request.url ?? '');
    if (target !== null && (request.method === 'HEAD' || target.pathname === '/api/hello')) {
      request.resume();
      response.writeHead(200).end();
      return;
    }
    const lane = this.#lanes.get(tokenOf(request));
    if (lane === undefined || target === null || !isServed(request.method, target.pathname)) {
      request.resume();
      if (lane === undefined) sendError(response, 401, 'authentication_error', 'The token of this agent is not known.');
      else sendError(response, 404, 'not_found_error', `Not found: ${target?.pathname ?? request.url}`);
      return;
    }
    const away = new AbortController();
    response.on('close', () => away.abort());
    const gone = AbortSignal.any([away.signal, lane.closed]);
    try {
      const body = await readBody(request);
      if (body === null) {
        sendError(response, 413, 'request_too_large', 'The request is larger than any model API takes.');
        return;
      }
      await new ModelCall(lane, { request, response, target, body, model: modelOf(body), gone }, this.#parts).run();
    } catch (error) {
      if (!gone.aborted) {
        this.#deps.log.error(
          { err: error, sessionId: lane.session.sessionId },
          'a call of the model API failed inside',
        );
      }
      if (response.headersSent) response.destroy();
      else sendError(response, 500, 'api_error', 'The call failed inside the relay.');
    }
  }
}

/** What an agent needs of the Messages API, and nothing else of what an account can do. */
function isServed(method: string | undefined, path: string): boolean {
  if (method === 'POST') return path === '/v1/messages' || path === '/v1/messages/count_tokens';
  return method === 'GET' && (path === '/v1/models' || path.startsWith('/v1/models/'));
}

function tokenOf({ headers }: IncomingMessage): string {
  const key = headers['x-api-key'];
  if (typeof key === 'string') return key;
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

function modelOf(body: Buffer): string | undefined {
  if (body.length === 0) return undefined;
  // It stands in front in what the binary writes; a conversation can be megabytes.
  const early = /^\{"model":"([^"\\]+)"/.exec(body.subarray(0, 256).toString('latin1'))?.[1];
  if (early !== undefined) return early;
  try {
    const { model } = JSON.parse(body.toString('utf8')) as { model?: unknown };
    return typeof model === 'string' ? model : undefined;
  } catch {
    return undefined;
  }
}

/** Null: it is too large. It is read to its end then too, or the agent would not read the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks);
}

function sendError(response: ServerResponse, status: number, type: string, message: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'x-should-retry': 'false' });
  response.end(JSON.stringify({ type: 'error', error: { type, message } }));
}
