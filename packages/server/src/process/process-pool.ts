import { deferred } from '../concurrency/deferred.ts';
import type { SpareProcesses } from './spare-processes.ts';
import type { Deferred } from '../concurrency/deferred.ts';

/** How often one that waits for a place says that it is still there. */
const WAIT_SIGN_MS = 5_000;

export interface PoolLimits {
  maxProcesses: number;
  /** All processes together, with all that they started; null: no bound. One alone may always live, however big. */
  maxMemoryBytes: number | null;
  /** Those that stand ready beside the sessions' own. */
  spares?: readonly SpareProcesses[];
}

/** `place`: another session needs its place. `memory`: all together have grown too big. */
export type EvictionCause = 'place' | 'memory';

export interface PlaceRequest {
  /** The session that asks. */
  sessionId: string;
  /** The name of its backend. */
  agent: string;
  /** Called every few seconds while it waits, so that whoever watches the session knows that it is not stuck. */
  onWait: () => void;
  /** Gives the request up: it resolves with null when it still waits. */
  signal: AbortSignal;
}

/** A place in the pool, which is held from before a process starts until it is gone with all that it started. */
export interface Place {
  /** The process is up: from here on it counts for what it is measured at; before, for what others are on average. */
  measured(memoryBytes: () => number | undefined): void;
  /** The process was asked to end, so that nobody else has to make room for the one who waits for this place. */
  leaving(): void;
  release(): void;
}

export interface PoolReading {
  /** Live processes by agent. */
  processes: ReadonlyMap<string, number>;
  /** Processes that stand ready and belong to no session. */
  spares: number;
  /** Of all of them together, as far as it can be measured. */
  memoryBytes: number;
  /** How many sessions wait for a place. */
  waiting: number;
}

interface Holder {
  readonly sessionId: string;
  readonly agent: string;
  memoryBytes: (() => number | undefined) | null;
  leaving: boolean;
}

interface Waiter {
  readonly request: PlaceRequest;
  readonly turn: Deferred<Place | null>;
  readonly signs: NodeJS.Timeout;
}

/**
 * Keeps the agent processes under a cap of their number and of their memory. When it is reached, the session whose process has
 * been idle for longest is asked to give it up; a busy one never is. Who finds no place waits, in order.
 */
export class ProcessPool {
  readonly #limits: PoolLimits;
  readonly #evict: (cause: EvictionCause) => string | null;
  readonly #holders = new Set<Holder>();
  #waiting: Waiter[] = [];
  #balancing = false;

  /** @param evict asks the session that has been idle for longest to end its process; @returns its id, null: all are busy */
  constructor(limits: PoolLimits, evict: (cause: EvictionCause) => string | null) {
    this.#limits = limits;
    this.#evict = evict;
    for (const spares of this.#spares) spares.keepReady(() => this.#hasRoomForSpare());
  }

  get #spares(): readonly SpareProcesses[] {
    return this.#limits.spares ?? [];
  }

