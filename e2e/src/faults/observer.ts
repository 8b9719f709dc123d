import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@hearth/client';
import type { Hearth } from '@hearth/client';
import { EventSourceReader, RpcSocket } from '@hearth/conformance';
import type { Target } from '@hearth/conformance';
import type { Event, Message } from '@hearth/protocol';
import type { Proxy } from './proxy.ts';

const RETRY_MS = 40;
const LOOK_MS = 15;

/** A client that follows sessions over a bad line, from the beginning to the end of a run. */
export interface Observer {
  readonly name: string;
  readonly proxy: Proxy;
  follow(sessionId: string): void;
  /** Everything that came, in the order in which it came. */
  seen(sessionId: string): readonly Event[];
  /** Stops following for a moment and goes on from its cursor. */
  leave(sessionId: string): Promise<void>;
  /** What the server owed it and did not give. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/** What came to one client, with its cursor. */
class Seen {
  readonly #events = new Map<string, Event[]>();

  add(event: Event): void {
    const events = this.#events.get(event.sessionId);
    if (events === undefined) this.#events.set(event.sessionId, [event]);
    else events.push(event);
  }

  of(sessionId: string): readonly Event[] {
    return this.#events.get(sessionId) ?? [];
  }

  cursor(sessionId: string): number {
    return this.of(sessionId).at(-1)?.seq ?? 0;
  }
}

/** A bare WebSocket that reconnects and subscribes again after the last seq that it saw. */
export class SocketObserver implements Observer {
  readonly name: string;
  readonly proxy: Proxy;
  readonly complaints: string[] = [];
  readonly #target: Target;
  readonly #sessions = new Set<string>();
  readonly #seen = new Seen();
  /** The last subscribing of each session. */
  readonly #lines = new Map<string, Promise<void>>();
  #socket: RpcSocket | null = null;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(name: string, target: Target, proxy: Proxy) {
    this.name = name;
    this.proxy = proxy;
    this.#target = { ...target, baseUrl: proxy.url };
    this.#running = this.#run();
  }

  follow(sessionId: string): void {
    this.#sessions.add(sessionId);
    const socket = this.#socket;
    if (socket !== null) void this.#subscribe(socket, sessionId);
  }

  seen(sessionId: string): readonly Event[] {
    return this.#seen.of(sessionId);
  }

  async leave(sessionId: string): Promise<void> {
    const socket = this.#socket;
    if (socket === null) return;
    await this.#inLine(sessionId, async () => {
      if (socket.closedWith !== null) return;
      const { error } = await socket.ask('session.unsubscribe', { sessionId });
      if (error === undefined) await this.#subscribeNow(socket, sessionId);
    });
  }

  /** @throws when there is no connection, or it ends before the answer */
  async send(params: object): Promise<Message> {
    const socket = this.#socket;
    if (socket === null || socket.closedWith !== null) throw new Error('there is no connection');
    return socket.call<Message>('message.send', params);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#socket?.cut();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const socket = await RpcSocket.open(this.#target);
        await this.#use(socket);
      } catch {
        // The server is away, or the line is cut: it is tried again until the run is over.
      }
      this.#socket = null;
      await sleep(RETRY_MS);
    }
  }

  async #use(socket: RpcSocket): Promise<void> {
    // A torn connection is what these runs are about; it is told by `close` too.
    socket.raw.on('error', () => undefined);
    socket.raw.on('message', () => {
      for (const event of socket.events.splice(0)) this.#seen.add(event);
    });
    this.#socket = socket;
    if (this.#stopped) socket.cut();
    for (const sessionId of this.#sessions) void this.#subscribe(socket, sessionId);
    while (socket.closedWith === null) await sleep(LOOK_MS);
  }

  #subscribe(socket: RpcSocket, sessionId: string): Promise<void> {
    return this.#inLine(sessionId, () => this.#subscribeNow(socket, sessionId));
  }

  /** Two subscriptions of one session at once would each begin at a cursor that the other one moves. */
  #inLine(sessionId: string, work: () => Promise<void>): Promise<void> {
    const mine = (this.#lines.get(sessionId) ?? Promise.resolve()).then(work).catch((error: unknown) => {
      this.complaints.push(String(error));
      this.#socket?.cut();
    });
    this.#lines.set(sessionId, mine);
    return mine;
  }

  async #subscribeNow(socket: RpcSocket, sessionId: string): Promise<void> {
    while (socket.closedWith === null && !this.#stopped) {
      const { error } = await socket.ask('session.subscribe', { sessionId, after: this.#seen.cursor(sessionId) });
      if (error === undefined) return;
      await sleep(RETRY_MS);
    }
  }
}

