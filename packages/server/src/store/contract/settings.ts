import { describe, expect } from 'vitest';
import { failure, storeTest } from './fixture.ts';
import type { OpenStore } from './fixture.ts';
import type { StoredToken } from '../store.ts';

const TOKEN: StoredToken = {
  id: 'k1',
  kind: 'api',
  label: 'laptop',
  hash: 'hash-1',
  createdAt: '2026-01-01T00:00:00.000Z',
};

/** What a server keeps beside its sessions. */
export function settingsContract(open: OpenStore): void {
  const test = storeTest(open);

  describe('tokens', () => {
    test('[TOK1] a token is found by its hash, touched, listed by kind and removed', async ({ store, reopen }) => {
      const browser: StoredToken = {
        ...TOKEN,
        id: 'k2',
        kind: 'browser',
        hash: 'hash-2',
        expiresAt: '2027-01-01T00:00:00.000Z',
      };
      await store.tokens.add(TOKEN);
      await store.tokens.add(browser);
      await store.tokens.touch('k1', '2026-02-01T00:00:00.000Z');

      const after = await reopen();
      const touched = { ...TOKEN, lastUsedAt: '2026-02-01T00:00:00.000Z' };
      expect(await after.tokens.byHash('hash-1')).toEqual(touched);
      expect(await after.tokens.byHash('hash-2')).toEqual(browser);
      expect(await after.tokens.byHash('hash-3')).toBeNull();
      expect(await after.tokens.list('api')).toEqual([touched]);
      expect(await after.tokens.remove('k1')).toBe(true);
      expect(await after.tokens.remove('k1')).toBe(false);
      expect(await after.tokens.byHash('hash-1')).toBeNull();
    });

    test('[TOK1] an id or a hash is taken once', async ({ store }) => {
      await store.tokens.add(TOKEN);

      expect((await failure(store.tokens.add({ ...TOKEN, id: 'k2' }))).code).toBe('internal');
      expect((await failure(store.tokens.add({ ...TOKEN, hash: 'other' }))).code).toBe('internal');
    });
  });

  describe('processes', () => {
    test('[PRC1] a recorded process outlives the server; its pid alone does not name it', async ({ store, reopen }) => {
      const first = { pid: 7, startTicks: '100', sessionId: 's1', startedAt: '2026-01-01T00:00:00.000Z' };
      const second = { pid: 7, startTicks: '200', sessionId: 's2', startedAt: '2026-01-02T00:00:00.000Z' };
      await store.processes.add(first);
      await store.processes.add(second);
      await store.processes.add(second);

      const after = await reopen();
      expect(await after.processes.list()).toEqual([first, second]);
      await after.processes.remove(7, '100');
      expect(await after.processes.list()).toEqual([second]);
    });
  });

  describe('check', () => {
    test('[STO1] an open store passes its check, a closed one says that it is closed', async ({ store, reopen }) => {
      await store.check();
      const after = await reopen();

      await after.check();
      expect((await failure(store.check())).message).toMatch(/is closed/);
    });
  });
}
