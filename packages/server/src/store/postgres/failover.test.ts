import { startPostgres } from '@hearth/testkit';
import type { PostgresServer } from '@hearth/testkit';
import { afterEach, expect, test } from 'vitest';
import { aBatch, allSeqs, aMessage, aNotice, aRecord, failure } from '../contract/fixture.ts';
import type { Store } from '../store.ts';
import { postgresAddress } from './address.ts';
import { openPostgresStore } from './open.ts';
import { ConnectionPool } from './pool.ts';

const KEY = { projectKey: 'p', agentSessionId: 'a', subpath: '' };

let primary: PostgresServer;
let standby: PostgresServer;

afterEach(async () => {
  await primary.close();
  await standby.close();
});

/** @param isSynchronous whether a commit waits until the standby has it */
async function startPair(isSynchronous: boolean): Promise<void> {
  const settings = isSynchronous ? { synchronous_standby_names: '*' } : {};
  primary = await startPostgres({ fsync: true, settings });
  standby = await startPostgres({ fsync: true, standbyOf: primary });
}

/** The standby first: what is used must not depend on the order. */
function addressOfBoth(): string {
  const url = new URL(standby.url);
  return url.href.replace(url.host, `${url.host},${new URL(primary.url).host}`);
}

async function opened(options: { onDeposed?: () => void } = {}): Promise<Store> {
  const store = await openPostgresStore({ url: addressOfBoth(), ...options });
  await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);
  return store;
}

const append = (store: Store, seq: number) =>
  store.events.append([aBatch('s1', { entries: [aNotice(seq)], messages: [aMessage(`m${seq}`, 's1')] })]);

/** The primary is lost, and the standby, which was stopped, takes over as it was. */
async function failOver(): Promise<void> {
  await primary.kill();
  await standby.start();
  await standby.promote();
}

test('[STO14] a promoted standby is found, and goes on with what was stored', async () => {
  await startPair(true);
  const store = await opened();
  await store.transcripts.append(KEY, [{ type: 'user', uuid: 'u1' }]);
  await append(store, 2);

  await primary.kill();
  const waiting = append(store, 3);
  const reading = store.transcripts.load(KEY);
  await standby.promote();
  await waiting;

  expect(await reading).toHaveLength(1);
  await append(store, 4);
  await store.transcripts.append(KEY, [{ type: 'user', uuid: 'u2' }]);
  expect(await allSeqs(store, 's1')).toEqual([1, 2, 3, 4]);
  await store.check();
  await store.close();
  const again = await opened();
  expect(await allSeqs(again, 's1')).toEqual([1, 2, 3, 4]);
  await again.close();
});

test('[STO14] one that lacks what was confirmed is not written to: the server ends, and says why', async () => {
  await startPair(false);
  let ended = 0;
  const store = await opened({ onDeposed: () => (ended += 1) });
  await standby.catchUp();
  await standby.stop();
  await append(store, 2);
  await append(store, 3);

  await failOver();
  const refused = await failure(append(store, 4));

  expect(refused.message).toMatch(/has lost what it had confirmed/);
  expect(refused.hint).toMatch(/Start Hearth again/);
  expect((await failure(append(store, 4))).message).toBe(refused.message);
  expect(ended).toBe(1);
  await store.close();
  const again = await openPostgresStore({ url: addressOfBoth() });
  const [first, ...after] = await again.events.read('s1', 0, 100, 100_000);
  expect(first?.seq).toBe(1);
  // What clients have seen of the lost ones is not given again.
  expect(after.map(({ type }) => type)).toEqual(['notice']);
  expect(after[0]?.seq).toBeGreaterThan(1_000_000);
  await append(again, (after[0]?.seq ?? 0) + 1);
  await again.close();
  const third = await openPostgresStore({ url: addressOfBoth() });
  expect(await allSeqs(third, 's1')).toHaveLength(3);
  await third.close();
});

test('[STO14] a session that was deleted is not taken for lost', async () => {
  await startPair(true);
  const store = await opened();
  await append(store, 2);
  await store.sessions.delete('s1');
  await primary.kill();
  await standby.promote();

  await store.events.append([aBatch('s2', { record: aRecord('s2'), entries: [aNotice(1)] })]);

  expect(await allSeqs(store, 's2')).toEqual([1]);
  await store.close();
});

test('[STO14] nor is one that lacks it when the session of the newest commit was deleted since', async () => {
  await startPair(false);
  const store = await opened();
  await standby.catchUp();
  await standby.stop();
  await append(store, 2);
  await store.events.append([aBatch('s2', { record: aRecord('s2'), entries: [aNotice(1)] })]);
  await store.sessions.delete('s2');

  await failOver();
  const refused = await failure(append(store, 3));

  expect(refused.message).toMatch(/has lost what it had confirmed/);
  await store.close();
});

test('[STO14] nor is one that lacks what was confirmed to the server before', async () => {
  await startPair(false);
  const former = await opened();
  await standby.catchUp();
  await standby.stop();
  await append(former, 2);
  await former.close();
  const store = await openPostgresStore({ url: addressOfBoth() });
  expect((await store.sessions.load('s1'))?.session.lastSeq).toBe(2);

  await failOver();
  const refused = await failure(append(store, 3));

  expect(refused.message).toMatch(/has lost what it had confirmed/);
  await store.close();
});

test('[STO14] while there are standbys only, a start says so', async () => {
  await startPair(false);
  await primary.kill();

  const refused = await failure(openPostgresStore({ url: addressOfBoth() }));

  expect(refused.message).toMatch(/is a standby|ECONNREFUSED/);
});

test('[STO14] a connection is asked of each host before it is refused', async () => {
  await startPair(false);
  const pool = new ConnectionPool({ address: postgresAddress(addressOfBoth()), max: 1 });

  expect(await pool.run({ text: 'select pg_is_in_recovery() as standby' })).toEqual([{ standby: false }]);

  await pool.end();
});
