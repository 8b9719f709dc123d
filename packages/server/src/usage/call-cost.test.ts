import { describe, expect, test } from 'vitest';
import { NO_USAGE } from '@hearth/protocol';
import { callUsage, costOf } from './call-cost.ts';
import { ASSUMED_PRICES, pricedModels, pricesOf } from './prices.ts';

const MILLION = 1_000_000;

describe('the cost of a call', () => {
  test('[USE6] every kind of token has its price, and the sum is a whole number of billionths of a dollar', () => {
    const usage = { ...NO_USAGE, inputTokens: 3, outputTokens: 1, cacheReadTokens: 7, cacheCreationTokens: 5 };

    expect(costOf('claude-sonnet-4-5', usage)).toBe(3 * 3_000 + 15_000 + 7 * 300 + 5 * 3_750);
    expect(costOf('claude-sonnet-4-5', { ...usage, cacheCreation1hTokens: 2 })).toBe(
      3 * 3_000 + 15_000 + 7 * 300 + 3 * 3_750 + 2 * 6_000,
    );
    for (const model of pricedModels()) expect(Number.isInteger(costOf(model, usage))).toBe(true);
  });

  test('[USE6] a long prompt, the fast mode, a region and searches change it', () => {
    const long = { ...NO_USAGE, inputTokens: 60_000, cacheReadTokens: 40_001 };

    expect(costOf('claude-haiku-5-5', { ...long, cacheReadTokens: 40_000 })).toBe(60_000 * 100 + 40_000 * 10);
    expect(costOf('claude-haiku-5-5', long)).toBe(60_000 * 500 + 40_001 * 50);
    expect(costOf('claude-opus-5-5', { ...NO_USAGE, outputTokens: 10, fast: true })).toBe(10 * 40_000);
    expect(costOf('claude-haiku-4-5', { ...NO_USAGE, outputTokens: 10, fast: true })).toBe(10 * 5_000);
    expect(costOf('claude-haiku-4-5', { ...NO_USAGE, inputTokens: 10, usOnly: true })).toBe(11_000);
    expect(costOf('claude-haiku-4-5', { ...NO_USAGE, webSearches: 3 })).toBe(30_000_000);
  });

  test('[USE6] a model is found under the names that providers give it', () => {
    const sonnet = pricesOf('claude-sonnet-4-5');
    for (const name of [
      'claude-sonnet-4-5-20250929',
      'claude-sonnet-4-5@20250929',
      'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      'anthropic/claude-sonnet-4.5',
      'claude-sonnet-4-5[1m]',
      'Claude-Sonnet-4-5-latest',
    ]) {
      expect({ name, prices: pricesOf(name) }).toEqual({ name, prices: sonnet });
    }
    expect(pricesOf('claude-opus-4-20250514')).toBe(pricesOf('claude-opus-4'));
  });

  test('[USE6] a model without known prices costs what the agent takes for it', () => {
    expect(pricesOf('claude-opus-4-10')).toBeNull();
    expect(pricesOf('constructor')).toBeNull();
    expect(costOf('claude-unheard-of-9', { ...NO_USAGE, inputTokens: MILLION })).toBe(ASSUMED_PRICES.input * 1e9);
  });

  test('reads the usage of an answer of the Messages API', () => {
    expect(
      callUsage({
        input_tokens: 1,
        output_tokens: 2,
        cache_creation_input_tokens: 9,
        cache_creation: { ephemeral_1h_input_tokens: 4 },
        server_tool_use: { web_search_requests: 1 },
        speed: 'fast',
        inference_geo: 'us',
      }),
    ).toEqual({
      inputTokens: 1,
      outputTokens: 2,
      cacheReadTokens: 0,
      cacheCreationTokens: 9,
      cacheCreation1hTokens: 4,
      webSearches: 1,
      fast: true,
      usOnly: true,
    });
    expect(callUsage({})).toMatchObject(NO_USAGE);
  });
});
