import { write, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { DestinationStream } from 'pino';

/** What waits for a reader that stands still; beyond it lines are lost, because the memory is the sessions'. */
const MAX_WAITING_BYTES = 1_048_576;
const AGAIN_MS = 20;
/** A last word is worth a second. */
const MAX_ATTEMPTS = 50;

/**
 * Lines on a file descriptor, written in the background. Where they cannot be written (the disk of the log is full, its
 * reader or the terminal is gone) they are lost, and the program goes on: what it works on is worth more than its log.
 * pino's own destination would wait for room for ever, and everybody with it.
 */
export class UnfailingOutput implements DestinationStream {
  readonly #fd: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isWriting = false;

  constructor(fd: number) {
    this.#fd = fd;
    process.on('exit', () => this.flushSync());
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isWriting) this.#begin();
  }

  /** Writes what waits at once; pino calls it after a fatal error. */
  flushSync(): void {
    writeNow(this.#fd, this.#take());
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }

  #begin(): void {
    const bytes = this.#take();
    this.#isWriting = bytes.length > 0;
    if (this.#isWriting) this.#go(bytes);
  }

  #go(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.#go(bytes), AGAIN_MS);
      else if (error === null && written < bytes.length) this.#go(bytes.subarray(written));
      else this.#begin();
    });
  }
}

/** The same for a terminal, where what is written stands at once. */
export function unfailingScreen(fd: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      writeNow(fd, chunk);
      done();
    },
  });
}

function writeNow(fd: number, bytes: Buffer): void {
  let rest = bytes;
  for (let attempts = 0; rest.length > 0 && attempts < MAX_ATTEMPTS;) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      attempts += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
    }
  }
}
