import type { Event } from '@hearth/protocol';

/**
 * The agent's answer in a turn: of its texts between tool calls the last that is not empty. Subagents' texts and
 * abandoned attempts are no part of it.
 */
export class AnswerText {
  #texts: string[] = [];
  #toolSince = false;

  add(event: Event): void {
    if (event.type === 'tool.called' && event.parentToolCallId === undefined) this.#toolSince = true;
    if (event.type !== 'block.completed' || event.kind !== 'text' || event.parentToolCallId !== undefined) return;
    if (event.reason === 'retry' || event.text === '') return;
    if (this.#toolSince) this.#texts = [];
    this.#toolSince = false;
    this.#texts.push(event.text);
  }

  get text(): string {
    return this.#texts.join('\n\n');
  }
}
