import { storeContract } from '../contract.ts';
import { openPostgresStore } from './open.ts';
import { testDatabase } from './testing/database.ts';

const database = testDatabase();

storeContract('PostgreSQL', async () => {
  const url = database.freshUrl();
  let store = await openPostgresStore({ url });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openPostgresStore({ url });
      return store;
    },
    destroy: async () => {
      await store.close();
      await database.drop(url);
    },
  };
});
