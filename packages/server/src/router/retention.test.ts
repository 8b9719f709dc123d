import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@hearth/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aBatch, aRecord } from '../store/contract/fixture.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { silentLog } from '../telemetry/log.ts';
import { startRetention } from './retention.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let folder: string;
let store: Store;
let clock: FakeClock;
let deleted: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-retention-'));
  store = await openSqliteStore({ path: join(folder, 'hearth.db') });
  clock = new FakeClock();
  deleted = [];
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** Sessions that were used so many days before the clock's time. */
async function add(ages: Readonly<Record<string, number>>): Promise<void> {
  await store.events.append(
    Object.entries(ages).map(([id, days]) =>
      aBatch(id, { record: aRecord(id, { updatedAt: new Date(clock.now() - days * DAY_MS).toISOString() }) }),
    ),
  );
}

function start(days: number, refuses: (id: string) => boolean = () => false): () => Promise<void> {
  return startRetention({
    store: store.sessions,
    sessions: {
      deleteUnused: async (id) => {
        if (refuses(id)) throw new Error('it cannot be deleted');
        await store.sessions.delete(id);
        deleted.push(id);
        return true;
      },
    },
    clock,
    log: silentLog(),
    days,
  });
}

async function left(): Promise<string[]> {
  const { items } = await store.sessions.list({ status: 'all', limit: 1_000 });
  return items.map(({ id }) => id);
}

test('[SES16] sessions go when nobody has used them for so long, the oldest first, and others stay', async () => {
  await add({ fresh: 0, young: 29, old: 31, older: 400 });
  const stop = start(30);

  await clock.advance(60_000);
  await expect.poll(() => deleted).toEqual(['older', 'old']);
  expect(await left()).toEqual(['fresh', 'young']);

  await clock.advance(2 * DAY_MS);
  await expect.poll(() => deleted).toEqual(['older', 'old', 'young']);
  await stop();
  expect(clock.pendingTimers).toBe(0);
});

test('[SES16] one that cannot be deleted holds up no other, and is tried again', async () => {
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`s${index}`, 100 + index]));
  await add({ ...many, stuck: 500 });
  let isStuck = true;
  const stop = start(30, (id) => isStuck && id === 'stuck');

  await clock.advance(60_000);
  await expect.poll(() => deleted.length).toBe(250);
  expect(await left()).toEqual(['stuck']);

  isStuck = false;
  await expect.poll(() => clock.pendingTimers).toBe(1);
  await clock.advance(HOUR_MS);
  await expect.poll(left).toEqual([]);
  await stop();
});

test('[SES16] without a retention nothing is ever deleted', async () => {
  await add({ old: 10_000 });
  const stop = start(0);
  expect(clock.pendingTimers).toBe(0);
  await stop();
});
