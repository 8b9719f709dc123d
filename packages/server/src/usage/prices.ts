/**
 * US dollars for a million tokens, as the agent's program itself counts them: measured on it (Claude Code 2.1.329), call
 * by call, and held to it by `backend/claude/claude-prices.test.ts`.
 */
export interface Prices {
  input: number;
  output: number;
  cacheRead: number;
  /** Of tokens that are written into the cache for five minutes. */
  cacheWrite5m: number;
  /** Of tokens that are written into the cache for an hour. */
  cacheWrite1h: number;
}

/** All that is charged for calls of one model. */
export interface ModelPrices extends Prices {
  /** Of a call whose whole input (cached or not) has more tokens than `aboveTokens`. */
  longPrompt?: Prices & { aboveTokens: number };
  /** Of a call that was served in the fast mode, where the model has one. */
  fast?: Prices;
}

/** US dollars of one web search by the model's own tool. */
export const WEB_SEARCH_USD = 0.01;

/** What calls cost more that were served in the United States alone. */
export const US_ONLY_FACTOR = 1.1;

function prices(
  input: number,
  output: number,
  cacheRead: number,
  cacheWrite5m: number,
  cacheWrite1h: number,
): Readonly<Prices> {
  return { input, output, cacheRead, cacheWrite5m, cacheWrite1h };
}

const OPUS_3_TO_4_1 = prices(15, 75, 1.5, 18.75, 30);
const OPUS_4_5_TO_5 = prices(5, 25, 0.5, 6.25, 10);
const OPUS_5_5 = prices(4, 20, 0.2, 5, 8);
const SONNET_3_5_TO_4_6 = prices(3, 15, 0.3, 3.75, 6);
const TEN_FIFTY = prices(10, 50, 1, 12.5, 20);
const FAST_AT_FIRST = prices(30, 150, 3, 37.5, 60);

/** By the name of the model without date and provider. */
const PRICES: Readonly<Record<string, ModelPrices>> = {
  'claude-opus-5-5': { ...OPUS_5_5, fast: prices(8, 40, 0.4, 10, 16) },
  'claude-opus-5': { ...OPUS_4_5_TO_5, fast: TEN_FIFTY },
  'claude-opus-4-8': { ...OPUS_4_5_TO_5, fast: TEN_FIFTY },
  'claude-opus-4-7': { ...OPUS_4_5_TO_5, fast: FAST_AT_FIRST },
  'claude-opus-4-6': { ...OPUS_4_5_TO_5, fast: FAST_AT_FIRST },
  'claude-opus-4-5': OPUS_4_5_TO_5,
  'claude-opus-4-1': OPUS_3_TO_4_1,
  'claude-opus-4-0': OPUS_3_TO_4_1,
  'claude-opus-4': OPUS_3_TO_4_1,
  'claude-sonnet-5-5': prices(2, 10, 0.1, 2.5, 4),
  'claude-sonnet-5': prices(2, 10, 0.2, 2.5, 4),
  'claude-sonnet-4-6': SONNET_3_5_TO_4_6,
  'claude-sonnet-4-5': SONNET_3_5_TO_4_6,
  'claude-sonnet-4-0': SONNET_3_5_TO_4_6,
  'claude-sonnet-4': SONNET_3_5_TO_4_6,
  'claude-3-7-sonnet': SONNET_3_5_TO_4_6,
  'claude-3-5-sonnet': SONNET_3_5_TO_4_6,
  'claude-haiku-5-5': {
    ...prices(0.1, 0.5, 0.01, 0.125, 0.2),
    longPrompt: { ...prices(0.5, 2.5, 0.05, 0.625, 1), aboveTokens: 100_000 },
  },
  'claude-haiku-4-5': prices(1, 5, 0.1, 1.25, 2),
  'claude-3-5-haiku': prices(0.8, 4, 0.08, 1, 1.6),
  'claude-mythos-5-2': { ...prices(8, 40, 0.2, 10, 16), fast: prices(16, 80, 0.4, 20, 32) },
  'claude-mythos-5-1': prices(10, 50, 0.25, 12.5, 20),
  'claude-mythos-5': TEN_FIFTY,
  'claude-fable-5': TEN_FIFTY,
};

/** What the agent takes for a model that it has no prices of, whatever model the session uses. */
export const ASSUMED_PRICES: Readonly<ModelPrices> = OPUS_5_5;

/**
 * The prices of a model, or null when none are known. It is found under the names that providers give it: with a date
 * (`claude-sonnet-4-5-20250929`), with a region (`us.anthropic.claude-…-v1:0`), with a point (`anthropic/claude-haiku-4.5`),
 * with the mark of a longer context (`claude-opus-4-6[1m]`).
 */
export function pricesOf(model: string): Readonly<ModelPrices> | null {
  const name = familyOf(model);
  return Object.hasOwn(PRICES, name) ? (PRICES[name] ?? null) : null;
}

/** The names in the table, for whoever holds it against what the agent counts. */
export function pricedModels(): string[] {
  return Object.keys(PRICES);
}

function familyOf(model: string): string {
  return model
    .toLowerCase()
    .replace(/^.*?(?=claude-)/, '')
    .replace(/\[[^\]]*\]$/, '')
    .replace(/-v\d+(:\d+)?$/, '')
    .replace(/[-@]\d{8}$/, '')
    .replace(/-(latest|fast)$/, '')
    .replaceAll('.', '-');
}
