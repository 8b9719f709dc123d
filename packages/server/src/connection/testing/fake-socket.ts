import type { ClientSocket } from '../client-socket.ts';

/** A socket in memory, for tests: it shows what was sent, and reads only as fast as the test lets it. */
export class FakeSocket implements ClientSocket {
  readonly frames: string[] = [];
  closedWith: { code: number; reason: string } | null = null;
  terminated = false;
  pings = 0;
  bufferedBytes = 0;
  #reading = true;
  readonly #unread: { size: number; written: () => void }[] = [];

  send(text: string, written: () => void): void {
    if (this.closedWith !== null) return;
    this.frames.push(text);
    this.bufferedBytes += text.length;
    this.#unread.push({ size: text.length, written });
    if (this.#reading) queueMicrotask(() => this.#reading && this.read());
  }

  ping(): void {
    this.pings += 1;
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
  }

  terminate(): void {
    this.terminated = true;
  }

  /** The client stops reading. */
  stall(): void {
    this.#reading = false;
  }

  /** The client goes on reading. */
  unstall(): void {
    this.#reading = true;
    this.read();
  }

  /** The client reads so many frames. */
  read(count = Infinity): void {
    for (const { size, written } of this.#unread.splice(0, count)) {
      this.bufferedBytes -= size;
      written();
    }
  }

  /** Everything that was sent, batches taken apart. */
  get messages(): Message[] {
    return this.frames.flatMap((frame) => [JSON.parse(frame) as Message | Message[]].flat());
  }

  answer(id: unknown): Message | undefined {
    return this.messages.find((message) => message.id === id);
  }

  get seqs(): number[] {
    return this.messages.flatMap(({ method, params }) => (method === 'event' ? [params?.seq ?? 0] : []));
  }
}

export interface Message {
  id?: unknown;
  method?: string;
  params?: { sessionId: string; seq?: number };
  result?: unknown;
  error?: { code: number; message: string; data: { code: string; hint?: string; issues?: { path: string }[] } };
}
