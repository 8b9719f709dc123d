import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { SessionUsage, UsageGroup } from '@hearth/protocol';
import { aBatch, aPart, aRecord, aTurn, storeTest } from './fixture.ts';
import type { OpenStore } from './fixture.ts';
import type { Store, TurnUsage } from '../store.ts';

export function usageContract(open: OpenStore): void {
  const test = storeTest(open);

  describe('usage', () => {
    test('[USE1] a report is grouped as asked, with a total', async ({ store }) => {
      await record(store, [
        aTurn('t1', { time: '2026-01-01T23:59:59.999Z' }),
        aTurn('t2', { time: '2026-01-02T00:00:00.000Z', sessionId: 's2', models: [aPart({ model: 'model-b' })] }),
        aTurn('t3', {
          time: '2026-01-02T01:00:00.000+02:00',
          user: 'ann',
          models: [aPart({ accountId: 'account-b' })],
        }),
      ]);
      const keys = async (groupBy: Parameters<Store['usage']['report']>[0]) =>
        (await store.usage.report(groupBy, undefined, undefined)).items.map((item) => [item.key, item.turns]);

      expect(await keys('day')).toEqual([
        ['2026-01-01', 2],
        ['2026-01-02', 1],
      ]);
      expect(await keys('session')).toEqual([
        ['s1', 2],
        ['s2', 1],
      ]);
      expect(await keys('model')).toEqual([
        ['model-a', 2],
        ['model-b', 1],
      ]);
      expect(await keys('account')).toEqual([
        ['account-a', 2],
        ['account-b', 1],
      ]);
      expect(await keys('user')).toEqual([
        ['ann', 1],
        ['owner', 2],
      ]);
      expect((await store.usage.report('day', undefined, undefined)).total).toEqual({
        inputTokens: 3,
        outputTokens: 6,
        cacheReadTokens: 9,
        cacheCreationTokens: 12,
        costUsd: 0.3,
        turns: 3,
      });
    });

    test('[USE2] costs add up without drift', async ({ store }) => {
      await record(
        store,
        Array.from({ length: 1_000 }, (_, index) => aTurn(`t${index}`, { models: [aPart({ costUsd: 0.001_1 })] })),
      );

      const { items, total } = await store.usage.report('day', undefined, undefined);
      expect(items[0]?.costUsd).toBe(1.1);
      expect(total.costUsd).toBe(1.1);
    });

    test('[USE3] a turn counts once, as it was written last', async ({ store }) => {
      await record(store, [aTurn('t1')]);
      await record(store, [aTurn('t1', { models: [aPart({ model: 'model-b', costUsd: 0.5, outputTokens: 7 })] })]);

      expect((await store.usage.report('session', undefined, undefined)).items).toEqual([
        expect.objectContaining({ key: 's1', turns: 1, costUsd: 0.5, outputTokens: 7 }),
      ]);
    });

    test('[USE7] a turn that used several models or accounts counts in each of their groups, and once in total', async ({
      store,
    }) => {
      await record(store, [
        aTurn('t1', {
          models: [
            aPart({ costUsd: 0.3 }),
            aPart({ model: 'model-b', costUsd: 0.000_000_001 }),
            aPart({ model: 'model-b', accountId: 'account-b', costUsd: 0.2 }),
          ],
        }),
        aTurn('t2', { models: [aPart({ model: 'model-b' })] }),
      ]);
      const by = async (groupBy: UsageGroup) =>
        (await store.usage.report(groupBy, undefined, undefined)).items.map(({ key, turns, costUsd }) => [
          key,
          turns,
          costUsd,
        ]);

      expect(await by('model')).toEqual([
        ['model-a', 1, 0.3],
        ['model-b', 2, 0.300_000_001],
      ]);
      expect(await by('account')).toEqual([
        ['account-a', 2, 0.400_000_001],
        ['account-b', 1, 0.2],
      ]);
      expect((await store.usage.report('model', undefined, undefined)).total).toMatchObject({
        turns: 2,
        inputTokens: 4,
        costUsd: 0.600_000_001,
      });
    });

    test('[USE7] whatever turns used, every grouping comes to the same total', async ({ store }) => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyTurn(), { minLength: 1, maxLength: 8 }), fc.uuid(), async (turns, run) => {
          const of = turns.map((turn, index) => ({ ...turn, turnId: `${run} ${index}` }));
          const before = await store.usage.report('day', undefined, undefined);
          await record(store, of);
          const total = sumOf([before.total, ...of.flatMap((turn) => turn.models)]);
          for (const groupBy of GROUPS) {
            const report = await store.usage.report(groupBy, undefined, undefined);
            expect(sumOf(report.items)).toEqual(total);
            expect(sumOf([report.total])).toEqual(total);
            expect(report.total.turns).toBe(before.total.turns + of.length);
          }
        }),
        { numRuns: 25 },
      );
    });

    test('a report of nothing is nothing', async ({ store }) => {
      const nothing = {
        inputTokens: 0,
        outputTokens: 0,
        cacheReadTokens: 0,
        cacheCreationTokens: 0,
        costUsd: 0,
        turns: 0,
      };
      expect(await store.usage.report('day', undefined, undefined)).toEqual({ items: [], total: nothing });
    });

    test('[USE3] what some gateway counts in no whole numbers, or in none, keeps nothing from being stored', async ({
      store,
    }) => {
      const odd = aPart({ inputTokens: 12.4, outputTokens: Number.NaN, cacheReadTokens: 1e300, costUsd: Number.NaN });

      await record(store, [aTurn('t1', { models: [odd] })]);

      const { total } = await store.usage.report('session', undefined, undefined);
      expect(total).toMatchObject({ inputTokens: 12, outputTokens: 0, costUsd: 0, turns: 1 });
      expect(total.cacheReadTokens).toBe(Number.MAX_SAFE_INTEGER);
    });

    test('[USE4] a report covers from (inclusive) to (exclusive), and a bare date means its day', async ({ store }) => {
      await record(store, [
        aTurn('t1', { time: '2026-01-01T00:00:00.000Z' }),
        aTurn('t2', { time: '2026-01-02T12:00:00.000Z' }),
        aTurn('t3', { time: '2026-01-03T00:00:00.000Z' }),
      ]);
      const turns = async (from: string | undefined, to: string | undefined) =>
        (await store.usage.report('day', from, to)).total.turns;

      expect(await turns('2026-01-02T12:00:00Z', '2026-01-03T00:00:00Z')).toBe(1);
      expect(await turns('2026-01-01', '2026-01-02')).toBe(2);
      expect(await turns('2026-01-02T14:00:00+02:00', undefined)).toBe(2);
      expect(await turns(undefined, '2025-01-01')).toBe(0);
      await expect(store.usage.report('day', 'soon', undefined)).rejects.toMatchObject({ code: 'invalid_request' });
    });
  });
}

