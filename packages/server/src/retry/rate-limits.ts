/** One limit of a provider, as it was told with an answer. */
export interface LimitWindow {
  /** `five_hour`, `seven_day`, `seven_day_opus`, `requests`, `tokens`, …: the provider's own words. */
  name: string;
  /** What of it is used; 1 is all. */
  utilization: number;
  /** When it begins anew, in ms since 1970. */
  resetsAtMs?: number;
  /** A part of the names of the models that it holds for; absent: all models. */
  model?: string;
}

/** What an answer of the Messages API says of limits, from its headers alone. */
export interface RateLimits {
  windows: LimitWindow[];
  /** A quota that is spent; null: none was named. */
  spent: LimitWindow | null;
  /** How long to wait, in ms; absent: not said. */
  retryAfterMs?: number;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What is further away is no time that anybody means. */
const FURTHEST_MS = 366 * 86_400_000;

const UNIFIED = /^anthropic-ratelimit-unified-(.+)-(utilization|reset)$/;
const PER_MINUTE = /^anthropic-ratelimit-((?:input-|output-)?tokens|requests)-(limit|remaining|reset)$/;
const LONG_NAMES: Readonly<Record<string, string>> = { '5h': 'five_hour', '7d': 'seven_day' };

/**
 * Reads the limits of a subscription (`anthropic-ratelimit-unified-…`: shares, and seconds since 1970), those of an API
 * key (`anthropic-ratelimit-requests-…` and so on: counts, and RFC 3339 times) and `retry-after` (seconds or a date).
 */
export function readRateLimits(headers: Headers, nowMs: number): RateLimits {
  const unified = new Map<string, { utilization?: number; reset?: number }>();
  const counted = new Map<string, { limit?: number; remaining?: number; reset?: number }>();
  for (const [header, raw] of Object.entries(headers)) {
    const value = Array.isArray(raw) ? raw[0] : raw;
    if (value === undefined) continue;
    const share = UNIFIED.exec(header);
    if (share !== null) {
      const of = share[2] === 'reset' ? near(seconds(value), nowMs) : number(value);
      note(unified, windowName(share[1] ?? ''), share[2] ?? '', of);
    }
    const count = PER_MINUTE.exec(header);
    const of = count?.[2] === 'reset' ? near(time(value), nowMs) : number(value);
    if (count !== null) note(counted, count[1] ?? '', count[2] ?? '', of);
  }
  const windows = [
    // A window whose share is not told is not known: to take it for empty would hide what was seen before.
    ...[...unified].flatMap(([name, { utilization, reset }]) =>
      utilization === undefined ? [] : [limitWindow(name, utilization, reset)],
    ),
    ...[...counted].flatMap(([name, { limit, remaining, reset }]) =>
      limit === undefined || remaining === undefined || limit <= 0
        ? []
        : [limitWindow(name, Math.max(0, 1 - remaining / limit), reset)],
    ),
  ];
  const retryAfterMs = retryAfter(one(headers['retry-after']), nowMs);
  return {
    windows,
    spent: spentWindow(headers, windows, nowMs),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** The quota that a refusal names; a rejection without a name is of the window that is fullest. */
function spentWindow(headers: Headers, windows: readonly LimitWindow[], nowMs: number): LimitWindow | null {
  if (one(headers['anthropic-ratelimit-unified-status']) !== 'rejected') return null;
  const claim = one(headers['anthropic-ratelimit-unified-representative-claim']);
  const resetsAtMs = near(seconds(one(headers['anthropic-ratelimit-unified-reset']) ?? ''), nowMs);
  const fullest = windows.toSorted((a, b) => b.utilization - a.utilization)[0];
  const named = windows.find((window) => window.name === claim) ?? (claim === undefined ? fullest : undefined);
  const name = claim ?? named?.name ?? 'quota';
  return limitWindow(name, 1, named?.resetsAtMs ?? resetsAtMs);
}

function limitWindow(name: string, utilization: number, resetsAtMs: number | undefined): LimitWindow {
  const model = /^seven_day_(\w+)$/.exec(name)?.[1];
  const ofModel = model === undefined || model === 'overage' ? {} : { model };
  return { name, utilization, ...(resetsAtMs === undefined ? {} : { resetsAtMs }), ...ofModel };
}

/** `7d_opus` → `seven_day_opus`. */
function windowName(short: string): string {
  const [head = '', ...rest] = short.split('_');
  return [LONG_NAMES[head] ?? head, ...rest].join('_');
}

function note<Value extends object>(map: Map<string, Value>, name: string, field: string, value: unknown): void {
  if (value !== undefined) map.set(name, { ...map.get(name), [field]: value } as Value);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function number(text: string): number | undefined {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : undefined;
}

/** Seconds as ms. */
function seconds(text: string): number | undefined {
  const value = number(text);
  return value === undefined ? undefined : Math.round(value * 1000);
}

function near(ms: number | undefined, nowMs: number): number | undefined {
  return ms === undefined || Math.abs(ms - nowMs) > FURTHEST_MS ? undefined : ms;
}

function time(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isFinite(ms) ? ms : undefined;
}

/** What is no time to come says nothing: a date of a clock that goes behind ours would have everybody come at once. */
function retryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const wait = seconds(text);
  const at = near(wait === undefined ? time(text) : nowMs + wait, nowMs);
  return at === undefined || at <= nowMs ? undefined : at - nowMs;
}
