import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccountHealth } from './health.ts';
import { selectAccount } from './select.ts';
import type { Candidate, Choice, Wanted } from './select.ts';

const NOW = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

function candidate(id: string, more: Partial<Candidate> = {}): Candidate {
  return { id, label: id, kind: 'api_key', priority: 100, enabled: true, models: null, health: health(), ...more };
}

function health(used: Record<string, number> = {}, more: Partial<AccountHealth> = {}): AccountHealth {
  const windows = Object.entries(used).map(([name, utilization], index) => {
    const model = /^seven_day_(.+)$/.exec(name)?.[1];
    return [
      name,
      {
        utilization,
        resetsAtMs: NOW + (index + 1) * HOUR_MS,
        seenAtMs: NOW,
        ...(model === undefined ? {} : { model }),
      },
    ] as const;
  });
  return { windows: Object.fromEntries(windows), ...more };
}

function choose(candidates: Candidate[], more: Partial<Wanted> = {}): Choice {
  return selectAccount(candidates, {
    model: 'claude-sonnet-4-5',
    pinned: null,
    current: null,
    policy: 'priority',
    avoidAbove: 0.98,
    lastChosen: null,
    nowMs: NOW,
    ...more,
  });
}

const chosen = (choice: Choice): string =>
  choice.type === 'account' ? `${choice.candidate.id} ${choice.reason}` : choice.type;

