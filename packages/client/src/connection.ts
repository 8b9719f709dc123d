import { CLOSE_CODES } from '@hearth/protocol/version';
import { HearthError } from '@hearth/protocol/errors';
import type { AccountsChanged, Event, Heartbeat, SessionsChanged } from '@hearth/protocol';
import { backoffDelayMs } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import { ClientClosedError, ConnectionLostError } from './errors.ts';
import type { ClientError } from './errors.ts';
import { readFrame } from './frame.ts';
import type { Incoming } from './frame.ts';
import { Link } from './link.ts';
import type { LinkEnd, Liveness } from './link.ts';
import { Requests } from './requests.ts';
import type { Request } from './requests.ts';
import type { ConnectionState } from './state.ts';
import { onWake } from './wake.ts';
import { findWebSocket } from './web-socket.ts';
import type { WebSocketConstructor } from './web-socket.ts';

export interface ConnectionOptions {
  url: string;
  token: string | undefined;
  WebSocket: WebSocketConstructor | undefined;
  /** False: one try, and no other after a loss. */
  reconnect: Backoff | false;
  liveness: Liveness;
}

export interface ConnectionEvents {
  state(state: ConnectionState): void;
  /** Requests flow; nothing is subscribed. */
  live(): void;
  /** The socket is gone. With an error: for good. */
  down(error?: ClientError): void;
  event(event: Event): void;
  heartbeat(heartbeat: Heartbeat): void;
  list(changed: SessionsChanged): void;
  accounts(changed: AccountsChanged): void;
}

/** A connection that lived this long was a good one: the next loss starts with the shortest wait again. */
const GOOD_MS = 5_000;
const HELLO = 'hello';

