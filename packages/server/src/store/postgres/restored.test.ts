import { afterEach, beforeEach, expect, test } from 'vitest';
import { aBatch, allSeqs, anAccount, aNotice, aRecord, failure } from '../contract/fixture.ts';
import type { Store } from '../store.ts';
import { openPostgresStore } from './open.ts';
import { renewRestored } from './restored.ts';
import { testDatabase } from './testing/database.ts';

const NOW = new Date('2026-11-22T12:00:00.000Z');
const MAIN = { projectKey: 'p', agentSessionId: 'old-id', subpath: '' };

const database = testDatabase();
let url: string;
let ids: number;

beforeEach(() => {
  url = database.freshUrl();
  ids = 0;
});

afterEach(() => database.drop(url));

const renew = (now = NOW) => renewRestored({ url, version: '1.0.0', now, newId: () => `new-${(ids += 1)}` });

async function withStore<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openPostgresStore({ url });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function fill(): Promise<void> {
  await withStore(async (store) => {
    const record = {
      ...aRecord('s1', { agentSessionId: 'old-id', title: 'nul \u0000' }),
      core: '{"agentSessionId":"old-id","n":2}',
    };
    await store.events.append([
      aBatch('s1', { record, entries: [1, 2, 3].map((seq) => aNotice(seq)) }),
      aBatch('s2', { record: aRecord('s2', { phase: 'closed' }), entries: [aNotice(1)] }),
    ]);
    await store.transcripts.appendWithSummary(
      MAIN,
      [
        { type: 'user', uuid: 'u1', sessionId: 'old-id', text: 'see old-id.jsonl \u0000 \u2028 ü' },
        { type: 'note', uuid: 'u2', sessionId: 'another' },
      ],
      () => ({ sessionId: 'old-id', count: 2 }),
    );
    const large = Array.from({ length: 30 }, (_, index) => ({
      type: 'user',
      sessionId: 'old-id',
      text: `${index}`.padEnd(400_000, 'x'),
    }));
    await store.transcripts.append({ ...MAIN, subpath: 'subagents/x' }, large);
    await store.accounts.add(anAccount('a'));
    await store.accounts.claimRefresh('a', 'a server', Number.MAX_SAFE_INTEGER, 0);
  });
}

test('[BAK3] numbers go on above all that were given, each log tells why, and nothing follows the end of a closed one', async () => {
  await fill();

  expect(await renew()).toMatchObject({ sessions: 2, conversations: 1, accounts: 1 });

  await withStore(async (store) => {
    const entries = await store.events.read('s1', 3, 100, Number.MAX_SAFE_INTEGER);
    const first = NOW.getTime() * 1_000;
    expect(entries.map((entry) => JSON.parse(entry.body) as object)).toMatchObject([
      { sessionId: 's1', seq: first, type: 'session.updated', changes: { agentSessionId: 'new-1' } },
      { sessionId: 's1', seq: first + 1, type: 'notice', level: 'warning', code: 'restored', time: NOW.toISOString() },
    ]);
    expect((await store.sessions.load('s1'))?.session.lastSeq).toBe(first + 1);
    expect(await allSeqs(store, 's2')).toEqual([1]);
    await store.events.append([aBatch('s1', { entries: [aNotice(first + 2)] })]);
  });
});

test('[BAK4] conversations get new ids, as long as they may be, and the rest of them stays as it was', async () => {
  await fill();

  await renew();

  await withStore(async (store) => {
    const renewed = { ...MAIN, agentSessionId: 'new-1' };
    const stored = await store.sessions.load('s1');
    expect(JSON.parse(stored?.core ?? '')).toEqual({ agentSessionId: 'new-1', n: 2 });
    expect(stored?.session).toMatchObject({ agentSessionId: 'new-1', title: 'nul \u0000' });
    expect(await store.transcripts.load(MAIN)).toBeNull();
    expect(await store.transcripts.load(renewed)).toEqual([
      { type: 'user', uuid: 'u1', sessionId: 'new-1', text: 'see old-id.jsonl \u0000 \u2028 ü' },
      { type: 'note', uuid: 'u2', sessionId: 'another' },
    ]);
    const subagent = (await store.transcripts.load({ ...renewed, subpath: 'subagents/x' })) ?? [];
    expect(subagent.map(({ sessionId }) => sessionId)).toEqual(Array.from({ length: 30 }, () => 'new-1'));
    expect((await store.transcripts.loadSummaries('p'))[0]?.data).toEqual({ sessionId: 'new-1', count: 2 });
    expect(await store.accounts.claimRefresh('a', 'another', 2, 1)).toBe(true);
  });
});

test('[BAK3] twice does no harm, and gives no number twice', async () => {
  await fill();
  await renew();
  await renew(new Date(NOW.getTime() - 60_000));

  await withStore(async (store) => {
    const seqs = await allSeqs(store, 's1');
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(new Set(seqs).size).toBe(7);
    expect((await store.sessions.load('s1'))?.session.agentSessionId).toBe('new-2');
  });
});

test('[BAK2] is refused while a server has the database, and where there is none; nothing changes then', async () => {
  expect((await failure(renew())).message).toMatch(/no Hearth database/);
  await fill();

  const error = await withStore(() => failure(renew()));

  expect(error.message).toContain(`pid ${process.pid}`);
  await withStore(async (store) => expect(await allSeqs(store, 's1')).toEqual([1, 2, 3]));
});
