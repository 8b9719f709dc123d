import { describe, expect } from 'vitest';
import { anAccount, failure, storeTest } from './fixture.ts';
import type { OpenStore } from './fixture.ts';

export function accountsContract(open: OpenStore): void {
  const test = storeTest(open);

  describe('accounts', () => {
    test('[ACC1] an account comes back as it was stored, oldest first, also after a restart', async ({
      store,
      reopen,
    }) => {
      const young = anAccount('a', {
        kind: 'gateway',
        models: ['claude-sonnet-*', 'claude-opus-4-1'],
        baseUrl: 'https://gateway.example/v1',
        enabled: false,
        priority: 0,
        createdAt: '2026-02-01T00:00:00.000Z',
      });
      const old = anAccount('b', { kind: 'oauth', label: 'it’s “mine”' });
      await store.accounts.add(young);
      await store.accounts.add(old);

      const after = await reopen();
      expect(await after.accounts.list()).toEqual([old, young]);
      expect(await after.accounts.get('a')).toEqual(young);
      expect(await after.accounts.get('c')).toBeNull();
      expect(await after.accounts.remove('a')).toBe(true);
      expect(await after.accounts.remove('a')).toBe(false);
      expect(await after.accounts.list()).toEqual([old]);
    });

    test('[ACC1] an id is taken once', async ({ store }) => {
      await store.accounts.add(anAccount('a'));

      expect((await failure(store.accounts.add(anAccount('a', { label: 'other' })))).code).toBe('internal');
      expect((await store.accounts.get('a'))?.label).toBe('account a');
    });

    test('[ACC2] a change counts the version up and touches nothing else', async ({ store, reopen }) => {
      const account = anAccount('a', { models: ['x'], baseUrl: 'https://gateway.example' });
      await store.accounts.add(account);
      await store.accounts.add(anAccount('b'));

      expect(await store.accounts.update('a', 1, { label: 'new', enabled: false, models: null })).toBe(true);
      expect(await store.accounts.update('a', 2, { health: '{"windows":{}}', baseUrl: null, priority: 7 })).toBe(true);

      const after = await reopen();
      expect(await after.accounts.get('a')).toEqual({
        ...account,
        label: 'new',
        enabled: false,
        models: null,
        baseUrl: null,
        health: '{"windows":{}}',
        priority: 7,
        version: 3,
      });
      expect(await after.accounts.get('b')).toEqual(anAccount('b'));
    });

    test('[ACC2] a change that is based on another version, or on none, changes nothing', async ({ store }) => {
      await store.accounts.add(anAccount('a'));
      await store.accounts.update('a', 1, { label: 'first' });

      expect(await store.accounts.update('a', 1, { label: 'second' })).toBe(false);
      expect(await store.accounts.update('gone', 1, { label: 'second' })).toBe(false);

      expect(await store.accounts.get('a')).toMatchObject({ label: 'first', version: 2 });
    });

    test('[ACC2] of many changes of one version at once exactly one counts', async ({ store }) => {
      await store.accounts.add(anAccount('a'));
      const labels = Array.from({ length: 20 }, (_, index) => `label ${index}`);

      const outcomes = await Promise.all(labels.map((label) => store.accounts.update('a', 1, { label })));

      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await store.accounts.get('a')).toMatchObject({ label: labels[outcomes.indexOf(true)], version: 2 });
    });

    test('[ACC3] of many who want to renew its tokens exactly one may', async ({ store }) => {
      await store.accounts.add(anAccount('a'));
      const holders = Array.from({ length: 20 }, (_, index) => `holder ${index}`);

      const outcomes = await Promise.all(holders.map((holder) => store.accounts.claimRefresh('a', holder, 2000, 1000)));

      expect(outcomes.filter(Boolean)).toHaveLength(1);
    });

    test('[ACC3] a claim ends when it is given back, or by itself', async ({ store, reopen }) => {
      await store.accounts.add(anAccount('a'));
      expect(await store.accounts.claimRefresh('a', 'one', 2000, 1000)).toBe(true);
      expect(await store.accounts.claimRefresh('a', 'one', 3000, 1500)).toBe(true);

      const after = await reopen();
      expect(await after.accounts.claimRefresh('a', 'two', 4000, 2999)).toBe(false);
      expect(await after.accounts.claimRefresh('a', 'two', 4000, 3000)).toBe(true);
      await after.accounts.releaseRefresh('a', 'one');
      expect(await after.accounts.claimRefresh('a', 'one', 5000, 3001)).toBe(false);
      await after.accounts.releaseRefresh('a', 'two');
      expect(await after.accounts.claimRefresh('a', 'one', 5000, 3001)).toBe(true);
      expect(await after.accounts.claimRefresh('gone', 'one', 5000, 3001)).toBe(false);
    });

    test('[ACC3] a claim is no change of the account', async ({ store }) => {
      await store.accounts.add(anAccount('a'));

      await store.accounts.claimRefresh('a', 'one', 2000, 1000);

      expect(await store.accounts.get('a')).toEqual(anAccount('a'));
      expect(await store.accounts.update('a', 1, { label: 'new' })).toBe(true);
      expect(await store.accounts.claimRefresh('a', 'two', 2000, 1000)).toBe(false);
    });
  });
}
