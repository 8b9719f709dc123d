import type { Account, Approval, Event, EventBody, Message, Session, SessionsChanged } from '@hearth/protocol';
import { FakeSocket } from './fake-socket.ts';
import { backlog } from './backlog.ts';

export interface Call {
  id: unknown;
  method: string;
  params: Record<string, unknown>;
}

type Answer = (call: Call) => unknown;

/** A refusal with a code of the contract. */
export class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message = code) {
    super(message);
    this.code = code;
  }
}

/** What a method's answer may be replaced with: no answer at all. */
export const SILENCE = Symbol('silence');

interface Log {
  session: Session;
  events: Event[];
  messages: Map<string, Message>;
}

/**
 * As much of a Hearth server as the client can tell from the real one, in memory: one subscription per session and
 * socket, a backlog that is compacted, batches, idempotent messages. Faults are made by `cut`, `freeze` and `on`.
 */
export class FakeServer {
  readonly token = 'secret';
  /** Every request that arrived, in order. */
  readonly calls: Call[] = [];
  readonly sockets = new Set<FakeSocket>();
  /** False: no socket opens. */
  isUp = true;
  readonly #logs = new Map<string, Log>();
  readonly #subscriptions = new Map<FakeSocket, Set<string>>();
  readonly #watching = new Set<FakeSocket>();
  readonly #watchingAccounts = new Set<FakeSocket>();
  accounts: Account[] = [];
  readonly #authorized = new Set<FakeSocket>();
  readonly #overrides = new Map<string, Answer>();

  /** To be given to `connect`. */
  readonly WebSocket: new (url: string, protocols: string[]) => FakeSocket;

