import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeContract } from '../contract.ts';
import { openSqliteStore } from './open.ts';

storeContract('SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hearth-store-'));
  const path = join(directory, 'hearth.db');
  let store = await openSqliteStore({ path });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteStore({ path });
      return store;
    },
    destroy: async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
});
