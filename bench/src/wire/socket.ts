import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { clientFrame, FrameReader } from './frames.ts';

export interface SocketTarget {
  /** `http://127.0.0.1:PORT` */
  url: string;
  path: string;
  headers?: Record<string, string>;
}

const END_OF_HEAD = '\r\n\r\n';

/** What any of the sockets has read: it is taken before the next one reads. */
const READ = Buffer.alloc(64 * 1024);

/**
 * A WebSocket client that costs little, so that a thousand of them in one process do not hide what the server costs: what it reads is
 * no garbage either, whose collection would be measured with the rest.
 */
export class WireSocket {
  readonly #socket: Socket;
  #onBytes: (bytes: Buffer) => void = () => undefined;
  /** Given each text frame's payload, which is only good until the call returns. */
  onText: (payload: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;

  private constructor(host: string, port: number) {
    const callback = (length: number): boolean => {
      this.#onBytes(READ.subarray(0, length));
      return true;
    };
    this.#socket = connect({ host, port, noDelay: true, onread: { buffer: READ, callback } });
  }

  static async open({ url, path, headers = {} }: SocketTarget): Promise<WireSocket> {
    const { hostname, port, host } = new URL(url);
    const wire = new WireSocket(hostname, Number(port));
    const lines = {
      host,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...headers,
    };
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
    wire.#socket.write(`GET ${path} HTTP/1.1\r\n${head.join('')}\r\n`);
    await wire.#upgraded();
    return wire;
  }

  send(text: string): void {
    this.#socket.write(clientFrame('text', Buffer.from(text)));
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#socket.destroy();
  }

  #upgraded(): Promise<void> {
    const reader = new FrameReader({
      text: (payload) => this.onText(payload),
      ping: (payload) => this.#socket.write(clientFrame('pong', payload)),
      close: () => this.#socket.end(),
    });
    return new Promise((resolve, reject) => {
      let head = Buffer.alloc(0);
      this.#onBytes = (bytes) => {
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf(END_OF_HEAD);
        if (end === -1) return;
        this.#socket.off('error', reject);
        if (!head.toString('latin1', 0, 12).endsWith(' 101')) {
          reject(new Error(`no upgrade: ${head.toString('utf8').slice(0, 300)}`));
          return;
        }
        this.#socket.on('error', () => this.#socket.destroy());
        this.#socket.on('close', () => this.onClose());
        // After whoever opened it has said what it wants to hear.
        let early: Buffer | null = head.subarray(end + END_OF_HEAD.length);
        const takeEarly = (): void => {
          if (early === null) return;
          const bytesBefore = early;
          early = null;
          reader.take(bytesBefore);
        };
        setImmediate(takeEarly);
        this.#onBytes = (more) => {
          takeEarly();
          reader.take(more);
        };
        resolve();
      };
      this.#socket.on('error', reject);
    });
  }
}
