import type { ServerResponse } from 'node:http';
import type { JsonObject } from './directives.ts';
import type { InputUsage } from './prompt-cache.ts';
import type { ApiUsage } from './reply.ts';

/** The head of an answer: what is known before its first delta. */
export interface AnswerHead {
  readonly id: string;
  readonly model: string;
  readonly input: InputUsage;
}

/** Takes an answer piece by piece and writes it as the Messages API would. */
export interface AnswerSink {
  start(): void;
  text(delta: string): void;
  thinking(delta: string): void;
  toolUse(id: string, name: string): void;
  toolInput(delta: string): void;
  end(stopReason: string, usage: ApiUsage): void;
  /** Hands buffered bytes to the socket. @returns false when the reader is slow and `drain` has to be awaited */
  flush(): boolean;
}

const FLUSH_CHARS = 32 * 1024;

type OpenBlock = { readonly type: 'none' } | { readonly type: 'text' | 'thinking' | 'tool_use'; readonly text: string };

/** Writes Server-Sent Events: `message_start`, blocks with their deltas, `message_delta`, `message_stop`. */
export class StreamedAnswer implements AnswerSink {
  readonly #response: ServerResponse;
  readonly #head: AnswerHead;
  #block: OpenBlock = { type: 'none' };
  #index = -1;
  #buffer = '';
  #writable = true;

  constructor(response: ServerResponse, head: AnswerHead) {
    this.#response = response;
    this.#head = head;
  }

  start(): void {
    const { id, model, input } = this.#head;
    const message = { id, type: 'message', role: 'assistant', model, content: [] };
    const usage = { ...input, output_tokens: 1, service_tier: 'standard' };
    this.#event('message_start', { message: { ...message, stop_reason: null, stop_sequence: null, usage } });
    this.flush();
  }

  text(delta: string): void {
    this.#open('text', { type: 'text', text: '' });
    this.#delta({ type: 'text_delta', text: delta });
  }

  thinking(delta: string): void {
    this.#open('thinking', { type: 'thinking', thinking: '', signature: '' });
    this.#block = { type: 'thinking', text: `${this.#block.type === 'none' ? '' : this.#block.text}${delta}` };
    this.#delta({ type: 'thinking_delta', thinking: delta });
  }

  toolUse(id: string, name: string): void {
    this.#close();
    this.#open('tool_use', { type: 'tool_use', id, name, input: {} });
    this.#delta({ type: 'input_json_delta', partial_json: '' });
  }

  toolInput(delta: string): void {
    this.#delta({ type: 'input_json_delta', partial_json: delta });
  }

  end(stopReason: string, usage: ApiUsage): void {
    this.#close();
    this.#event('message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage });
    this.#event('message_stop', {});
    this.flush();
    this.#response.end();
  }

  flush(): boolean {
    if (this.#buffer !== '') {
      this.#writable = this.#response.write(this.#buffer);
      this.#buffer = '';
    }
    return this.#writable || !this.#response.writableNeedDrain;
  }

  #open(type: 'text' | 'thinking' | 'tool_use', contentBlock: JsonObject): void {
    if (this.#block.type === type) return;
    this.#close();
    this.#index += 1;
    this.#block = { type, text: '' };
    this.#event('content_block_start', { index: this.#index, content_block: contentBlock });
    if (this.#index === 0) this.#event('ping', {});
  }

  #delta(delta: JsonObject): void {
    this.#event('content_block_delta', { index: this.#index, delta });
  }

  #close(): void {
    const block = this.#block;
    if (block.type === 'none') return;
    if (block.type === 'thinking') this.#delta({ type: 'signature_delta', signature: signatureOf(block.text) });
    this.#event('content_block_stop', { index: this.#index });
    this.#block = { type: 'none' };
  }

  #event(type: string, fields: object): void {
    this.#buffer += `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    if (this.#buffer.length >= FLUSH_CHARS) this.flush();
  }
}

type WholeBlock =
  | { type: 'text'; text: string }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown; json: string };

/** Gathers the answer and writes it as one JSON body. */
export class PlainAnswer implements AnswerSink {
  readonly #response: ServerResponse;
  readonly #head: AnswerHead;
  readonly #blocks: WholeBlock[] = [];

  constructor(response: ServerResponse, head: AnswerHead) {
    this.#response = response;
    this.#head = head;
  }

  start(): void {
    // a plain answer has no beginning of its own: everything is written at the end
  }

  text(delta: string): void {
    const last = this.#blocks.at(-1);
    if (last?.type === 'text') last.text += delta;
    else this.#blocks.push({ type: 'text', text: delta });
  }

  thinking(delta: string): void {
    const last = this.#blocks.at(-1);
    if (last?.type === 'thinking') last.thinking += delta;
    else this.#blocks.push({ type: 'thinking', thinking: delta, signature: '' });
  }

  toolUse(id: string, name: string): void {
    this.#blocks.push({ type: 'tool_use', id, name, input: {}, json: '' });
  }

  toolInput(delta: string): void {
    const last = this.#blocks.at(-1);
    if (last?.type === 'tool_use') last.json += delta;
  }

  end(stopReason: string, usage: ApiUsage): void {
    const { id, model } = this.#head;
    const content = this.#blocks.map((block) => {
      if (block.type === 'thinking') return { ...block, signature: signatureOf(block.thinking) };
      if (block.type !== 'tool_use') return block;
      const input: unknown = JSON.parse(block.json);
      return { type: block.type, id: block.id, name: block.name, input };
    });
    const message = { id, type: 'message', role: 'assistant', model, content, stop_reason: stopReason };
    this.#response.end(
      JSON.stringify({ ...message, stop_sequence: null, usage: { ...usage, service_tier: 'standard' } }),
    );
  }

  flush(): boolean {
    return true;
  }
}

/** A made-up signature of a thinking block, the same for the same text. */
function signatureOf(thinking: string): string {
  return Buffer.from(`scripted:${thinking.length}:${thinking.slice(0, 32)}`).toString('base64');
}
