import { SUBPROTOCOL } from '@hearth/protocol/version';
import type { WebSocketConstructor, WebSocketLike } from './web-socket.ts';

/** How silence is told from death, in ms. */
export interface Liveness {
  /** Silence after which the server is asked for a sign of life. */
  idleMs: number;
  /** How long that sign, or the opening of the socket, may take. */
  timeoutMs: number;
}

/** Why a socket ended: its close code, 1006 when there was none, and the reason for a person. */
export interface LinkEnd {
  code: number;
  reason: string;
}

export interface LinkEvents {
  opened(): void;
  frame(text: string): void;
  /** The last thing that a link tells. Not told when the client itself closed it. */
  down(end: LinkEnd): void;
}

const PING = JSON.stringify({ jsonrpc: '2.0', id: 'alive', method: 'ping' });
const CLOSE_GRACE_MS = 1_000;

/** One WebSocket from its opening to its end. It notices when the other side is gone without a word. */
export class Link {
  readonly #socket: WebSocketLike;
  readonly #liveness: Liveness;
  readonly #events: LinkEvents;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardAt = Date.now();
  #askedAt = 0;
  #over = false;
  #refusal = '';

  constructor(WebSocket: WebSocketConstructor, url: string, liveness: Liveness, events: LinkEvents) {
    this.#liveness = liveness;
    this.#events = events;
    this.#socket = new WebSocket(url, [SUBPROTOCOL]);
    this.#socket.addEventListener('open', () => {
      if (this.#over) return;
      this.#heard();
      this.#events.opened();
    });
    this.#socket.addEventListener('message', ({ data }) => {
      if (this.#over || typeof data !== 'string') return;
      this.#heardAt = Date.now();
      this.#events.frame(data);
    });
    this.#socket.addEventListener('error', (event) => {
      if ('message' in event && typeof event.message === 'string') this.#refusal = event.message;
    });
    this.#socket.addEventListener('close', ({ code, reason }) => {
      this.#end({ code: upgradeRefusal(this.#refusal) ?? code, reason: reason || this.#refusal || `closed (${code})` });
    });
    this.#wait(liveness.timeoutMs, () => this.drop('The server did not answer in time.'));
  }

  send(text: string): void {
    if (!this.#over) this.#socket.send(text);
  }

  /** Asks for a sign of life now, for instance after the machine slept. What is asked for already gets no more time. */
  probe(): void {
    if (this.#over || this.#askedAt > this.#heardAt) return;
    this.#askedAt = Date.now();
    this.send(PING);
    this.#wait(this.#liveness.timeoutMs, () => {
      if (this.#heardAt >= this.#askedAt) this.#heard(this.#heardAt);
      else this.drop('The server was silent for too long.');
    });
  }

  /** Gives the socket up as broken. */
  drop(reason: string): void {
    this.#end({ code: 1006, reason });
    this.#discard();
  }

  /** Closes the socket in good order; nothing is told any more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket.close(1000);
    if (this.#socket.terminate === undefined) return;
    const grace: unknown = setTimeout(() => this.#socket.terminate?.(), CLOSE_GRACE_MS);
    if (typeof grace === 'object' && grace !== null && 'unref' in grace) (grace as { unref(): void }).unref();
  }

  #heard(at = Date.now()): void {
    this.#heardAt = at;
    this.#wait(this.#liveness.idleMs - (Date.now() - at), () => {
      if (Date.now() - this.#heardAt >= this.#liveness.idleMs) this.probe();
      else this.#heard(this.#heardAt);
    });
  }

  #wait(delayMs: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, Math.max(0, delayMs));
  }

  #end(end: LinkEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#events.down(end);
  }

  #discard(): void {
    if (this.#socket.terminate !== undefined) this.#socket.terminate();
    else this.#socket.close();
  }
}

/** `ws` says in its error that the upgrade was refused for want of rights; browsers do not tell. */
function upgradeRefusal(message: string): number | undefined {
  return /response: 40[13]$/.test(message) ? 4401 : undefined;
}