describe('the choice of an account', () => {
  test('[SEL1] takes the smallest number first, and the one that rested longest among equals', () => {
    const three = [candidate('a', { priority: 2 }), candidate('b', { priority: 1 }), candidate('c', { priority: 1 })];
    expect(chosen(choose(three))).toBe('b selected');
    const rested = three.map((one) => (one.id === 'b' ? { ...one, health: health({}, { lastUsedAtMs: NOW }) } : one));
    expect(chosen(choose(rested))).toBe('c selected');
  });

  test('[SEL5] [SEL6] comes back to one that was left for a limit of which nobody said when it begins anew', () => {
    const full = { utilization: 0.99, seenAtMs: NOW };
    const two = [
      candidate('a', { priority: 1, health: { windows: { five_hour: full } } }),
      candidate('b', { priority: 2 }),
    ];
    expect(chosen(choose(two, { current: 'b' }))).toBe('b kept');
    expect([NOW, NOW + HOUR_MS].map((nowMs) => chosen(choose(two, { nowMs })))).toEqual(['b selected', 'a selected']);
  });

  test('[SEL2] goes round, one after the other', () => {
    const three = ['a', 'b', 'c'].map((id) => candidate(id));
    const order = [null, 'a', 'b', 'c'].map((lastChosen) =>
      chosen(choose(three, { policy: 'round-robin', lastChosen })),
    );
    expect(order).toEqual(['a selected', 'b selected', 'c selected', 'a selected']);
  });

  test('[SEL3] takes the least used, by the window that is fullest, then by the one that begins anew first', () => {
    const used = [
      candidate('a', { health: health({ five_hour: 0.1, seven_day: 0.9 }) }),
      candidate('b', { health: health({ five_hour: 0.5, seven_day: 0.4 }) }),
    ];
    expect(chosen(choose(used, { policy: 'least-used' }))).toBe('b selected');
    const same = [
      candidate('a', { health: health({ seven_day: 0.5, five_hour: 0.1 }) }),
      candidate('b', {
        health: { windows: { five_hour: { utilization: 0.5, resetsAtMs: NOW + 600_000, seenAtMs: NOW } } },
      }),
    ];
    expect(chosen(choose(same, { policy: 'least-used' }))).toBe('b selected');
  });

  test('[SEL4] stays with the account of the session while that is healthy, whatever the policy says', () => {
    const two = [candidate('a', { priority: 1 }), candidate('b', { priority: 2 })];
    for (const policy of ['priority', 'round-robin', 'least-used'] as const)
      expect(chosen(choose(two, { policy, current: 'b', lastChosen: 'b' }))).toBe('b kept');
  });

  test('[SEL5] goes over to another one before the account fails, and keeps it when all are as full', () => {
    const nearly = candidate('a', { health: health({ five_hour: 0.985 }) });
    expect(chosen(choose([nearly, candidate('b')], { current: 'a' }))).toBe('b avoided_limit');
    expect(chosen(choose([nearly], { current: 'a' }))).toBe('a kept');
    const pacing = candidate('a', {
      health: { windows: { tokens: { utilization: 1, resetsAtMs: NOW + 30_000, seenAtMs: NOW } } },
    });
    expect(chosen(choose([pacing, candidate('b')], { current: 'a' }))).toBe('a kept');
  });

  test('[SEL6] leaves spent, broken and disabled ones alone, and those that may not use the model', () => {
    const cooling = candidate('a', {
      health: health({}, { cooldown: { untilMs: NOW + 1, code: 'account_exhausted' } }),
    });
    const problem = { code: 'agent_unauthorized' as const, message: 'no.', sinceMs: NOW };
    const broken = candidate('b', { health: health({}, { problem }) });
    const disabled = candidate('c', { enabled: false });
    const others = candidate('d', { models: ['claude-haiku-*', 'claude-opus-4-5'] });
    const all = [cooling, broken, disabled, others];
    expect(chosen(choose([...all, candidate('z', { priority: 999 })], { current: 'a' }))).toBe('z rotated');
    expect(chosen(choose(all, { model: 'claude-haiku-4-5' }))).toBe('d selected');
    expect(choose(all)).toEqual({ type: 'spent', untilMs: NOW + 1 });
    expect(choose([broken])).toMatchObject({ type: 'none', code: 'agent_unauthorized' });
    expect(choose([disabled])).toMatchObject({ type: 'none', code: 'agent_unauthorized' });
    expect(choose([others])).toMatchObject({ type: 'none', code: 'invalid_request' });
  });

  test('[SEL6] takes a spent one again when its time has come, and for models that its limit is not for', () => {
    const opus = candidate('a', { health: health({ seven_day_opus: 1 }) });
    expect(choose([opus], { model: 'claude-opus-4-5' })).toEqual({ type: 'spent', untilMs: NOW + HOUR_MS });
    expect(chosen(choose([opus]))).toBe('a selected');
    expect(chosen(choose([opus], { model: 'claude-opus-4-5', nowMs: NOW + HOUR_MS }))).toBe('a selected');
  });

  test('[SEL7] uses the user’s own choice and no other', () => {
    const two = [candidate('a'), candidate('b', { priority: 1 })];
    expect(chosen(choose(two, { pinned: 'a', current: 'b' }))).toBe('a pinned');
    expect(choose(two, { pinned: 'gone' })).toMatchObject({ type: 'none', code: 'agent_unauthorized' });
    const spent = candidate('a', { health: health({}, { cooldown: { untilMs: NOW + 5, code: 'account_exhausted' } }) });
    expect(choose([spent, candidate('b')], { pinned: 'a' })).toEqual({ type: 'spent', untilMs: NOW + 5 });
  });

  test('[SEL6] never chooses one that cannot be used, and always one when there is one', () => {
    const share = fc.double({ min: 0, max: 1.2, noNaN: true });
    const any = fc.record({
      priority: fc.nat(3),
      enabled: fc.boolean(),
      models: fc.constantFrom(null, ['claude-sonnet-*'], ['other']),
      health: fc.record({
        windows: fc.dictionary(
          fc.constantFrom('five_hour', 'seven_day'),
          fc.record({
            utilization: share,
            resetsAtMs: fc.constantFrom(NOW - 1, NOW + HOUR_MS),
            seenAtMs: fc.constant(NOW),
          }),
        ),
        cooldown: fc
          .constantFrom(undefined, -1, 1)
          .map((off) => (off === undefined ? undefined : { untilMs: NOW + off, code: 'account_exhausted' as const })),
        problem: fc.constantFrom(undefined, { code: 'agent_unauthorized' as const, message: 'no', sinceMs: 1 }),
      }),
    });
    const isUsable = (one: Candidate): boolean =>
      one.enabled &&
      one.health.problem === undefined &&
      (one.health.cooldown?.untilMs ?? 0) <= NOW &&
      one.models?.[0] !== 'other';
    const wishes = fc.record({
      policy: fc.constantFrom('priority' as const, 'round-robin' as const, 'least-used' as const),
      current: fc.constantFrom(null, 'n0', 'n1', 'gone'),
      lastChosen: fc.constantFrom(null, 'n0', 'n5'),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 5 }), wishes, (given, wished) => {
        const all = given.map((one, index) => candidate(`n${index}`, one as Partial<Candidate>));
        const choice = choose(all, wished);
        const usable = choice.type === 'account' && isUsable(choice.candidate);
        expect([choice.type === 'account', usable]).toEqual([all.some(isUsable), all.some(isUsable)]);
      }),
    );
  });
});
