import type { UUID } from 'node:crypto';
import type { Options, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';

/** What a turn's prompt is put into while the process runs. */
export class Input {
  readonly #waiting: SDKUserMessage[] = [];
  #wake: (() => void) | null = null;

  /** @param uuid with one the binary tells what becomes of the message */
  push(text: string, uuid?: UUID): void {
    this.#waiting.push({
      type: 'user',
      message: { role: 'user', content: text },
      parent_tool_use_id: null,
      session_id: '',
      ...(uuid === undefined ? {} : { uuid }),
    });
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage, void> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

/** The options that Hearth gives too, as far as they decide what the binary does at its start. */
export function options(cwd: string): Options {
  const systemPrompt = { type: 'preset', preset: 'claude_code' } as const;
  return { cwd, includePartialMessages: true, settingSources: ['user', 'project'], systemPrompt };
}
