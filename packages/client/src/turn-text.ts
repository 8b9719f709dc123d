import type { Event } from '@hearth/protocol';

/** The agent's answer, folded from a turn's events: of its texts between tool calls the last that is not empty. */
export class TurnText {
  /** Texts of the blocks, by the number of tool calls before them. */
  readonly #rounds: Map<string, string>[] = [new Map<string, string>()];

  add(event: Event): void {
    switch (event.type) {
      case 'block.started':
        if (event.kind === 'text' && event.parentToolCallId === undefined) this.#last.set(event.blockId, '');
        return;
      case 'block.delta': {
        const blocks = this.#blocksWith(event.blockId);
        const text = blocks?.get(event.blockId);
        if (text !== undefined) blocks?.set(event.blockId, text.slice(0, event.offset) + event.text);
        return;
      }
      case 'block.completed':
        if (event.kind !== 'text' || event.parentToolCallId !== undefined) return;
        if (event.reason === 'retry') this.#blocksWith(event.blockId)?.delete(event.blockId);
        else (this.#blocksWith(event.blockId) ?? this.#last).set(event.blockId, event.text);
        return;
      case 'tool.called':
        if (event.parentToolCallId === undefined && this.#last.size > 0) this.#rounds.push(new Map<string, string>());
        return;
      default:
    }
  }

  get answer(): string {
    const texts = this.#rounds.map((blocks) => [...blocks.values()].filter((text) => text !== '').join('\n\n'));
    return texts.findLast((text) => text !== '') ?? '';
  }

  get #last(): Map<string, string> {
    return this.#rounds.at(-1) ?? new Map<string, string>();
  }

  #blocksWith(blockId: string): Map<string, string> | undefined {
    return this.#rounds.findLast((blocks) => blocks.has(blockId));
  }
}
