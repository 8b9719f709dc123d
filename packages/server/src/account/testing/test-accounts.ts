import { randomUUID } from 'node:crypto';
import { systemClock } from '../../concurrency/clock.ts';
import { openSqliteStore } from '../../store/sqlite/open.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { Log } from '../../telemetry/log.ts';
import { Accounts } from '../accounts.ts';
import { SecretKeys } from '../secret-keys.ts';

const KEY = 'ab'.repeat(32);

/** Accounts in a database in memory, for tests; nothing of them is on the disk. */
export async function testAccounts(
  log: Log = silentLog(),
): Promise<{ accounts: Accounts; readonly close: () => Promise<void> }> {
  const store = await openSqliteStore({ path: ':memory:' });
  const accounts = await Accounts.open({
    store: store.accounts,
    keys: new SecretKeys({ dataDir: '/nowhere', configured: KEY }),
    clock: systemClock,
    newId: randomUUID,
    log,
    passphraseCostBits: 12,
  });
  return {
    accounts,
    close: async () => {
      await accounts.close();
      await store.close();
    },
  };
}
