import {
  AUTH_TIMEOUT_MS,
  authParamsSchema,
  CLOSE_CODES,
  HearthError,
  MAX_FRAME_BYTES,
  OPERATIONS,
  paramsSchema,
  subscribeParamsSchema,
  toRpcError,
  unsubscribeParamsSchema,
} from '@hearth/protocol';
import type { OperationName, RpcError } from '@hearth/protocol';
import type { z } from 'zod';
import type { Accounts } from '../account/accounts.ts';
import type { Auth, Identity } from '../auth/auth.ts';
import type { Sessions } from '../router/sessions.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { ACCOUNT_WATCH_LIMITS, AccountWatch } from './account-watch.ts';
import type { AccountWatchLimits } from './account-watch.ts';
import type { ClientSocket } from './client-socket.ts';
import { LIST_WATCH_LIMITS, ListWatch } from './list-watch.ts';
import type { ListWatchLimits } from './list-watch.ts';
import { Liveness, LIVENESS_LIMITS } from './liveness.ts';
import type { LivenessLimits } from './liveness.ts';
import { known, perform } from './operations.ts';
import type { Operations } from './operations.ts';
import { Outbox, OUTBOX_LIMITS } from './outbox.ts';
import type { OutboxLimits } from './outbox.ts';
import { encodeError, encodeResult, malformed, parseFrame, unknownMethod } from './rpc-frame.ts';
import type { Malformed, Request } from './rpc-frame.ts';
import { shaped } from './shape.ts';
import { Subscriptions } from './subscriptions.ts';

export interface ConnectionLimits extends OutboxLimits, LivenessLimits, ListWatchLimits, AccountWatchLimits {
  authTimeoutMs: number;
  maxAuthAttempts: number;
  /** What a client may send before it has shown a token, in characters: to read JSON takes time, which is for those who may have it. */
  maxUnauthorizedLength: number;
  maxSubscriptions: number;
  /** Requests that were begun and not answered yet. */
  maxConcurrentRequests: number;
  /** Answers that a client may leave unread. Events do not count: they wait in the log. */
  maxUnreadBytes: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  ...OUTBOX_LIMITS,
  ...LIVENESS_LIMITS,
  ...LIST_WATCH_LIMITS,
  ...ACCOUNT_WATCH_LIMITS,
  authTimeoutMs: AUTH_TIMEOUT_MS,
  maxAuthAttempts: 5,
  maxUnauthorizedLength: 64 * 1024,
  maxSubscriptions: 10_000,
  maxConcurrentRequests: 1_000,
  maxUnreadBytes: 64 * 1024 * 1024,
};

export interface ConnectionOptions {
  sessions: Sessions;
  operations: Operations;
  auth: Auth;
  accounts: Accounts;
  log: Log;
  metrics: Metrics;
  /** Who was recognised by the headers of the upgrade; null: the first request must be `auth`. */
  identity: Identity | null;
  limits?: Partial<ConnectionLimits>;
}

type State =
  | { type: 'anonymous'; failedAttempts: number }
  /** Later requests wait for the outcome, in their order. */
  | { type: 'authenticating'; failedAttempts: number; outcome: Promise<unknown> }
  | { type: 'authenticated'; identity: Identity }
  | { type: 'closed' };

/** What a request came to, and what begins once the answer is on its way. */
type Reply = { type: 'result'; result: unknown; begin?: () => void } | { type: 'error'; error: RpcError };

/** RFC 6455: the client broke a rule of this server. */
const POLICY_VIOLATION = 1008;

const operationSchemas = new Map<string, z.ZodType>(
  Object.values(OPERATIONS).map((operation) => [operation.name, paramsSchema(operation)]),
);