/** The one connection of a client, over however many sockets it takes. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #requests = new Requests();
  readonly #stopWaking: () => void;
  #token: string | undefined;
  #state: ConnectionState = { status: 'connecting' };
  #link: Link | undefined;
  #round = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  /** Why nothing is tried any more. */
  #stoppedBy: ClientError | undefined;
  #liveSince = 0;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#token = options.token;
    this.#stopWaking = onWake(() => this.#wake());
  }

  /** Makes the first try. */
  start(): void {
    this.#dial();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get token(): string | undefined {
    return this.#token;
  }

  /** Makes a request, at once when live, else as soon as it is. Returns what gives it up. */
  request(request: Request): () => void {
    if (this.#stoppedBy !== undefined) {
      request.failed(this.#stoppedBy, 0);
      return () => undefined;
    }
    const id = this.#requests.add(request);
    if (this.#state.status === 'live') this.#flush();
    return () => this.#requests.giveUp(id);
  }

  /** Why nothing is tried any more; undefined while the client is at it. */
  get stoppedBy(): ClientError | undefined {
    return this.#stoppedBy;
  }

  get isLive(): boolean {
    return this.#state.status === 'live';
  }

  /** Tries at once, with another token if one is given. */
  reconnect(token?: string): void {
    if (this.#state.status === 'closed') return;
    if (token === undefined && this.#state.status === 'live') return;
    if (token !== undefined) this.#token = token;
    const old = this.#link;
    this.#link = undefined;
    old?.close();
    this.#attempt = 0;
    this.#stoppedBy = undefined;
    this.#setState({ status: 'connecting' });
    if (old !== undefined) this.#letGo('The client changes its token.');
    this.#dial();
  }

  close(error: ClientError = new ClientClosedError()): void {
    if (this.#state.status === 'closed') return;
    this.#stopWaking();
    this.#stop({ status: 'closed' }, error);
  }

  #dial(): void {
    if (this.#stoppedBy !== undefined) return;
    clearTimeout(this.#retryTimer);
    const round = ++this.#round;
    const found = this.#options.WebSocket ?? findWebSocket();
    if (typeof found === 'function') {
      this.#open(found, round);
      return;
    }
    found.then(
      (WebSocket) => this.#open(WebSocket, round),
      (error: unknown) => {
        const hint = 'Install the package ws, or give connect() a WebSocket.';
        this.close(new ConnectionLostError('There is no WebSocket here.', hint, error));
      },
    );
  }

  #open(WebSocket: WebSocketConstructor, round: number): void {
    if (round !== this.#round) return;
    const current = (act: () => void): void => {
      if (round === this.#round) act();
    };
    this.#link?.close();
    try {
      this.#link = new Link(WebSocket, this.#options.url, this.#options.liveness, {
        opened: () => current(() => this.#greet()),
        frame: (text) => current(() => this.#frame(text, round)),
        down: (end) => current(() => this.#down(end)),
      });
    } catch (error) {
      this.#down({ code: 1006, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Without a token the cookie has spoken, or has not: a ping tells. */
  #greet(): void {
    const hello = this.#token === undefined ? { method: 'ping' } : { method: 'auth', params: { token: this.#token } };
    this.#link?.send(JSON.stringify({ jsonrpc: '2.0', id: HELLO, ...hello }));
  }

  #frame(text: string, round: number): void {
    let messages: Incoming[];
    try {
      messages = readFrame(text);
    } catch {
      this.#link?.drop('The server sent a frame that is not JSON-RPC.');
      return;
    }
    for (const message of messages) {
      if (round !== this.#round || this.#link === undefined) return;
      this.#take(message);
    }
  }

  #take(message: Incoming): void {
    switch (message.type) {
      case 'event':
        this.#events.event(message.event);
        return;
      case 'heartbeat':
        this.#events.heartbeat(message.heartbeat);
        return;
      case 'list':
        this.#events.list(message.changed);
        return;
      case 'accounts':
        this.#events.accounts(message.changed);
        return;
      case 'answer':
        if (message.id === HELLO) this.#becomeLive();
        else this.#settled(() => this.#requests.answer(message.id, message.result));
        return;
      case 'refusal':
        if (message.id === HELLO) this.#refused(message.error);
        else this.#settled(() => this.#requests.refuse(message.id, message.error));
        return;
      case 'unknown':
        return;
    }
  }

  #becomeLive(): void {
    if (this.#state.status === 'live') return;
    this.#liveSince = Date.now();
    this.#setState({ status: 'live' });
    this.#events.live();
    this.#flush();
  }

  #refused(error: HearthError): void {
    if (error.code === 'unauthorized' || error.code === 'forbidden') this.#unauthorized(error.message);
    else this.#link?.drop(error.message);
  }

  #settled(settle: () => void): void {
    settle();
    if (this.isLive) this.#flush();
  }

  #flush(): void {
    this.#requests.flush((text) => this.#link?.send(text));
  }

  #down({ code, reason }: LinkEnd): void {
    this.#link = undefined;
    if (code === CLOSE_CODES.unauthorized) {
      this.#unauthorized(reason);
      return;
    }
    const { reconnect } = this.#options;
    if (reconnect === false) {
      this.close(
        new ConnectionLostError(`There is no connection to the server. ${reason}`, 'Look whether the server runs.'),
      );
      return;
    }
    if (this.#state.status === 'live' && Date.now() - this.#liveSince >= GOOD_MS) this.#attempt = 0;
    this.#attempt += 1;
    const since = this.#state.status === 'offline' ? this.#state.since : Date.now();
    const nextRetryMs = backoffDelayMs(this.#attempt, reconnect, Math.random());
    this.#retryTimer = setTimeout(() => this.#retry(), nextRetryMs);
    this.#setState({ status: 'offline', since, attempt: this.#attempt, nextRetryMs, reason });
    this.#letGo(reason);
  }

  #retry(): void {
    if (this.#state.status !== 'offline') return;
    this.#setState({ ...this.#state, nextRetryMs: 0 });
    this.#dial();
  }

  /** The network is back or somebody looks at the page: no time to wait. */
  #wake(): void {
    if (this.#state.status === 'live') this.#link?.probe();
    else if (this.#state.status === 'offline' && this.#link === undefined) this.#retry();
  }

  #unauthorized(reason: string): void {
    this.#stop({ status: 'unauthorized', reason }, unauthorized(reason));
  }

  /** Ends the connection until somebody asks for another. */
  #stop(state: ConnectionState, error: ClientError): void {
    clearTimeout(this.#retryTimer);
    this.#round += 1;
    this.#link?.close();
    this.#link = undefined;
    this.#stoppedBy = error;
    this.#setState(state);
    this.#requests.failAll(error);
    this.#events.down(error);
  }

  /** What hung on the socket that is gone. */
  #letGo(reason: string): void {
    this.#events.down();
    this.#requests.lost(reason);
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#events.state(state);
  }
}

function unauthorized(reason: string): HearthError {
  return new HearthError('unauthorized', reason || 'The server does not know this token.', {
    hint: 'Give connect() a valid token, or log in with the link that the server printed.',
  });
}
