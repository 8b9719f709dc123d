import type { Buffer } from 'node:buffer';
import { WireSocket } from './socket.ts';

/** Where a client was when its connection broke, as socket.io's connection state recovery wants to know it. */
export interface SocketIoPlace {
  pid: string;
  offset: string;
}

const PATH = '/socket.io/?EIO=4&transport=websocket';
const EVENT = '42';

/** One client of a socket.io server, over its protocol: `0` open, `40` connect, `42[…]` event, `2` ping, `3` pong. */
export class SocketIoClient {
  readonly #socket: WireSocket;
  readonly #connected: Promise<{ pid?: string }>;
  #last: string | null = null;
  onEvent: (payload: Buffer) => void = () => undefined;

  private constructor(
    socket: WireSocket,
    place: SocketIoPlace | null,
    onEvent: ((payload: Buffer) => void) | undefined,
  ) {
    this.#socket = socket;
    if (onEvent !== undefined) this.onEvent = onEvent;
    this.#connected = new Promise((resolve) => {
      socket.onText = (payload) => {
        const kind = payload.toString('latin1', 0, 2);
        if (kind === EVENT) {
          this.#last = payload.toString('latin1', Math.max(0, payload.length - 64));
          this.onEvent(payload);
        } else if (kind[0] === '0') socket.send(place === null ? '40' : `40${JSON.stringify(place)}`);
        else if (kind[0] === '2') socket.send('3');
        else if (kind === '40') resolve(JSON.parse(payload.toString('utf8', 2)) as { pid?: string });
      };
    });
  }

  /** @param place where to go on, when the connection was lost before */
  static async open(
    url: string,
    place: SocketIoPlace | null = null,
    onEvent?: (payload: Buffer) => void,
  ): Promise<SocketIoClient> {
    const client = new SocketIoClient(await WireSocket.open({ url, path: PATH }), place, onEvent);
    await client.#connected;
    return client;
  }

  /** Where it is: its private id, and the offset that came with the last event. */
  async place(): Promise<SocketIoPlace> {
    const { pid } = await this.#connected;
    const offset = /"([^"]+)"\]$/.exec(this.#last ?? '')?.[1];
    if (pid === undefined || offset === undefined) throw new Error('the server keeps no state for this client');
    return { pid, offset };
  }

  close(): void {
    this.#socket.cut();
  }
}
