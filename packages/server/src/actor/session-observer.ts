import type { EventBody, Phase, TurnOutcome } from '@hearth/protocol';
import type { EvictionCause } from '../process/process-pool.ts';

/** Is told what happens in the sessions of this machine, to count it. */
export interface SessionObserver {
  /** Of a session in memory. `from` null: it was loaded; `to` null: it was unloaded. */
  phaseChanged(from: Phase | null, to: Phase | null): void;
  turnEnded(outcome: TurnOutcome): void;
  /** An idle process was asked to end; `idle`: it had been so for too long. */
  agentEvicted(cause: EvictionCause | 'idle'): void;
}

/** One session in memory as it is told to the observer: what is stored, as clients see it. */
export class ObservedSession {
  readonly #observer: SessionObserver;
  #phase: Phase | null;

  constructor(observer: SessionObserver, phase: Phase) {
    this.#observer = observer;
    this.#phase = phase;
    observer.phaseChanged(null, phase);
  }

  phase(phase: Phase): void {
    if (this.#phase !== null && phase !== this.#phase) this.#change(phase);
  }

  unloaded(): void {
    if (this.#phase !== null) this.#change(null);
  }

  /** Counts the turns that end with these events, once they are stored. */
  appended(events: readonly EventBody[], stored: () => Promise<void>): void {
    if (!events.some(endsTurn)) return;
    const outcomes = events.flatMap(outcomeOf);
    const count = (): void => outcomes.forEach((outcome) => this.#observer.turnEnded(outcome));
    // When it is not stored nothing ended; whoever appended is told of it.
    stored().then(count, () => undefined);
  }

  #change(phase: Phase | null): void {
    this.#observer.phaseChanged(this.#phase, phase);
    this.#phase = phase;
  }
}

function endsTurn({ type }: EventBody): boolean {
  return type === 'turn.completed' || type === 'turn.interrupted' || type === 'turn.failed';
}

function outcomeOf({ type }: EventBody): TurnOutcome[] {
  switch (type) {
    case 'turn.completed':
      return ['completed'];
    case 'turn.interrupted':
      return ['interrupted'];
    case 'turn.failed':
      return ['failed'];
    default:
      return [];
  }
}