/** An `EventSource` for each session, which reconnects with `Last-Event-ID`. */
export class StreamObserver implements Observer {
  readonly name: string;
  readonly proxy: Proxy;
  readonly complaints = [];
  readonly #target: Target;
  readonly #seen = new Seen();
  readonly #readers = new Map<string, EventSourceReader>();
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  constructor(name: string, target: Target, proxy: Proxy) {
    this.name = name;
    this.proxy = proxy;
    this.#target = { ...target, baseUrl: proxy.url };
  }

  follow(sessionId: string): void {
    this.#running.push(this.#run(sessionId));
  }

  seen(sessionId: string): readonly Event[] {
    return this.#seen.of(sessionId);
  }

  async leave(sessionId: string): Promise<void> {
    this.#readers.get(sessionId)?.stop();
    await Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const reader of this.#readers.values()) reader.stop();
    this.proxy.cut();
    await Promise.all(this.#running);
  }

  async #run(sessionId: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const cursor = this.#seen.cursor(sessionId);
        const reader = await EventSourceReader.open(this.#target, sessionId, 0, String(cursor));
        if (reader.status === 200) await this.#read(sessionId, reader);
        reader.stop();
        await reader.ended;
      } catch {
        // The server is away, or the line is cut: it is tried again until the run is over.
      }
      await sleep(RETRY_MS);
    }
  }

  async #read(sessionId: string, reader: EventSourceReader): Promise<void> {
    this.#readers.set(sessionId, reader);
    const stream = { ended: false };
    const end = (): void => {
      stream.ended = true;
    };
    reader.ended.then(end, end);
    while (!stream.ended && !this.#stopped) {
      await sleep(LOOK_MS);
      for (const { id, data } of reader.received.splice(0)) {
        if (id !== undefined) this.#seen.add(JSON.parse(data) as Event);
      }
    }
  }
}

/** The TypeScript client. */
export class ClientObserver implements Observer {
  readonly name: string;
  readonly proxy: Proxy;
  readonly complaints = [];
  readonly hearth: Hearth;
  readonly #seen = new Seen();
  readonly #feeds: Promise<void>[] = [];

  constructor(name: string, target: Target, proxy: Proxy) {
    this.name = name;
    this.proxy = proxy;
    this.hearth = connect({
      url: proxy.url,
      token: target.token,
      reconnect: { initialDelayMs: 30, maxDelayMs: 200 },
      liveness: { idleMs: 1_000, timeoutMs: 1_000 },
    });
  }

  follow(sessionId: string): void {
    this.#feeds.push(this.#read(sessionId));
  }

  seen(sessionId: string): readonly Event[] {
    return this.#seen.of(sessionId);
  }

  leave(): Promise<void> {
    this.hearth.reconnect();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.hearth.close();
    await Promise.all(this.#feeds);
  }

  async #read(sessionId: string): Promise<void> {
    for (let closed = false; !closed;) {
      try {
        const after = this.#seen.cursor(sessionId);
        for await (const event of this.hearth.session(sessionId).events({ after })) this.#seen.add(event);
        closed = true;
      } catch {
        // The server refused the subscription, as it does while it cannot read its database.
        await sleep(RETRY_MS);
      }
    }
  }
}