const GROUPS = ['day', 'session', 'account', 'model', 'user'] as const satisfies UsageGroup[];

/** A turn with parts of different models and accounts. */
function anyTurn(): fc.Arbitrary<TurnUsage> {
  const count = fc.nat(1_000_000);
  const part = fc.record({
    model: fc.constantFrom('model-a', 'model-b', 'model-c'),
    accountId: fc.constantFrom('account-a', 'account-b'),
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheCreationTokens: count,
    costUsd: fc.nat(2_000_000_000).map((nano) => nano / 1e9),
  });
  return fc.record({
    turnId: fc.constant(''),
    sessionId: fc.constantFrom('s1', 's2'),
    agent: fc.constant('claude'),
    user: fc.constantFrom('ann', 'ben'),
    time: fc.constantFrom('2026-01-01T23:59:59.999Z', '2026-01-02T00:00:00.000Z'),
    models: fc.uniqueArray(part, { minLength: 1, maxLength: 5, selector: ({ model, accountId }) => model + accountId }),
  });
}

function sumOf(parts: SessionUsage[]): Record<string, number> {
  const sum = (of: keyof SessionUsage, unit = 1): number =>
    parts.reduce((before, part) => before + Math.round(part[of] * unit), 0);
  return {
    input: sum('inputTokens'),
    output: sum('outputTokens'),
    cacheRead: sum('cacheReadTokens'),
    cacheCreation: sum('cacheCreationTokens'),
    nanoUsd: sum('costUsd', 1e9),
  };
}

async function record(store: Store, usage: TurnUsage[]): Promise<void> {
  await store.events.append([aBatch('s1', { record: aRecord('s1'), usage })]);
}
