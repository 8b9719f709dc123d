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
  #lastSignAt = Date.now();
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
    this.#lastSignAt = Date.now();
  }

  written(): void {
    this.#writtenSinceTick = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #alive(): boolean {
    const now = Date.now();
    if (this.#socket.bufferedBytes > 0 && this.#writtenSinceTick) this.#lastSignAt = now;
    this.#writtenSinceTick = false;
    return now - this.#lastSignAt < this.#limits.silenceMs;
  }
}
