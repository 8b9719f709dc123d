import type { ClientSocket } from './client-socket.ts';

export interface LivenessLimits {
  pingIntervalMs: number;
  /** A client that gave no sign of life for so long is dropped. */
  silenceMs: number;
}

export const LIVENESS_LIMITS: LivenessLimits = { pingIntervalMs: 15_000, silenceMs: 30_000 };

/**
 * Finds clients that are gone. A sign of life is a pong; for a slow client also that it keeps reading, since the ping
 * waits behind what it has not read yet.
 */
export class Liveness {
  readonly #socket: ClientSocket;
  readonly #limits: LivenessLimits;
  readonly #timer: NodeJS.Timeout;
  /** In monotonic time: the machine's may be set meanwhile. */
  #lastSignMs = performance.now();
  #writtenSinceTick = false;

  /** `onTick` is called with each ping, `onSilent` once. */
  constructor(socket: ClientSocket, limits: LivenessLimits, on: { tick(): void; silent(): void }) {
    this.#socket = socket;
    this.#limits = limits;
    this.#timer = setInterval(() => {
      if (this.#alive()) {
        this.#socket.ping();
        on.tick();
      } else {
        this.stop();
        on.silent();
      }
    }, limits.pingIntervalMs);
    this.#timer.unref();
  }

  pong(): void {
    this.#lastSignMs = performance.now();
  }

  written(): void {
    this.#writtenSinceTick = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #alive(): boolean {
    const nowMs = performance.now();
    if (this.#socket.bufferedBytes > 0 && this.#writtenSinceTick) this.#lastSignMs = nowMs;
    this.#writtenSinceTick = false;
    return nowMs - this.#lastSignMs < this.#limits.silenceMs;
  }
}
