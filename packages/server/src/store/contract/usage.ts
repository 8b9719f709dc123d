import { describe, expect } from 'vitest';
import { aBatch, aRecord, aTurn, storeTest } from './fixture.ts';
import type { OpenStore } from './fixture.ts';
import type { Store, TurnUsage } from '../store.ts';

export function usageContract(open: OpenStore): void {
  const test = storeTest(open);

  describe('usage', () => {
    test('[USE1] a report is grouped as asked, with a total', async ({ store }) => {
      await record(store, [
        aTurn('t1', { time: '2026-01-01T23:59:59.999Z' }),
        aTurn('t2', { time: '2026-01-02T00:00:00.000Z', sessionId: 's2', model: 'model-b' }),
        aTurn('t3', { time: '2026-01-02T01:00:00.000+02:00', accountId: 'account-b', user: 'ann' }),
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
        Array.from({ length: 1_000 }, (_, index) => aTurn(`t${index}`, { costUsd: 0.001_1 })),
      );

      const { items, total } = await store.usage.report('day', undefined, undefined);
      expect(items[0]?.costUsd).toBe(1.1);
      expect(total.costUsd).toBe(1.1);
    });

    test('[USE3] a turn counts once, as it was written last', async ({ store }) => {
      await record(store, [aTurn('t1')]);
      await record(store, [aTurn('t1', { costUsd: 0.5, outputTokens: 7 })]);

      expect((await store.usage.report('session', undefined, undefined)).items).toEqual([
        expect.objectContaining({ key: 's1', turns: 1, costUsd: 0.5, outputTokens: 7 }),
      ]);
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

async function record(store: Store, usage: TurnUsage[]): Promise<void> {
  await store.events.append([aBatch('s1', { record: aRecord('s1'), usage })]);
}