  constructor() {
    const accept = (socket: FakeSocket): void => this.#accept(socket);
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        accept(this);
      }
    };
  }

  addSession(id = 's1'): void {
    const at = new Date(0).toISOString();
    const session: Session = {
      id,
      agent: 'scripted',
      cwd: '/',
      title: null,
      model: null,
      permissionMode: 'default',
      accountId: null,
      phase: 'idle',
      lastSeq: 0,
      queue: [],
      approvals: [],
      usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0, costUsd: 0 },
      createdAt: at,
      updatedAt: at,
      archived: false,
      metadata: {},
    };
    this.#logs.set(id, { session, events: [], messages: new Map() });
  }

  /** Appends an event to a session's log and sends it to who has subscribed. */
  emit(body: EventBody, id = 's1'): Event {
    const log = this.#log(id);
    const seq = log.session.lastSeq + 1;
    const event = { sessionId: id, seq, time: new Date(seq).toISOString(), ...body };
    log.events.push(event);
    log.session = { ...log.session, lastSeq: seq, approvals: approvalsAfter(log.session.approvals, event) };
    for (const [socket, ids] of this.#subscriptions) {
      if (ids.has(id)) socket.sends(note('event', event));
    }
    return event;
  }

  heartbeat(id = 's1'): void {
    for (const socket of this.sockets) socket.sends(note('heartbeat', { sessionId: id, phase: 'tool', elapsedMs: 1 }));
  }

  deleteSession(id = 's1'): void {
    this.emit({ type: 'session.closed', reason: 'deleted' }, id);
    this.#logs.delete(id);
  }

  /** Tells those who watch the list. */
  listChanged(changed: SessionsChanged): void {
    for (const socket of this.#watching) socket.sends(note('sessions.changed', changed));
  }

  /** Tells those who watch the accounts. */
  accountsChanged(accounts: Account[]): void {
    this.accounts = accounts;
    for (const socket of this.#watchingAccounts) socket.sends(note('accounts.changed', { items: accounts }));
  }

  /** Everything that was ever emitted in the session. */
  events(id = 's1'): Event[] {
    return this.#log(id).events;
  }

  /** Cuts all sockets; what was sent and not read yet is lost. */
  cut(code = 1006, reason = ''): void {
    for (const socket of this.sockets) {
      this.#forget(socket);
      socket.cut(code, reason);
    }
  }

  /** The sockets stay open, and nothing goes through them any more. */
  freeze(): void {
    for (const socket of this.sockets) {
      this.#forget(socket);
      socket.freeze();
    }
  }

  /** Replaces the answers to a method. */
  on(method: string, answer: Answer): void {
    this.#overrides.set(method, answer);
  }

  off(method: string): void {
    this.#overrides.delete(method);
  }

  called(method: string): Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  #accept(socket: FakeSocket): void {
    if (!this.isUp) {
      socket.cut(1006);
      return;
    }
    this.sockets.add(socket);
    this.#subscriptions.set(socket, new Set());
    socket.accept(
      (text) => this.#receive(socket, JSON.parse(text) as Call),
      () => this.#forget(socket),
    );
  }

  #forget(socket: FakeSocket): void {
    this.sockets.delete(socket);
    this.#watching.delete(socket);
    this.#watchingAccounts.delete(socket);
    this.#subscriptions.delete(socket);
  }

  #receive(socket: FakeSocket, call: Call): void {
    this.calls.push(call);
    try {
      const override = this.#overrides.get(call.method);
      const result = override === undefined ? this.#answer(socket, call) : override(call);
      if (result !== SILENCE) socket.sends({ jsonrpc: '2.0', id: call.id, result: result ?? null });
      if (call.method === 'session.subscribe' && override === undefined) this.#sendBacklog(socket, call);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message } = error;
      socket.sends({ jsonrpc: '2.0', id: call.id, error: { code: -32000, message, data: { code, hint: 'a hint' } } });
    }
  }

  #answer(socket: FakeSocket, { method, params }: Call): unknown {
    if (method === 'auth') {
      if (params['token'] !== this.token) throw new Refusal('unauthorized', 'The token is wrong.');
      this.#authorized.add(socket);
      return {};
    }
    if (!this.#authorized.has(socket)) throw new Refusal('unauthorized', 'There is no token.');
    if (method === 'ping' || method === 'session.unsubscribe') {
      this.#subscriptions.get(socket)?.delete(params?.['sessionId'] as string);
      return {};
    }
    if (method === 'agent.list') return { items: [] };
    if (method === 'sessions.watch' || method === 'sessions.unwatch') {
      this.#watching.delete(socket);
      if (method === 'sessions.watch') this.#watching.add(socket);
      return {};
    }
    if (method === 'accounts.watch' || method === 'accounts.unwatch') {
      this.#watchingAccounts.delete(socket);
      if (method === 'accounts.watch') this.#watchingAccounts.add(socket);
      return { items: this.accounts };
    }
    const id = params['sessionId'] as string;
    const log = this.#log(id);
    switch (method) {
      case 'session.get':
        return log.session;
      case 'session.subscribe':
        this.#subscriptions.get(socket)?.delete(id);
        return { session: log.session, lastSeq: log.session.lastSeq };
      case 'message.send':
        return this.#store(log, params);
      case 'approval.answer':
        if (!log.session.approvals.some(({ approvalId }) => approvalId === params['approvalId'])) {
          throw new Refusal('approval_resolved');
        }
        this.emit({ type: 'approval.resolved', approvalId: params['approvalId'] as string, decision: 'allow' }, id);
        return { approvalId: params['approvalId'], decision: params['decision'] };
      case 'session.delete':
        this.deleteSession(id);
        return null;
      default:
        throw new Refusal('invalid_request', `no method ${method}`);
    }
  }

  #sendBacklog(socket: FakeSocket, { params }: Call): void {
    const id = params['sessionId'] as string;
    const after = (params['after'] as number | undefined) ?? 0;
    const events = after === -1 ? [] : backlog(this.#log(id).events, after);
    for (let at = 0; at < events.length; at += 3) {
      socket.sends(events.slice(at, at + 3).map((event) => note('event', event)));
    }
    this.#subscriptions.get(socket)?.add(id);
  }

  #store(log: Log, params: Record<string, unknown>): Message {
    const key = params['clientMessageId'] as string;
    const known = log.messages.get(key);
    if (known !== undefined) return known;
    const message: Message = {
      id: `m${log.messages.size + 1}`,
      sessionId: log.session.id,
      clientMessageId: key,
      priority: 'next',
      state: 'queued',
      content: params['content'] as string,
      author: 'owner',
      createdAt: new Date(0).toISOString(),
    };
    log.messages.set(key, message);
    this.emit(
      {
        type: 'message.queued',
        messageId: message.id,
        clientMessageId: key,
        content: message.content,
        priority: 'next',
        author: 'owner',
        place: 0,
      },
      log.session.id,
    );
    return message;
  }

  #log(id: string): Log {
    const log = this.#logs.get(id);
    if (log === undefined) throw new Refusal('not_found', `There is no session ${id}.`);
    return log;
  }
}

function note(method: string, params: unknown): object {
  return { jsonrpc: '2.0', method, params };
}

function approvalsAfter(pending: Approval[], event: Event): Approval[] {
  if (event.type === 'approval.requested') {
    const { sessionId: _session, seq: _seq, time: _time, turnId: _turn, type: _type, ...approval } = event;
    return [...pending, approval];
  }
  if (event.type !== 'approval.resolved') return pending;
  return pending.filter(({ approvalId }) => approvalId !== event.approvalId);
}
