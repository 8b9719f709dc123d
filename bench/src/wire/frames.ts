import { Buffer } from 'node:buffer';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export interface FrameListener {
  text(payload: Buffer): void;
  ping(payload: Buffer): void;
  close(): void;
}

/** Cuts what a server sends into WebSocket frames. It does as little as it can: a client of a benchmark must not be what is measured. */
export class FrameReader {
  readonly #on: FrameListener;
  #rest: Buffer | null = null;
  #wanted = 2;

  constructor(listener: FrameListener) {
    this.#on = listener;
  }

  /** @param chunk only good until the call returns */
  take(chunk: Buffer): void {
    const before = this.#rest;
    const data = before === null ? chunk : Buffer.concat([before, chunk]);
    const keep = (bytes: Buffer): Buffer => (before === null ? Buffer.from(bytes) : bytes);
    this.#rest = null;
    if (data.length < this.#wanted) {
      this.#rest = keep(data);
      return;
    }
    let at = 0;
    for (;;) {
      const frame = frameAt(data, at);
      if (frame.end > data.length) {
        this.#wanted = frame.end - at;
        break;
      }
      this.#hand(frame.opcode, data.subarray(frame.start, frame.end));
      at = frame.end;
    }
    if (at < data.length) this.#rest = keep(data.subarray(at));
  }

  #hand(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.#on.text(payload);
    else if (opcode === PING) this.#on.ping(payload);
    else if (opcode === CLOSE) this.#on.close();
  }
}

/** Where the frame at an offset begins and ends; its end is beyond the data when it is not whole yet. */
function frameAt(data: Buffer, at: number): { opcode: number; start: number; end: number } {
  if (data.length - at < 2) return { opcode: 0, start: at, end: at + 2 + Number(data.length - at === 2) };
  const opcode = (data[at] ?? 0) & 0x0f;
  const length = (data[at + 1] ?? 0) & 0x7f;
  if (length < 126) return { opcode, start: at + 2, end: at + 2 + length };
  const start = at + (length === 126 ? 4 : 10);
  if (data.length < start) return { opcode, start, end: start };
  const long = length === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
  return { opcode, start, end: start + long };
}

/** A client's frames are masked; a mask of zeros leaves the payload as it is. */
export function clientFrame(opcode: 'text' | 'pong', payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  head[0] = 0x80 | (opcode === 'text' ? TEXT : PONG);
  if (length < 126) {
    head[1] = 0x80 | length;
  } else if (length < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}
