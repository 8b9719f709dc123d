import { NO_USAGE } from '@hearth/protocol';
import type { ModelUsage, Usage } from '@hearth/protocol';
import { callUsage, costOf, NANO_PER_USD } from '../../usage/call-cost.ts';
import type { StreamEvent, WireMessage, WireUsage } from './sdk-message.ts';

/** Ids of calls that are over are remembered up to this many. */
const MAX_REMEMBERED = 2_000;

/**
 * The calls of the model that were seen since the last result, with what they used by then: all that is known of them
 * when no result comes. Input counts from the beginning of an answer, output as it is told; of a subagent only the
 * beginning is told.
 */
export class SeenCalls {
  readonly #calls = new Map<string, { model: string; usage: WireUsage }>();
  /** Of calls that a result has counted. */
  readonly #counted = new Set<string>();
  /** The call whose answer streams. */
  #streaming: string | undefined;

  /** @returns whether there is more to tell */
  onStream(event: StreamEvent): boolean {
    if (event.type === 'message_start') {
      this.#streaming = event.message?.id;
      return this.#see(event.message);
    }
    const call = this.#streaming === undefined ? undefined : this.#calls.get(this.#streaming);
    if (event.type !== 'message_delta' || event.usage === undefined || call === undefined) return false;
    const known = Object.entries(event.usage).filter(([, value]) => value !== null && value !== undefined);
    call.usage = { ...call.usage, ...Object.fromEntries(known) };
    return true;
  }

  /** A whole message, as subagents send them. @returns whether there is more to tell */
  onWhole({ message }: WireMessage): boolean {
    return this.#see(message);
  }

  /** A result has counted all of them. */
  settle(): void {
    for (const id of this.#calls.keys()) this.#counted.add(id);
    this.#calls.clear();
    for (const oldest of this.#counted) {
      if (this.#counted.size <= MAX_REMEMBERED) return;
      this.#counted.delete(oldest);
    }
  }

  /** One part for each model. */
  models(): ModelUsage[] {
    const totals = new Map<string, Usage & { costNano: number }>();
    for (const { model, usage } of this.#calls.values()) {
      const call = callUsage(usage);
      const before = totals.get(model) ?? { ...NO_USAGE, costNano: 0 };
      totals.set(model, {
        inputTokens: before.inputTokens + call.inputTokens,
        outputTokens: before.outputTokens + call.outputTokens,
        cacheReadTokens: before.cacheReadTokens + call.cacheReadTokens,
        cacheCreationTokens: before.cacheCreationTokens + call.cacheCreationTokens,
        costNano: before.costNano + costOf(model, call),
      });
    }
    return [...totals].map(([model, { costNano, ...usage }]) => ({
      model,
      ...usage,
      costUsd: costNano / NANO_PER_USD,
    }));
  }

  #see(message: { id?: string; model?: string; usage?: WireUsage } | undefined): boolean {
    if (message?.id === undefined || message.model === undefined || message.usage === undefined) return false;
    if (this.#calls.has(message.id) || this.#counted.has(message.id)) return false;
    this.#calls.set(message.id, { model: message.model, usage: message.usage });
    return true;
  }
}
