import type { JsonObject, Script, Step } from './directives.ts';

/** A scripted answer. Make one with {@link reply}. */
export interface Reply {
  readonly steps: Script;
  readonly failure?: {
    readonly type?: string;
    readonly message?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Replaces the counted usage. */
  readonly usage?: BilledUsage;
  readonly stopReason?: string;
}

/** Token counts of one answer, in the API's own names. */
export interface ApiUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
}

/** What an answer bills instead of the counted usage; the details are passed on as they are. */
export interface BilledUsage extends Partial<ApiUsage> {
  /** How `cache_creation_input_tokens` are to be kept: for five minutes, or for an hour. */
  readonly cache_creation?: {
    readonly ephemeral_5m_input_tokens: number;
    readonly ephemeral_1h_input_tokens: number;
  };
  readonly server_tool_use?: { readonly web_search_requests: number };
  readonly inference_geo?: string;
  readonly speed?: string;
}

const ALWAYS = Number.MAX_SAFE_INTEGER;

/** Begins an answer: `reply().thinking('hm').text('hello').tool('Bash', { command: 'ls' })`. */
export function reply(): ReplyBuilder {
  return new ReplyBuilder({ steps: [] });
}

/** An answer under construction; each call gives a new one, so a beginning can be shared. */
export class ReplyBuilder implements Reply {
  readonly #reply: Reply;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  get steps(): Script {
    return this.#reply.steps;
  }

  get failure(): NonNullable<Reply['failure']> {
    return this.#reply.failure ?? {};
  }

  get usage(): BilledUsage {
    return this.#reply.usage ?? {};
  }

  /** `''` means the natural one: `tool_use` after tool calls, else `end_turn`. */
  get stopReason(): string {
    return this.#reply.stopReason ?? '';
  }

  /** Text, streamed word by word. */
  text(text: string): ReplyBuilder {
    return this.#with({ type: 'say', text });
  }

  /** `count` deltas `w0 `, `w1 `, …, `intervalMs` apart. */
  tokens(count: number, intervalMs = 0): ReplyBuilder {
    return this.#with({ type: 'tokens', count, intervalMs });
  }

  /** A thinking block, before everything else. */
  thinking(text: string): ReplyBuilder {
    return this.#with({ type: 'think', text });
  }

  /** A tool call, after all text; several are parallel. The id is made when not given. */
  tool(name: string, input: JsonObject = {}, id?: string): ReplyBuilder {
    return this.#with({ type: 'tool', name, input, ...(id === undefined ? {} : { id }) });
  }

  /** An error answer; type, message and headers default to what the real API sends. */
  status(code: number, failure: NonNullable<Reply['failure']> = {}): ReplyBuilder {
    return new ReplyBuilder({ ...this.#with({ type: 'status', code, times: ALWAYS }).#reply, failure });
  }

  /** Breaks the connection after so many deltas. */
  cut(afterDeltas: number): ReplyBuilder {
    return this.#with({ type: 'cut', afterDeltas, times: ALWAYS });
  }

  /** Nothing before the first byte for `ms`, or until the client goes away. */
  hang(ms: number | 'forever' = 'forever'): ReplyBuilder {
    return this.#with({ type: 'hang', ms });
  }

  /** A pause here in mid-stream for `ms`, or until the client goes away. */
  stall(ms: number | 'forever' = 'forever'): ReplyBuilder {
    return this.#with({ type: 'stall', ms });
  }

  /** Bills these numbers instead of the counted ones. */
  billed(usage: BilledUsage): ReplyBuilder {
    return new ReplyBuilder({ ...this.#reply, usage });
  }

  /** Ends with this `stop_reason`, e.g. `max_tokens` or `refusal`. */
  stops(stopReason: string): ReplyBuilder {
    return new ReplyBuilder({ ...this.#reply, stopReason });
  }

  #with(step: Step): ReplyBuilder {
    return new ReplyBuilder({ ...this.#reply, steps: [...this.#reply.steps, step] });
  }
}
