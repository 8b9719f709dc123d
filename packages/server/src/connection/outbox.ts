import type { ClientSocket } from './client-socket.ts';

export interface OutboxLimits {
  /** Past it the client counts as slow: nothing more is pushed until it has read. */
  highWaterBytes: number;
  /** Below it a slow client is served again. */
  lowWaterBytes: number;
  /** About how large a frame of several notifications gets. One that is larger alone is sent alone. */
  maxFrameBytes: number;
}

export interface OutboxListener {
  /** A frame left this process. */
  written(): void;
  /** A slow client has read enough to be served again. */
  drained(): void;
}

export const OUTBOX_LIMITS: OutboxLimits = {
  highWaterBytes: 1024 * 1024,
  lowWaterBytes: 256 * 1024,
  maxFrameBytes: 256 * 1024,
};

type Frame =
  | { type: 'answer'; text: string }
  | { type: 'notification'; text: string }
  /** Events, one notification each; other clients are given the very same frame. */
  | { type: 'page'; notifications: readonly string[]; text: string };

type PageFrame = Extract<Frame, { type: 'page' }>;

const NO_FRAMES: Frame[] = [];

/** The frames of the last page: all who are equally far are given that page one right after the other. */
let lastPage: { bodies: readonly string[]; maxLength: number; frames: readonly PageFrame[] } = {
  bodies: [],
  maxLength: 0,
  frames: [],
};

function framesOf(bodies: readonly string[], maxLength: number): readonly PageFrame[] {
  if (bodies !== lastPage.bodies || maxLength !== lastPage.maxLength) {
    lastPage = { bodies, maxLength, frames: toFrames(bodies, maxLength) };
  }
  return lastPage.frames;
}

function toFrames(bodies: readonly string[], maxLength: number): PageFrame[] {
  const frames: PageFrame[] = [];
  let gathered: string[] = [];
  let length = 0;
  for (const body of bodies) {
    const text = notification('event', body);
    if (gathered.length > 0 && length + text.length > maxLength) {
      frames.push(pageFrame(gathered));
      gathered = [];
      length = 0;
    }
    gathered.push(text);
    length += text.length;
  }
  if (gathered.length > 0) frames.push(pageFrame(gathered));
  return frames;
}

function pageFrame(notifications: readonly string[]): PageFrame {
  return { type: 'page', notifications, text: together(notifications) };
}

/** Some notifications, at least one, as the text of one frame: several are a batch. */
function together(notifications: readonly string[]): string {
  return notifications.length === 1 ? (notifications[0] ?? '') : `[${notifications.join(',')}]`;
}

function notification(method: string, body: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${body}}`;
}

/**
 * What one client is told, in order. Everything of one turn of the event loop is gathered; neighbouring notifications
 * share a frame as a JSON-RPC batch. Bodies are joined as text, never encoded again.
 */
export class Outbox {
  /** Those that have gathered something in this turn of the event loop. */
  static #gathering: Outbox[] = [];
  readonly #socket: ClientSocket;
  readonly #limits: OutboxLimits;
  readonly #on: OutboxListener;
  #frames: Frame[] = NO_FRAMES;
  #gatheredBytes = 0;
  #slow = false;
  #closed = false;

  constructor(socket: ClientSocket, limits: OutboxLimits, on: OutboxListener) {
    this.#socket = socket;
    this.#limits = limits;
    this.#on = on;
  }

  /** Bytes on their way to the client, about. */
  get pendingBytes(): number {
    return this.#gatheredBytes + this.#socket.bufferedBytes;
  }

  /** Whether nothing more should be pushed now. It turns false again just before `drained`. */
  get full(): boolean {
    if (!this.#slow && this.pendingBytes >= this.#limits.highWaterBytes) this.#slow = true;
    return this.#slow;
  }

  answer(text: string): void {
    this.#add({ type: 'answer', text });
  }

  /** `body` is the params as JSON text. */
  notify(method: 'heartbeat' | 'sessions.changed' | 'accounts.changed', body: string): void {
    this.#add({ type: 'notification', text: notification(method, body) });
  }

  /** Events as JSON texts. Clients that are given the same array are sent the same strings, which are made once. */
  events(bodies: readonly string[]): void {
    for (const frame of framesOf(bodies, this.#limits.maxFrameBytes)) this.#add(frame);
  }

  /** Sends what was gathered; nothing is taken afterwards. */
  close(): void {
    this.#sendAll();
    this.#closed = true;
  }

  #add(frame: Frame): void {
    if (this.#closed) return;
    // Most have one: an array that grows has room for many.
    if (this.#frames.length > 0) this.#frames.push(frame);
    else {
      this.#frames = [frame];
      this.#sendSoon();
    }
    this.#gatheredBytes += frame.text.length;
  }

  /** All together, when what runs now and whatever follows from it is over: the agent is told of a commit before the clients are. */
  #sendSoon(): void {
    if (Outbox.#gathering.push(this) > 1) return;
    process.nextTick(() => {
      const waiting = Outbox.#gathering;
      Outbox.#gathering = [];
      for (const outbox of waiting) outbox.#sendAll();
    });
  }

  #sendAll(): void {
    const frames = this.#frames;
    this.#frames = NO_FRAMES;
    this.#gatheredBytes = 0;
    const [first] = frames;
    // Most have one.
    if (frames.length === 1 && first !== undefined) this.#hand(first.text);
    else this.#sendJoined(frames);
  }

  #sendJoined(frames: readonly Frame[]): void {
    let batch: string[] = [];
    let batchBytes = 0;
    const sendBatch = () => {
      if (batch.length > 0) this.#hand(together(batch));
      batch = [];
      batchBytes = 0;
    };
    const join = (text: string): void => {
      if (batchBytes + text.length > this.#limits.maxFrameBytes) sendBatch();
      batch.push(text);
      batchBytes += text.length;
    };
    for (const frame of frames) {
      switch (frame.type) {
        case 'answer':
          sendBatch();
          this.#hand(frame.text);
          break;
        case 'notification':
          join(frame.text);
          break;
        case 'page':
          if (batchBytes + frame.text.length <= this.#limits.maxFrameBytes) frame.notifications.forEach(join);
          else {
            sendBatch();
            this.#hand(frame.text);
          }
          break;
      }
    }
    sendBatch();
  }

  #hand(text: string): void {
    this.#socket.send(text, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    // Its socket is about to close.
    if (error) return;
    this.#on.written();
    if (!this.#slow || this.#closed || this.pendingBytes > this.#limits.lowWaterBytes) return;
    this.#slow = false;
    this.#on.drained();
  };
}
