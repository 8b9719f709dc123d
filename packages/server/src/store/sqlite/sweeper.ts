import type { Database } from 'better-sqlite3';
import type { FreshDeltas } from './fresh-deltas.ts';

/** A step takes a few ms, and what comes meanwhile waits for it; at this pace more is swept than a core can stream. */
const STEP_ROWS = 2_000;
const PAUSE_MS = 10;

/** Sweeps fresh deltas in small steps beside other work, while there is enough to sweep. */
export class Sweeper {
  readonly #freshDeltas: FreshDeltas;
  readonly #step: () => void;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(raw: Database, freshDeltas: FreshDeltas) {
    this.#freshDeltas = freshDeltas;
    const step = raw.transaction(() => freshDeltas.sweep(STEP_ROWS));
    this.#step = () => freshDeltas.transaction(() => step.immediate());
  }

  /** To be called when something was stored. */
  wake(): void {
    if (this.#timer !== null || this.#stopped || !this.#freshDeltas.needsSweep) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      try {
        this.#step();
      } catch {
        // Nothing is lost, and the next that is stored tells of what ails the database, or wakes this again.
        return;
      }
      this.wake();
    }, PAUSE_MS).unref();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
