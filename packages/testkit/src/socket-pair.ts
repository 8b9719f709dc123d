/** The states of a WebSocket, as numbers of its API. */
export const SOCKET_CONNECTING = 0;
export const SOCKET_OPEN = 1;
export const SOCKET_CLOSED = 3;

export interface SocketMessageEvent {
  readonly data: string;
}

export interface SocketCloseEvent {
  readonly code: number;
  readonly reason: string;
  /** False when the connection broke without a closing handshake (code 1006). */
  readonly wasClean: boolean;
}

export interface SocketPairOptions {
  /** `true`: what is sent is delivered by itself, soon after. `false` (default): by `deliver` and `flush`. */
  readonly auto?: boolean;
  /** `true`: the client's end is still connecting until `open` is called, as a WebSocket just constructed. */
  readonly connecting?: boolean;
}

type Frame =
  | { readonly type: 'message'; readonly data: string }
  | { readonly type: 'close'; readonly code: number; readonly reason: string };

interface SocketEvents {
  readonly open: Readonly<Record<string, never>>;
  readonly message: SocketMessageEvent;
  readonly close: SocketCloseEvent;
}
type SocketListener<T extends keyof SocketEvents> = (event: SocketEvents[T]) => void;

/** One end of a {@link SocketPair}: what connection code sees of a WebSocket. Text frames only. */
export class SocketEnd {
  onopen: SocketListener<'open'> | null = null;
  onmessage: SocketListener<'message'> | null = null;
  onclose: SocketListener<'close'> | null = null;
  readonly #listeners: { readonly [T in keyof SocketEvents]: Set<SocketListener<T>> } = {
    open: new Set(),
    message: new Set(),
    close: new Set(),
  };
  readonly #enqueue: (frame: Frame) => void;
  readonly #buffered: () => number;
  #readyState: number;
  #closing = false;

  /** Made by a {@link SocketPair}. */
  constructor(enqueue: (frame: Frame) => void, buffered: () => number, readyState: number) {
    this.#enqueue = enqueue;
    this.#buffered = buffered;
    this.#readyState = readyState;
  }

  addEventListener<T extends keyof SocketEvents>(type: T, listener: SocketListener<T>): void {
    this.#listeners[type].add(listener);
  }

  removeEventListener<T extends keyof SocketEvents>(type: T, listener: SocketListener<T>): void {
    this.#listeners[type].delete(listener);
  }

  /** {@link SOCKET_CONNECTING} before it is opened, {@link SOCKET_OPEN} until the close has arrived at this end, then {@link SOCKET_CLOSED}. */
  get readyState(): number {
    return this.#readyState;
  }

  /** UTF-8 bytes that were sent and are not yet delivered to the other end. */
  get bufferedAmount(): number {
    return this.#buffered();
  }

  /** @throws when this end is closed or closing */
  send(data: string): void {
    if (this.#closing || this.#readyState !== SOCKET_OPEN) throw new Error('the socket is not open');
    this.#enqueue({ type: 'message', data });
  }

  /** Sends a close after everything that was sent before. Closing twice does nothing. */
  close(code = 1000, reason = ''): void {
    if (this.#closing || this.#readyState === SOCKET_CLOSED) return;
    this.#closing = true;
    this.#enqueue({ type: 'close', code, reason });
  }

  /** Ends the connecting. Called by the pair. */
  open(): void {
    if (this.#readyState !== SOCKET_CONNECTING) return;
    this.#readyState = SOCKET_OPEN;
    this.onopen?.({});
    for (const listener of this.#listeners.open) listener({});
  }

  /** Takes a message from the other end. Called by the pair. */
  receive(data: string): void {
    if (this.#readyState !== SOCKET_OPEN || this.#closing) return;
    this.onmessage?.({ data });
    for (const listener of this.#listeners.message) listener({ data });
  }

  /** Ends this end. Called by the pair. */
  end(event: SocketCloseEvent): void {
    if (this.#readyState === SOCKET_CLOSED) return;
    this.#readyState = SOCKET_CLOSED;
    this.onclose?.(event);
    for (const listener of this.#listeners.close) listener(event);
  }
}

/** One direction: frames on their way to an end. */
class Wire {
  readonly #frames: Frame[] = [];
  held = false;
  broken = false;

  get length(): number {
    return this.#frames.length;
  }

  get bytes(): number {
    return this.#frames.reduce((sum, frame) => sum + (frame.type === 'message' ? Buffer.byteLength(frame.data) : 0), 0);
  }

  push(frame: Frame): void {
    if (!this.broken) this.#frames.push(frame);
  }

  shift(): Frame | undefined {
    return this.held ? undefined : this.#frames.shift();
  }

  clear(): void {
    this.#frames.length = 0;
  }
}

export type SocketSide = 'client' | 'server';

/**
 * Two connected WebSocket-like ends in memory. Nothing moves until the test says so, therefore every interleaving of
 * sends, deliveries and breaks can be written down: half a backlog delivered, a reader that does not read, a connection
 * that dies with frames on their way.
 */
export class SocketPair {
  readonly client: SocketEnd;
  readonly server: SocketEnd;
  readonly #toClient = new Wire();
  readonly #toServer = new Wire();
  readonly #auto: boolean;
  #scheduled = false;

  constructor(options: SocketPairOptions = {}) {
    this.#auto = options.auto ?? false;
    this.#toClient.held = options.connecting ?? false;
    this.client = this.#end(this.#toServer, options.connecting === true ? SOCKET_CONNECTING : SOCKET_OPEN);
    this.server = this.#end(this.#toClient, SOCKET_OPEN);
  }

  /** The connecting client gets through. */
  open(): void {
    this.client.open();
    this.release('client');
  }

  /** Frames on their way to an end. */
  pending(to: SocketSide): number {
    return this.#wire(to).length;
  }

  /** Delivers up to `count` frames (default 1) to an end, oldest first, even while it is held. @returns how many it were */
  deliver(to: SocketSide, count = 1): number {
    let delivered = 0;
    const wire = this.#wire(to);
    const { held } = wire;
    wire.held = false;
    while (delivered < count && this.#deliverOne(to)) delivered += 1;
    wire.held = held;
    return delivered;
  }

  /** Delivers everything in both directions, also what is sent while it does so; held directions stay. */
  flush(): void {
    while (this.#deliverOne('server') || this.#deliverOne('client'));
  }

  /** The end does not read any more: what is sent to it stays in the sender's `bufferedAmount`. */
  hold(to: SocketSide): void {
    this.#wire(to).held = true;
  }

  /** The end reads again. */
  release(to: SocketSide): void {
    this.#wire(to).held = false;
    this.#schedule();
  }

  /**
   * The connection breaks: what is on its way is lost. Both ends learn it as 1006, or one alone when `noticedBy` names
   * it: the other still believes in the connection, and what it sends goes nowhere.
   */
  cut(noticedBy: SocketSide | 'both' = 'both'): void {
    for (const wire of [this.#toClient, this.#toServer]) {
      wire.clear();
      wire.broken = true;
    }
    const broken: SocketCloseEvent = { code: 1006, reason: '', wasClean: false };
    if (noticedBy !== 'server') this.client.end(broken);
    if (noticedBy !== 'client') this.server.end(broken);
  }

  #end(out: Wire, readyState: number): SocketEnd {
    return new SocketEnd(
      (frame) => {
        out.push(frame);
        this.#schedule();
      },
      () => out.bytes,
      readyState,
    );
  }

  #wire(to: SocketSide): Wire {
    return to === 'client' ? this.#toClient : this.#toServer;
  }

  #deliverOne(to: SocketSide): boolean {
    const frame = this.#wire(to).shift();
    if (frame === undefined) return false;
    const [end, other] = to === 'client' ? [this.client, this.server] : [this.server, this.client];
    if (frame.type === 'message') end.receive(frame.data);
    else {
      const closed: SocketCloseEvent = { code: frame.code, reason: frame.reason, wasClean: true };
      for (const wire of [this.#toClient, this.#toServer]) {
        wire.clear();
        wire.broken = true;
      }
      end.end(closed);
      other.end(closed);
    }
    return true;
  }

  #schedule(): void {
    if (!this.#auto || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
