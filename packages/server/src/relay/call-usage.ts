import type { Usage } from '@hearth/protocol';
import { callUsage, costOf, NANO_PER_USD } from '../usage/call-cost.ts';
import type { ApiCallUsage, CallUsage } from '../usage/call-cost.ts';

/** What a call of the model used since it was looked at last. */
export interface CountedCall {
  /** As the answer names it. */
  model: string;
  usage: Usage;
  costUsd: number;
}

interface WireEvent {
  message?: { model?: string; usage?: ApiCallUsage };
  model?: string;
  usage?: ApiCallUsage;
}

/**
 * Reads the usage of a call from its answer on the way through: from the events that carry it, where the answer streams,
 * else from the one JSON document. What has been answered is counted as it comes, so that a call that breaks off, or whose
 * agent dies, is counted too.
 */
export class CallUsageReader {
  readonly #streams: boolean;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #model: string | undefined;
  #usage: ApiCallUsage = {};
  #deltas = 0;
  /** Whether the answer has said what all its output is. */
  #told = false;
  #taken: { usage: CallUsage; costNano: number } = { usage: callUsage({}), costNano: 0 };

  constructor(contentType: string | undefined) {
    this.#streams = contentType?.startsWith('text/event-stream') === true;
  }

  push(chunk: Uint8Array): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    if (!this.#streams) return;
    const end = this.#rest.lastIndexOf('\n');
    if (end === -1) return;
    const lines = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    this.#deltas += lines.split('event: content_block_delta').length - 1;
    // Most of an answer is deltas, which need not be looked at one by one.
    if (!lines.includes('"usage"')) return;
    for (const line of lines.split('\n')) {
      if (line.startsWith('data:') && line.includes('"usage"')) this.#read(line.slice('data:'.length));
    }
  }

  /** The answer is at its end. One that streams can also end in an error, which does not say what its output was. */
  end(): void {
    if (!this.#streams) this.#read(this.#rest);
    else if (!this.#told) this.breakOff();
  }

  /** No more will come, and the answer is not whole: of its output nothing is known but that each delta was one token at the least. */
  breakOff(): void {
    this.#usage = { ...this.#usage, output_tokens: Math.max(this.#usage.output_tokens ?? 0, this.#deltas) };
  }

  /** What was counted since the last time; null: nothing. The numbers of an answer count from its beginning. */
  take(): CountedCall | null {
    if (this.#model === undefined) return null;
    const usage = callUsage(this.#usage);
    const costNano = costOf(this.#model, usage);
    const before = this.#taken;
    const more: Usage = {
      inputTokens: Math.max(0, usage.inputTokens - before.usage.inputTokens),
      outputTokens: Math.max(0, usage.outputTokens - before.usage.outputTokens),
      cacheReadTokens: Math.max(0, usage.cacheReadTokens - before.usage.cacheReadTokens),
      cacheCreationTokens: Math.max(0, usage.cacheCreationTokens - before.usage.cacheCreationTokens),
    };
    const costUsd = Math.max(0, costNano - before.costNano) / NANO_PER_USD;
    if (costUsd === 0 && Object.values(more).every((tokens) => tokens === 0)) return null;
    this.#taken = { usage, costNano };
    return { model: this.#model, usage: more, costUsd };
  }

  #read(json: string): void {
    let event: WireEvent;
    try {
      event = JSON.parse(json) as WireEvent;
    } catch {
      // An error page of some proxy: nothing was counted.
      return;
    }
    this.#model = event.message?.model ?? event.model ?? this.#model;
    const usage = event.message?.usage ?? event.usage;
    this.#told ||= event.message === undefined && event.usage !== undefined;
    const known = Object.entries(usage ?? {}).filter(([, value]) => value !== null && value !== undefined);
    this.#usage = { ...this.#usage, ...Object.fromEntries(known) };
  }
}
