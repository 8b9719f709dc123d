import type { Input } from '../session/input.ts';

type Delta = { generation: number; blockId: string; text: string };

/** Text of one block that came from the agent since something else happened, or since the last commit: one delta, not many. */
export class StreamedText {
  #delta: Delta | null = null;

  get waits(): boolean {
    return this.#delta !== null;
  }

  /** @returns false when it does not continue what waits here */
  extend({ generation, blockId, text }: Delta): boolean {
    const delta = this.#delta;
    if (delta?.blockId !== blockId || delta.generation !== generation) return false;
    delta.text += text;
    return true;
  }

  /** Nothing must wait here. */
  begin(delta: Delta): void {
    this.#delta = delta;
  }

  /** What waits, as an input for the core; null: nothing does. */
  take(): Input | null {
    if (this.#delta === null) return null;
    const { generation, blockId, text } = this.#delta;
    this.#delta = null;
    return { type: 'agent', generation, event: { type: 'block.delta', blockId, text } };
  }
}
