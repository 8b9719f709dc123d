import type { AgentCommand, ApprovalAnswer } from '@hearth/protocol';
import type { AgentChange, AgentEvent, AgentProcess, AgentSpec, Backend, Delivery } from '../backend/backend.ts';
import { deferred } from '../concurrency/deferred.ts';
import type { Place, ProcessPool } from '../process/process-pool.ts';
import type { Log } from '../telemetry/log.ts';

export interface SlotParts {
  sessionId: string;
  backend: Backend;
  pool: ProcessPool;
  log: Log;
  emit: (generation: number, event: AgentEvent) => void;
}

/**
 * A session's place for an agent process. At most one process of a session is alive: the next one opens only when the
 * one before is gone, for two on one conversation would overwrite each other's work.
 */
export class AgentSlot {
  readonly #parts: SlotParts;
  #current: Occupant | null = null;
  /** Of the last process that was wanted. Who still speaks to an older one has not heard yet that it has ended, and opens none. */
  #newest = -1;
  /** Resolves when no process of an earlier generation is alive. */
  #vacant: Promise<void> = Promise.resolve();

  constructor(parts: SlotParts) {
    this.#parts = parts;
  }

  /** A process is alive or on its way. */
  get occupied(): boolean {
    return this.#current !== null;
  }

  /** Resolves when no process is alive any more. */
  async vacant(): Promise<void> {
    await this.#vacant;
  }

  /** Hands a message to the process of this generation, which is opened by `spec` when it is not there yet. */
  send(generation: number, delivery: Delivery, spec: () => AgentSpec): void {
    if (generation > this.#newest) this.#occupy(generation, spec);
    this.#command(generation, (process) => process.send(delivery));
  }

  /** Opens a process that goes on with its turn by itself. */
  resume(generation: number, spec: () => AgentSpec): void {
    if (generation > this.#newest) this.#occupy(generation, spec);
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

  async commands(): Promise<AgentCommand[]> {
    return (await this.#current?.process?.commands?.()) ?? [];
  }

  close(generation: number): void {
    this.#end(generation, (process) => process.close());
  }

  kill(generation: number): void {
    this.#end(generation, (process) => process.kill());
  }

  /** Ends whatever process is there, whichever generation it is of. */
  clear(): void {
    if (this.#current !== null) this.kill(this.#current.generation);
  }

  #occupy(generation: number, spec: () => AgentSpec): void {
    const before = this.#vacant;
    const gone = deferred<void>();
    const occupant: Occupant = { generation, process: null, waiting: [], place: null, givenUp: new AbortController() };
    this.#current = occupant;
    this.#newest = generation;
    this.#vacant = gone.promise;
    void this.#live(occupant, before, spec).then(() => gone.resolve());
  }

  /** From the wait for its place until nothing of the process is alive. */
  async #live(occupant: Occupant, before: Promise<void>, spec: () => AgentSpec): Promise<void> {
    const { generation, givenUp } = occupant;
    const { backend, emit, log, sessionId } = this.#parts;
    try {
      await before;
      if (backend.usesProcess) occupant.place = await this.#place(generation, givenUp.signal);
      if (givenUp.signal.aborted) return;
      const process = this.#open(occupant, spec());
      await process.gone;
    } catch (error) {
      log.error({ err: error, sessionId }, 'the agent could not be opened');
      this.#leave(occupant);
      const said = 'The agent could not be opened.';
      emit(generation, { type: 'exited', error: { code: 'internal', message: said, retryable: false } });
    } finally {
      occupant.place?.release();
    }
  }

  async #place(generation: number, signal: AbortSignal): Promise<Place | null> {
    const { backend, pool, emit, sessionId } = this.#parts;
    const onWait = (): void => emit(generation, { type: 'activity' });
    return pool.acquire({ sessionId, agent: backend.name, onWait, signal });
  }

  #open(occupant: Occupant, spec: AgentSpec): AgentProcess {
    const { backend, emit } = this.#parts;
    const process = backend.open(spec, (event) => {
      if (event.type === 'ready') occupant.place?.measured(() => occupant.process?.memoryBytes());
      if (event.type === 'exited') this.#leave(occupant);
      emit(occupant.generation, event);
    });
    occupant.process = process;
    for (const command of occupant.waiting.splice(0)) command(process);
    return process;
  }

  #leave(occupant: Occupant): void {
    if (this.#current === occupant) this.#current = null;
    occupant.place?.leaving();
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
    this.#leave(current);
    if (current.process === null) current.givenUp.abort();
    else command(current.process);
  }

  #abandon(generation: number): void {
    this.#end(generation, (process) => process.kill());
    this.#parts.emit(generation, { type: 'exited' });
  }
}

interface Occupant {
  generation: number;
  /** Null while it waits for its place. */
  process: AgentProcess | null;
  waiting: ((process: AgentProcess) => void)[];
  place: Place | null;
  /** Before it was open. */
  givenUp: AbortController;
}
