import type { Usage } from '@hearth/protocol';
import { ASSUMED_PRICES, pricesOf, US_ONLY_FACTOR, WEB_SEARCH_USD } from './prices.ts';
import type { ModelPrices, Prices } from './prices.ts';

/** Billionths of a US dollar in a dollar. Costs are counted in these, as whole numbers, so that sums are exact. */
export const NANO_PER_USD = 1_000_000_000;

/** Billionths of a dollar for one token, by dollars for a million of them. */
const NANO_PER_TOKEN = NANO_PER_USD / 1_000_000;

/** What one call of a model used, with what makes it cheaper or dearer. */
export interface CallUsage extends Usage {
  /** Of `cacheCreationTokens`: those that were written for an hour. */
  cacheCreation1hTokens?: number;
  webSearches?: number;
  /** Served in the fast mode. */
  fast?: boolean;
  /** Served in the United States alone. */
  usOnly?: boolean;
}

/** The `usage` of an answer of the Messages API, as far as it has a price. */
export interface ApiCallUsage {
  input_tokens?: number | null;
  output_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
  cache_creation?: { ephemeral_1h_input_tokens?: number | null } | null;
  server_tool_use?: { web_search_requests?: number | null } | null;
  speed?: string | null;
  inference_geo?: string | null;
}

/** Reads the usage of an answer; what it leaves out is none. */
export function callUsage(usage: ApiCallUsage): CallUsage {
  return {
    inputTokens: usage.input_tokens ?? 0,
    outputTokens: usage.output_tokens ?? 0,
    cacheReadTokens: usage.cache_read_input_tokens ?? 0,
    cacheCreationTokens: usage.cache_creation_input_tokens ?? 0,
    cacheCreation1hTokens: usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    webSearches: usage.server_tool_use?.web_search_requests ?? 0,
    fast: usage.speed === 'fast',
    usOnly: usage.inference_geo === 'us',
  };
}

/**
 * What a call cost, in whole billionths of a dollar. A model without known prices costs what the agent itself takes for
 * it, so that a budget holds for it too; `pricesOf` tells whether they are known.
 */
export function costOf(model: string, usage: CallUsage): number {
  const prices = pricesFor(pricesOf(model) ?? ASSUMED_PRICES, usage);
  const { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens } = usage;
  const for1h = Math.min(usage.cacheCreation1hTokens ?? 0, cacheCreationTokens);
  const perMillion =
    inputTokens * prices.input +
    outputTokens * prices.output +
    cacheReadTokens * prices.cacheRead +
    for1h * prices.cacheWrite1h +
    (cacheCreationTokens - for1h) * prices.cacheWrite5m;
  const factor = usage.usOnly === true ? US_ONLY_FACTOR : 1;
  const searches = (usage.webSearches ?? 0) * WEB_SEARCH_USD * NANO_PER_USD;
  return Math.round(perMillion * NANO_PER_TOKEN * factor + searches);
}

function pricesFor(model: ModelPrices, usage: CallUsage): Prices {
  if (usage.fast === true && model.fast !== undefined) return model.fast;
  const { longPrompt } = model;
  if (longPrompt === undefined) return model;
  const promptTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheCreationTokens;
  return promptTokens > longPrompt.aboveTokens ? longPrompt : model;
}
