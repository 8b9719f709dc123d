import type { ApprovalAnswer } from '@hearth/protocol';
import type { AgentChange, AgentEvent, AgentProcess, AgentSpec, Backend, Delivery } from '../backend/backend.ts';
import { deferred } from '../concurrency/deferred.ts';
import type { ProcessPool } from '../process/process-pool.ts';

/**
 * A session's place for an agent process. At most one process of a session is alive: the next one opens only when the
 * one before is gone, for two on one conversation would overwrite each other's work.
 */
export class AgentSlot {
  readonly #backend: Backend;
  readonly #pool: ProcessPool;
  readonly #emit: (generation: number, event: AgentEvent) => void;
  #current: Occupant | null = null;
  /** Resolves when no process of an earlier generation is alive. */
  #vacant: Promise<void> = Promise.resolve();

  constructor(backend: Backend, pool: ProcessPool, emit: (generation: number, event: AgentEvent) => void) {
    this.#backend = backend;
    this.#pool = pool;
    this.#emit = emit;
  }

  /** A process is alive or on its way. */
  get occupied(): boolean {
    return this.#current !== null;
  }

  memoryBytes(): number | undefined {
    return this.#current?.process?.memoryBytes();
  }

  /** Resolves when no process is alive any more. */
  async vacant(): Promise<void> {
    await this.#vacant;
  }

  /** Hands a message to the process of this generation, which is opened by `spec` when it is not there yet. */
  send(generation: number, delivery: Delivery, spec: () => AgentSpec): void {
    if (this.#current?.generation !== generation) this.#occupy(generation, spec);
    this.#command(generation, (process) => process.send(delivery));
  }

  withdraw(generation: number, messageId: string): void {
    this.#command(generation, (process) => process.withdraw(messageId));
  }

  /** A process that is not open yet has nothing to cut: it is given up instead. */
  interrupt(generation: number): void {
    const current = this.#current;
    if (current?.generation !== generation || current.process === null) this.#abandon(generation);
    else current.process.interrupt();
  }

  answer(generation: number, approvalId: string, answer: ApprovalAnswer): void {
    this.#command(generation, (process) => process.answer(approvalId, answer));
  }

  configure(generation: number, change: AgentChange): void {
    this.#command(generation, (process) => process.configure(change));
  }

  close(generation: number): void {
    this.#end(generation, (process) => process.close());
  }

  kill(generation: number): void {
    this.#end(generation, (process) => process.kill());
  }

  #occupy(generation: number, spec: () => AgentSpec): void {
    const before = this.#vacant;
    const gone = deferred<void>();
    const occupant: Occupant = { generation, process: null, waiting: [], given: 'kept', gone: () => gone.resolve() };
    this.#current = occupant;
    this.#vacant = gone.promise;
    void this.#open(occupant, before, spec);
  }

  async #open(occupant: Occupant, before: Promise<void>, spec: () => AgentSpec): Promise<void> {
    await before;
    const { generation } = occupant;
    const place = this.#backend.usesProcess
      ? await this.#pool.acquire(() => this.#emit(generation, { type: 'activity' }))
      : null;
    const leave = (): void => {
      if (this.#current === occupant) this.#current = null;
      place?.release();
      occupant.gone();
    };
    if (occupant.given === 'up') {
      leave();
      return;
    }
    const process = this.#backend.open(spec(), (event) => {
      if (event.type === 'exited') leave();
      this.#emit(generation, event);
    });
    occupant.process = process;
    for (const command of occupant.waiting.splice(0)) command(process);
  }

  #command(generation: number, command: (process: AgentProcess) => void): void {
    const current = this.#current;
    if (current?.generation !== generation) return;
    if (current.process === null) current.waiting.push(command);
    else command(current.process);
  }

  #end(generation: number, command: (process: AgentProcess) => void): void {
    const current = this.#current;
    if (current?.generation !== generation) return;
    if (current.process === null) current.given = 'up';
    else command(current.process);
    this.#current = null;
  }

  #abandon(generation: number): void {
    this.#end(generation, (process) => process.kill());
    this.#emit(generation, { type: 'exited' });
  }
}

interface Occupant {
  generation: number;
  /** Null while it waits for its place. */
  process: AgentProcess | null;
  waiting: ((process: AgentProcess) => void)[];
  given: 'kept' | 'up';
  gone: () => void;
}
