import type { Context, ModelUsage, Usage } from '@hearth/protocol';
import { NO_USAGE } from '@hearth/protocol';
import { NANO_PER_USD } from '../../usage/call-cost.ts';
import type { WireMessage, WireModelUsage, WireUsage } from './sdk-message.ts';

const DEFAULT_CONTEXT_TOKENS = 200_000;

/** Cumulative numbers of one model. The cost is in whole billionths of a dollar, so that differences add up. */
interface ModelTotal extends Usage {
  costNano: number;
}

const NO_TOTAL: ModelTotal = { ...NO_USAGE, costNano: 0 };

/** What one turn used, model by model, and how full its context is. The usage is the sum of its models. */
export interface MeteredTurn {
  usage: Usage;
  costUsd: number;
  models: ModelUsage[];
  context: Context;
}

/** What one turn used: cumulative numbers in, differences out. */
export class TurnUsageMeter {
  #totals = new Map<string, ModelTotal>();
  #lastRequest: WireUsage = {};
  #maxTokens = DEFAULT_CONTEXT_TOKENS;

  /** Takes note of the usage of a request of the main conversation; a later number replaces an earlier one. */
  onRequest(usage: WireUsage | undefined): void {
    if (usage === undefined) return;
    const known = Object.entries(usage).filter(([, count]) => typeof count === 'number');
    this.#lastRequest = { ...this.#lastRequest, ...Object.fromEntries(known) };
  }

  /**
   * The differences of the cumulative totals in a result to those in the one before. When one of them went down (the
   * agent began to count anew, as after /clear), all of them are the turn's own.
   */
  onResult(result: WireMessage, model: string | undefined): MeteredTurn {
    const totals = new Map(Object.entries(result.modelUsage ?? {}).map(([name, usage]) => [name, totalOf(usage)]));
    const anew = [...this.#totals].some(([name, before]) => isLess(totals.get(name) ?? NO_TOTAL, before));
    const used = [...totals].map(
      ([name, total]) => [name, anew ? total : difference(total, this.#totals.get(name) ?? NO_TOTAL)] as const,
    );
    this.#totals = totals;
    const window = model === undefined ? undefined : result.modelUsage?.[model]?.contextWindow;
    if (window !== undefined && window > 0) this.#maxTokens = window;
    const { costNano, ...usage } = used.reduce((sum, [, total]) => added(sum, total), NO_TOTAL);
    return {
      usage,
      costUsd: costNano / NANO_PER_USD,
      models: used.filter(([, total]) => isLess(NO_TOTAL, total)).map(([name, total]) => partOf(name, total)),
      context: { usedTokens: this.#usedTokens(), maxTokens: this.#maxTokens },
    };
  }

  #usedTokens(): number {
    const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = this.#lastRequest;
    return (
      (input_tokens ?? 0) + (output_tokens ?? 0) + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0)
    );
  }
}

function totalOf(model: WireModelUsage): ModelTotal {
  return {
    inputTokens: model.inputTokens,
    outputTokens: model.outputTokens,
    cacheReadTokens: model.cacheReadInputTokens,
    cacheCreationTokens: model.cacheCreationInputTokens,
    costNano: Math.round((model.costUSD ?? 0) * NANO_PER_USD),
  };
}

const COUNTS = Object.keys(NO_TOTAL) as (keyof ModelTotal)[];

function combined(one: ModelTotal, other: ModelTotal, combine: (one: number, other: number) => number): ModelTotal {
  const result = { ...NO_TOTAL };
  for (const count of COUNTS) result[count] = combine(one[count], other[count]);
  return result;
}

function added(one: ModelTotal, other: ModelTotal): ModelTotal {
  return combined(one, other, (a, b) => a + b);
}

function difference(one: ModelTotal, other: ModelTotal): ModelTotal {
  return combined(one, other, (a, b) => a - b);
}

/** Whether any of the numbers is. */
function isLess(one: ModelTotal, other: ModelTotal): boolean {
  return COUNTS.some((count) => one[count] < other[count]);
}

function partOf(model: string, { costNano, ...usage }: ModelTotal): ModelUsage {
  return { model, ...usage, costUsd: costNano / NANO_PER_USD };
}
