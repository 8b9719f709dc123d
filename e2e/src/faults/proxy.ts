import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** A TCP proxy on loopback between one client and the server, which can misbehave as networks do. */
export class Proxy {
  readonly url: string;
  readonly #server: Server;
  readonly #pairs: Set<Pair>;

  private constructor(server: Server, pairs: Set<Pair>) {
    this.#server = server;
    this.#pairs = pairs;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP address');
    this.url = `http://127.0.0.1:${address.port}`;
  }

  static async start(targetPort: number): Promise<Proxy> {
    const pairs = new Set<Pair>();
    const server = createServer({ allowHalfOpen: false }, (near) => {
      const far = connect(targetPort, '127.0.0.1');
      const pair: Pair = { near, far, flow: 'open' };
      pairs.add(pair);
      const end = (): void => {
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      };
      for (const socket of [near, far]) {
        socket.setNoDelay(true);
        socket.on('error', end);
        socket.on('close', end);
      }
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new Proxy(server, pairs);
  }

  /** Resets every connection. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Nothing passes any more on the connections that are there, and neither end is told. */
  halfOpen(): void {
    for (const pair of this.#pairs) {
      const { near, far } = pair;
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.pause();
      pair.flow = 'half-open';
    }
  }

  /** The client reads no more: what the server sends stays in the system's buffers, then in the server. */
  freeze(): void {
    for (const pair of this.#pairs) {
      if (pair.flow !== 'open') continue;
      pair.far.unpipe(pair.near);
      pair.far.pause();
      pair.flow = 'frozen';
    }
  }

  thaw(): void {
    for (const pair of this.#pairs) {
      if (pair.flow !== 'frozen') continue;
      pair.far.pipe(pair.near);
      pair.flow = 'open';
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

interface Pair {
  near: Socket;
  far: Socket;
  flow: 'open' | 'frozen' | 'half-open';
}
