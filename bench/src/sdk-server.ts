import type { Buffer } from 'node:buffer';
import { environment } from './hearth-server.ts';
import { WireSocket } from './wire/socket.ts';
import type { Workplace } from './workplace.ts';

/** The SDK behind a plain WebSocket server that stores first, and a client that sends to it. */
export class SdkServer {
  readonly url: string;
  readonly #socket: WireSocket;
  readonly #expected = new Set<{ text: string; resolve: () => void }>();

  private constructor(url: string, socket: WireSocket) {
    this.url = url;
    this.#socket = socket;
    socket.onText = (payload) => this.#take(payload);
  }

  static async start(workplace: Workplace, apiUrl: string, name = 'sdk-server'): Promise<SdkServer> {
    const home = workplace.subfolder(name);
    const role = await workplace.role('sdk-server', { env: environment(workplace, home, apiUrl) });
    const url = await role.call<string>('listen', workplace.subfolder(`${name}/workspace`), `${home}/events.db`);
    const server = new SdkServer(url, await WireSocket.open({ url, path: '/' }));
    await server.turn('[[say ready]]');
    return server;
  }

  /** @returns ms from sending it to the first delta; resolves when the turn is over */
  async turn(prompt: string): Promise<number> {
    const over = this.#next('"type":"turn.completed"');
    const delta = this.#next('"type":"block.delta"');
    const began = performance.now();
    this.#socket.send(prompt);
    await delta;
    const firstMs = performance.now() - began;
    await over;
    return firstMs;
  }

  #next(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#expected.add({ text, resolve });
    });
  }

  #take(payload: Buffer): void {
    for (const expected of this.#expected) {
      if (!payload.includes(expected.text)) continue;
      this.#expected.delete(expected);
      expected.resolve();
    }
  }
}