  get live(): number {
    return this.#holders.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  read(): PoolReading {
    const processes = new Map<string, number>();
    for (const { agent } of this.#holders) processes.set(agent, (processes.get(agent) ?? 0) + 1);
    const memoryBytes = this.#bytesOf([...this.#holders], 0);
    const spares = sum(this.#spares.map(({ ready }) => ready));
    return { processes, spares, memoryBytes, waiting: this.#waiting.length };
  }

  /** Resolves with a place when there is one, after all that asked before. */
  acquire(request: PlaceRequest): Promise<Place | null> {
    if (request.signal.aborted) return Promise.resolve(null);
    const waiter = { request, turn: deferred<Place | null>(), signs: setInterval(request.onWait, WAIT_SIGN_MS) };
    this.#waiting.push(waiter);
    request.signal.addEventListener('abort', () => this.#giveUp(waiter), { once: true });
    this.balance();
    return waiter.turn.promise;
  }

  /**
   * Lets in whoever fits, and asks as many idle sessions for their processes as it takes for the others. To be called when a
   * session has become idle, and from time to time, since processes grow and shrink.
   */
  balance(): void {
    // An eviction may free a place at once, which comes back here.
    if (this.#balancing) return;
    this.#balancing = true;
    try {
      this.#admit();
      this.#makeRoom();
    } finally {
      this.#balancing = false;
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(); next = this.#waiting[0]) {
      this.#waiting.shift();
      clearInterval(next.signs);
      next.turn.resolve(this.#occupy(next.request));
    }
  }

  #makeRoom(): void {
    for (let cause = this.#lack(); cause !== null; cause = this.#lack()) {
      // Nobody misses one that stands ready.
      if (cause === 'memory' && this.#spares.some((spares) => spares.discard())) continue;
      const sessionId = this.#evict(cause);
      if (sessionId === null) return;
      const staying = [...this.#holders].find((holder) => holder.sessionId === sessionId && !holder.leaving);
      // It had its place already on the way back.
      if (staying === undefined) return;
      staying.leaving = true;
    }
    this.#admit();
  }

  #hasRoom(): boolean {
    if (this.#holders.size === 0) return true;
    const { maxProcesses, maxMemoryBytes } = this.#limits;
    if (this.#holders.size >= maxProcesses) return false;
    if (maxMemoryBytes === null) return true;
    const usual = this.#usualBytes();
    return this.#bytesOf([...this.#holders], usual) + usual <= maxMemoryBytes;
  }

  /** What is missing when those that are leaving have left and those that wait have come; null: nothing. */
  #lack(): EvictionCause | null {
    const { maxProcesses, maxMemoryBytes } = this.#limits;
    const staying = [...this.#holders].filter((holder) => !holder.leaving);
    const waiting = this.#waiting.length;
    if (waiting > 0 && staying.length + waiting > maxProcesses) return 'place';
    if (maxMemoryBytes === null) return null;
    const usual = this.#usualBytes();
    return this.#bytesOf(staying, usual) + waiting * usual > maxMemoryBytes ? 'memory' : null;
  }

  /** Spares come after whoever waits, and only where there is memory for them. */
  #hasRoomForSpare(): boolean {
    const { maxMemoryBytes } = this.#limits;
    if (this.#waiting.length > 0) return false;
    if (maxMemoryBytes === null) return true;
    const usual = this.#usualBytes();
    return this.#bytesOf([...this.#holders], usual) + usual <= maxMemoryBytes;
  }

  /** Spares included. */
  #bytesOf(holders: readonly Holder[], usual: number): number {
    const spare = sum(this.#spares.map((spares) => spares.memoryBytes()));
    return spare + sum(holders.map((holder) => holder.memoryBytes?.() ?? usual));
  }

  /** What a process takes that has not been measured yet: the average of those that have. */
  #usualBytes(): number {
    const measured = [...this.#holders].flatMap((holder) => holder.memoryBytes?.() ?? []);
    return measured.length === 0 ? 0 : sum(measured) / measured.length;
  }

  #occupy({ sessionId, agent }: PlaceRequest): Place {
    const holder: Holder = { sessionId, agent, memoryBytes: null, leaving: false };
    this.#holders.add(holder);
    return {
      measured: (memoryBytes) => {
        holder.memoryBytes = memoryBytes;
        if (this.#limits.maxMemoryBytes !== null) this.balance();
      },
      leaving: () => {
        holder.leaving = true;
      },
      release: () => {
        if (this.#holders.delete(holder)) this.balance();
      },
    };
  }

  #giveUp(waiter: Waiter): void {
    if (!this.#waiting.includes(waiter)) return;
    this.#waiting = this.#waiting.filter((other) => other !== waiter);
    clearInterval(waiter.signs);
    waiter.turn.resolve(null);
    this.balance();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