/**
 * One client on one WebSocket: JSON-RPC requests in, answers and events out. Requests begin in the order they came and
 * are answered as they are done; nothing that a client sends can end anything but its own connection.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #limits: ConnectionLimits;
  readonly #socket: ClientSocket;
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #listWatch: ListWatch;
  readonly #accountWatch: AccountWatch;
  readonly #liveness: Liveness;
  readonly #stopListening: () => void;
  #state: State;
  #authDeadline: NodeJS.Timeout | null = null;
  #unauthorizedLength = 0;
  #running = 0;

  constructor(socket: ClientSocket, options: ConnectionOptions) {
    this.#options = options;
    this.#limits = { ...CONNECTION_LIMITS, ...options.limits };
    this.#socket = socket;
    this.#outbox = new Outbox(socket, this.#limits, {
      written: () => this.#liveness.written(),
      drained: () => {
        this.#subscriptions.drained();
        this.#listWatch.drained();
        this.#accountWatch.drained();
      },
    });
    this.#subscriptions = new Subscriptions({
      sessions: options.sessions,
      outbox: this.#outbox,
      metrics: options.metrics,
      maxSubscriptions: this.#limits.maxSubscriptions,
    });
    const { sessions, accounts, log } = options;
    this.#listWatch = new ListWatch({ sessions, log, outbox: this.#outbox, limits: this.#limits });
    this.#accountWatch = new AccountWatch({ accounts, outbox: this.#outbox, limits: this.#limits });
    this.#liveness = new Liveness(socket, this.#limits, {
      tick: () => this.#endIfExpired(),
      silent: () => this.#dropSilent(),
    });
    this.#stopListening = options.auth.onRevoked((tokenId) => this.#revoked(tokenId));
    this.#state =
      options.identity === null
        ? { type: 'anonymous', failedAttempts: 0 }
        : { type: 'authenticated', identity: options.identity };
    if (options.identity === null) {
      const late = () => this.close(CLOSE_CODES.unauthorized, 'no token came in time');
      this.#authDeadline = setTimeout(late, this.#limits.authTimeoutMs);
    }
    options.metrics.connectionOpened();
  }

  /** Takes one text frame. Never throws. */
  receive(text: string): void {
    if (this.#state.type === 'closed') return;
    if (this.#state.type === 'anonymous') {
      this.#unauthorizedLength += text.length;
      if (this.#unauthorizedLength > this.#limits.maxUnauthorizedLength) {
        this.close(CLOSE_CODES.unauthorized, 'too much was sent without a token');
        return;
      }
    }
    const frame = parseFrame(text);
    void (frame.type === 'single' ? this.#serve(frame.item) : this.#serveBatch(frame.items));
  }

  /** Takes note of a binary frame, which this protocol does not have. */
  receiveBinary(): void {
    const { id, error } = malformed('Frames must be text, not binary.');
    this.#answer(encodeError(id, error));
  }

  pong(): void {
    this.#liveness.pong();
  }

  /** The socket is gone. */
  disconnected(): void {
    if (this.#state.type === 'closed') return;
    this.#state = { type: 'closed' };
    this.#stopListening();
    this.#clearAuthDeadline();
    this.#liveness.stop();
    this.#subscriptions.close();
    this.#listWatch.stop();
    this.#accountWatch.stop();
    this.#outbox.close();
    this.#options.metrics.connectionClosed();
  }

  close(code: number, reason: string): void {
    if (this.#state.type === 'closed') return;
    this.disconnected();
    this.#socket.close(code, reason);
  }

  async #serve(item: Request | Malformed): Promise<void> {
    const { text, begin } = await this.#perform(item);
    if (text !== null) this.#answer(text);
    begin?.();
  }

  async #serveBatch(items: readonly (Request | Malformed)[]): Promise<void> {
    const texts = items.map((): string | null => null);
    let length = 0;
    const send = (): void => {
      const ready = texts.filter((text) => text !== null);
      if (ready.length > 0) this.#answer(`[${ready.join(',')}]`);
      texts.fill(null);
      length = 0;
    };
    const take = async (item: Request | Malformed, place: number): Promise<(() => void) | undefined> => {
      const { text, begin } = await this.#perform(item);
      if (text === null) return begin;
      if (length + text.length > MAX_FRAME_BYTES) send();
      texts[place] = text;
      length += text.length;
      return begin;
    };
    const begins = await Promise.all(items.map(take));
    send();
    for (const begin of begins) begin?.();
  }

  /** Never rejects. `text` is null for what gets no answer. */
  async #perform(item: Request | Malformed): Promise<{ text: string | null; begin?: () => void }> {
    if (item.type === 'malformed') return { text: encodeError(item.id, item.error) };
    const { id, method } = item;
    const startedAt = performance.now();
    const reply = await this.#reply(item);
    const outcome = reply.type === 'error' ? reply.error.data.code : 'ok';
    this.#options.metrics.rpcAnswered(isMethod(method) ? method : 'unknown', outcome, performance.now() - startedAt);
    const begin = reply.type === 'result' && reply.begin !== undefined ? { begin: reply.begin } : {};
    if (id === undefined) return { text: null, ...begin };
    const text = reply.type === 'error' ? encodeError(id, reply.error) : encodeResult(id, reply.result);
    return { text, ...begin };
  }

  /** Runs synchronously up to the operation's own first wait, which is what keeps requests in order. */
  async #reply({ method, params }: Request): Promise<Reply> {
    if (this.#running >= this.#limits.maxConcurrentRequests) {
      const hint = 'Wait for answers before sending more.';
      const message = `More than ${this.#limits.maxConcurrentRequests} requests are waiting on this socket.`;
      return { type: 'error', error: toRpcError(new HearthError('rate_limited', message, { hint })) };
    }
    this.#running += 1;
    try {
      if (method === 'auth') return await this.#authenticate(params);
      while (this.#state.type === 'authenticating') await this.#state.outcome;
      if (this.#state.type !== 'authenticated') throw unauthorized();
      return await this.#execute(this.#state.identity, method, params);
    } catch (thrown) {
      const error = HearthError.from(thrown);
      if (error.code === 'internal') this.#options.log.error({ err: thrown, method }, 'a request failed');
      return { type: 'error', error: toRpcError(error) };
    } finally {
      this.#running -= 1;
    }
  }

  async #execute(identity: Identity, method: string, params: unknown): Promise<Reply> {
    if (isOperation(method)) return { type: 'result', result: await this.#operate(method, identity, params) };
    switch (method) {
      case 'ping':
        return { type: 'result', result: { time: new Date().toISOString() } };
      case 'session.subscribe': {
        const { sessionId, after = 0 } = shaped(subscribeParamsSchema, params);
        return { type: 'result', ...(await this.#subscriptions.subscribe(known(sessionId), after)) };
      }
      case 'session.unsubscribe': {
        const { sessionId } = shaped(unsubscribeParamsSchema, params);
        await this.#subscriptions.unsubscribe(sessionId);
        return { type: 'result', result: {} };
      }
      case 'sessions.watch':
        return { type: 'result', result: {}, begin: () => this.#watchList() };
      case 'sessions.unwatch':
        this.#listWatch.stop();
        return { type: 'result', result: {} };
      case 'accounts.watch':
        this.#accountWatch.start();
        return { type: 'result', result: { items: this.#options.accounts.list() } };
      case 'accounts.unwatch':
        this.#accountWatch.stop();
        return { type: 'result', result: {} };
      default:
        return { type: 'error', error: unknownMethod(method) };
    }
  }

  #watchList(): void {
    if (this.#state.type === 'authenticated') this.#listWatch.start();
  }

  #operate(method: OperationName, identity: Identity, params: unknown): Promise<unknown> {
    const schema = operationSchemas.get(method);
    if (schema === undefined) throw new Error(`no schema for ${method}`);
    return perform(this.#options.operations, method, identity, shaped(schema, params));
  }

  async #authenticate(params: unknown): Promise<Reply> {
    const { token } = shaped(authParamsSchema, params);
    while (this.#state.type === 'authenticating') await this.#state.outcome;
    if (this.#state.type === 'closed') throw unauthorized();
    const before = this.#state;
    const outcome = this.#options.auth.bearer(token);
    if (before.type === 'anonymous') {
      const settled = outcome.then(
        (identity) => this.#settle(before.failedAttempts, identity),
        () => this.#settle(before.failedAttempts, null),
      );
      this.#state = { ...before, type: 'authenticating', outcome: settled };
      await settled;
    }
    const identity = await outcome;
    if (identity === null) throw unauthorized('The token is not valid.');
    if (before.type === 'authenticated') this.#settle(0, identity);
    return { type: 'result', result: { principal: identity.principal } };
  }

  #settle(failedAttempts: number, identity: Identity | null): void {
    if (this.#state.type === 'closed') return;
    if (identity !== null) {
      this.#clearAuthDeadline();
      this.#state = { type: 'authenticated', identity };
      return;
    }
    this.#state = { type: 'anonymous', failedAttempts: failedAttempts + 1 };
    if (failedAttempts + 1 < this.#limits.maxAuthAttempts) return;
    setImmediate(() => this.close(CLOSE_CODES.unauthorized, 'too many wrong tokens'));
  }

  #answer(text: string): void {
    if (this.#state.type === 'closed') return;
    this.#outbox.answer(text);
    if (this.#outbox.pendingBytes > this.#limits.maxUnreadBytes) {
      this.close(POLICY_VIOLATION, 'answers are not read');
    }
  }

  #revoked(tokenId: string): void {
    if (this.#state.type !== 'authenticated' || this.#state.identity.tokenId !== tokenId) return;
    this.close(CLOSE_CODES.unauthorized, 'the token was revoked');
  }

  #endIfExpired(): void {
    if (this.#state.type !== 'authenticated') return;
    const { expiresAtMs } = this.#state.identity;
    if (expiresAtMs !== null && expiresAtMs <= Date.now()) this.close(CLOSE_CODES.unauthorized, 'the token expired');
  }

  #dropSilent(): void {
    this.close(CLOSE_CODES.silent, 'pings were not answered');
    this.#socket.terminate();
  }

  #clearAuthDeadline(): void {
    if (this.#authDeadline !== null) clearTimeout(this.#authDeadline);
    this.#authDeadline = null;
  }
}

function unauthorized(message = 'This socket has not been authenticated.'): HearthError {
  return new HearthError('unauthorized', message, {
    hint: 'Send auth {"token": "…"} first, or put the token into the Authorization header of the upgrade.',
  });
}

function isOperation(method: string): method is OperationName {
  return Object.hasOwn(OPERATIONS, method);
}

const SOCKET_METHODS: ReadonlySet<string> = new Set([
  'auth',
  'ping',
  'session.subscribe',
  'session.unsubscribe',
  'sessions.watch',
  'sessions.unwatch',
  'accounts.watch',
  'accounts.unwatch',
]);

function isMethod(method: string): boolean {
  return isOperation(method) || SOCKET_METHODS.has(method);
}
