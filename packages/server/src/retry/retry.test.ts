import { describe, expect, test } from 'vitest';
import { classify } from './failure.ts';
import { DEFAULT_RETRY_POLICY, retryDelay } from './pace.ts';
import { readRateLimits } from './rate-limits.ts';

const NOW = Date.UTC(2026, 0, 1);
const inSeconds = (ms: number): string => String(Math.round((NOW + ms) / 1000));

describe('limits in headers', () => {
  test('[RTY1] are read from those of a subscription', () => {
    const limits = readRateLimits(
      {
        'anthropic-ratelimit-unified-status': 'allowed_warning',
        'anthropic-ratelimit-unified-5h-utilization': '0.42',
        'anthropic-ratelimit-unified-5h-reset': inSeconds(3_600_000),
        'anthropic-ratelimit-unified-7d_opus-utilization': '0.9',
        'anthropic-ratelimit-unified-7d-reset': inSeconds(86_400_000),
      },
      NOW,
    );
    expect(limits).toEqual({
      windows: [
        { name: 'five_hour', utilization: 0.42, resetsAtMs: NOW + 3_600_000 },
        { name: 'seven_day_opus', utilization: 0.9, model: 'opus' },
      ],
      spent: null,
    });
  });

  test('[RTY1] are read from those of an API key', () => {
    const limits = readRateLimits(
      {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '10',
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:30Z',
        'anthropic-ratelimit-tokens-limit': '0',
        'anthropic-ratelimit-tokens-remaining': '0',
        'retry-after': '12',
      },
      NOW,
    );
    expect(limits).toEqual({
      windows: [{ name: 'requests', utilization: 0.8, resetsAtMs: NOW + 30_000 }],
      spent: null,
      retryAfterMs: 12_000,
    });
  });

  test('[RTY1] that make no sense are none', () => {
    const nonsense = {
      'retry-after': 'soon',
      'anthropic-ratelimit-requests-limit': 'many',
      'anthropic-ratelimit-unified-5h-reset': '',
    };
    expect(readRateLimits(nonsense, NOW)).toEqual({ windows: [], spent: null });
  });

  test.each([
    ['-5'],
    ['0'],
    ['1e23'],
    ['99999999999999999999'],
    ['Fri, 31 Dec 9999 23:59:59 GMT'],
    [new Date(NOW - 60_000).toUTCString()],
  ])('[RTY1] say nothing with a wait of %s', (wait) => {
    expect(readRateLimits({ 'retry-after': wait }, NOW)).toEqual({ windows: [], spent: null });
  });

  test('[RTY1] say nothing with a reset that is no time', () => {
    const limits = readRateLimits(
      {
        'anthropic-ratelimit-unified-status': 'rejected',
        'anthropic-ratelimit-unified-representative-claim': 'five_hour',
        'anthropic-ratelimit-unified-reset': '1e20',
        'anthropic-ratelimit-unified-5h-utilization': '1',
        'anthropic-ratelimit-unified-5h-reset': String(NOW),
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '10',
        'anthropic-ratelimit-requests-reset': '9999-12-31T23:59:59Z',
      },
      NOW,
    );
    expect(limits).toEqual({
      windows: [
        { name: 'five_hour', utilization: 1 },
        { name: 'requests', utilization: 0.8 },
      ],
      spent: { name: 'five_hour', utilization: 1 },
    });
  });
});

describe('a failure', () => {
  const rejected = {
    'anthropic-ratelimit-unified-status': 'rejected',
    'anthropic-ratelimit-unified-representative-claim': 'seven_day',
    'anthropic-ratelimit-unified-reset': inSeconds(86_400_000),
  };
  test.each([
    [
      'a limit per minute',
      { status: 429, headers: { 'retry-after': '20' } },
      { type: 'pace', code: 'rate_limited', retryAfterMs: 20_000 },
    ],
    ['too much work elsewhere', { status: 529, headers: {} }, { type: 'pace', code: 'overloaded' }],
    ['a broken server', { status: 503, headers: {} }, { type: 'pace', code: 'overloaded' }],
    ['no answer', { status: null, headers: {} }, { type: 'pace', code: 'overloaded' }],
    [
      'a spent quota that is named',
      { status: 429, headers: rejected },
      { type: 'spent', untilMs: NOW + 86_400_000, window: { name: 'seven_day', utilization: 1 } },
    ],
    [
      'a wait of an hour',
      { status: 429, headers: { 'retry-after': '3600' } },
      { type: 'spent', untilMs: NOW + 3_600_000, window: null },
    ],
    ['a wrong key', { status: 401, headers: {} }, { type: 'unauthorized', code: 'agent_unauthorized' }],
    ['a forbidden one', { status: 403, headers: {} }, { type: 'unauthorized', code: 'agent_unauthorized' }],
    [
      'an unpaid bill',
      { status: 400, type: 'billing_error', headers: {} },
      { type: 'billing', code: 'account_exhausted' },
    ],
    ['an unpaid bill by its status', { status: 402, headers: {} }, { type: 'billing' }],
    [
      'a refused request',
      { status: 400, type: 'invalid_request_error', headers: {} },
      { type: 'refused', code: 'invalid_request' },
    ],
    ['a model that is not there', { status: 404, headers: {} }, { type: 'refused' }],
  ])('[RTY2] is told by its fields: %s', (_name, call, expected) => {
    expect(classify(call, NOW)).toMatchObject(expected);
  });

  test('[RTY2] is not told by its text', () => {
    const said = {
      status: 500,
      type: 'api_error',
      headers: { 'x-said': 'API Error: 401 rate_limit_error billing_error' },
    };
    expect(classify(said, NOW)).toEqual({ type: 'pace', code: 'overloaded' });
  });
});

describe('the wait before another attempt', () => {
  test('[RTY3] grows, differs by chance, and ends', () => {
    const at = (attempt: number, random: number): number | null =>
      retryDelay(DEFAULT_RETRY_POLICY, attempt, undefined, random);
    expect([1, 2, 3, 4].map((attempt) => at(attempt, 0.5))).toEqual([15_000, 30_000, 60_000, null]);
    expect([at(1, 0), at(1, 0.999)]).toEqual([12_000, 17_994]);
  });

  test('[RTY3] is never shorter than what the server asks for', () => {
    expect([0, 0.5, 0.999].map((random) => retryDelay(DEFAULT_RETRY_POLICY, 1, 40_000, random))).toEqual([
      40_000, 42_000, 43_996,
    ]);
  });
});
