import type { Context, Usage } from '@hearth/protocol';
import { NO_USAGE } from '@hearth/protocol';
import type { WireMessage, WireUsage } from './sdk-message.ts';

const DEFAULT_CONTEXT_TOKENS = 200_000;

/** What one turn used: cumulative numbers in, differences out. */
export class TurnUsageMeter {
  #usage: Usage = NO_USAGE;
  #costUsd = 0;
  #lastRequest: WireUsage = {};
  #maxTokens = DEFAULT_CONTEXT_TOKENS;

  /** Takes note of the usage of a request of the main conversation; a later number replaces an earlier one. */
  onRequest(usage: WireUsage | undefined): void {
    if (usage === undefined) return;
    const known = Object.entries(usage).filter(([, count]) => typeof count === 'number');
    this.#lastRequest = { ...this.#lastRequest, ...Object.fromEntries(known) };
  }

  /**
   * The difference of the cumulative totals in a result to those in the one before. A total that went down (the agent
   * began to count anew, as after /clear) is the turn's own.
   */
  onResult(result: WireMessage, model: string | undefined): { usage: Usage; costUsd: number; context: Context } {
    const total = totalOf(result);
    const costUsd = result.total_cost_usd ?? this.#costUsd;
    const before = costUsd < this.#costUsd || total.outputTokens < this.#usage.outputTokens;
    const usage = before ? total : subtract(total, this.#usage);
    const cost = before ? costUsd : costUsd - this.#costUsd;
    this.#usage = total;
    this.#costUsd = costUsd;
    const window = model === undefined ? undefined : result.modelUsage?.[model]?.contextWindow;
    if (window !== undefined && window > 0) this.#maxTokens = window;
    return { usage, costUsd: roundCost(cost), context: { usedTokens: this.#usedTokens(), maxTokens: this.#maxTokens } };
  }

  #usedTokens(): number {
    const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = this.#lastRequest;
    return (
      (input_tokens ?? 0) + (output_tokens ?? 0) + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0)
    );
  }
}

function totalOf(result: WireMessage): Usage {
  const total = { ...NO_USAGE };
  for (const model of Object.values(result.modelUsage ?? {})) {
    total.inputTokens += model.inputTokens;
    total.outputTokens += model.outputTokens;
    total.cacheReadTokens += model.cacheReadInputTokens;
    total.cacheCreationTokens += model.cacheCreationInputTokens;
  }
  return total;
}

function subtract(total: Usage, before: Usage): Usage {
  return {
    inputTokens: Math.max(0, total.inputTokens - before.inputTokens),
    outputTokens: Math.max(0, total.outputTokens - before.outputTokens),
    cacheReadTokens: Math.max(0, total.cacheReadTokens - before.cacheReadTokens),
    cacheCreationTokens: Math.max(0, total.cacheCreationTokens - before.cacheCreationTokens),
  };
}

/** To a billionth of a dollar: a difference of floating point sums has noise behind that. */
function roundCost(costUsd: number): number {
  return Math.max(0, Math.round(costUsd * 1e9) / 1e9);
}
