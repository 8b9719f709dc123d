import { startPostgres } from '@hearth/testkit';
import type { PostgresServer } from '@hearth/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aBatch, allSeqs, aMessage, aNotice, aRecord, failure } from '../contract/fixture.ts';
import type { Store } from '../store.ts';
import { openPostgresStore } from './open.ts';
import { askAs } from './testing/database.ts';
import { startRelay } from './testing/tcp-relay.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({
    fsync: true,
    settings: { max_connections: '20', superuser_reserved_connections: '3' },
  });
});

afterAll(() => server.close());

let schemas = 0;
function freshUrl(port?: number): string {
  const url = new URL(server.url);
  if (port !== undefined) url.port = String(port);
  schemas += 1;
  url.searchParams.set('schema', `s${schemas}`);
  return url.href;
}

async function opened(url: string, bounds: { commitPatienceMs?: number; readPatienceMs?: number } = {}) {
  const store = await openPostgresStore({ url, ...bounds });
  await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);
  return store;
}

const append = (store: Store, seq: number) =>
  store.events.append([
    aBatch('s1', {
      record: { ...aRecord('s1'), core: `{"step":${seq}}` },
      entries: [aNotice(seq)],
      messages: [aMessage(`m${seq}`, 's1')],
    }),
  ]);

describe('while the database is away', () => {
  test('[STO13] a commit waits and is stored once, over a kill of PostgreSQL and its return', async () => {
    const store = await opened(freshUrl());

    await server.kill();
    const waiting = append(store, 2);
    const reading = store.sessions.load('s1');
    expect((await failure(store.check())).message).toMatch(/does not answer|is closed|starting up/);
    await server.start();
    await waiting;

    expect((await reading)?.session.lastSeq).toBeGreaterThanOrEqual(1);
    await append(store, 3);
    expect(await allSeqs(store, 's1')).toEqual([1, 2, 3]);
    expect((await store.messages.list('s1', undefined, 10)).items.map(({ id }) => id)).toEqual(['m2', 'm3']);
    await store.check();
    await store.close();
  });

  test('[STO13] commits under way over many kills are all there, in order, each once', async () => {
    const store = await opened(freshUrl());
    let last = 1;
    const over = new AbortController();
    const writing = (async () => {
      while (!over.signal.aborted) {
        await append(store, last + 1);
        last += 1;
      }
    })();

    for (let kill = 0; kill < 3; kill += 1) {
      const reached = last + 20;
      await expect.poll(() => last).toBeGreaterThan(reached);
      await server.kill();
      await server.start();
    }
    over.abort();
    await writing;

    expect(await allSeqs(store, 's1')).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    expect((await store.sessions.load('s1'))?.core).toBe(`{"step":${last}}`);
    await store.close();
  });

  test('[STO13] a restart by its operator is waited for as well', async () => {
    const store = await opened(freshUrl());

    await server.stop();
    const waiting = append(store, 2);
    await server.start();
    await waiting;

    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    await store.close();
  });

  test('[STO13] a database that stands still is told by the check, and what waited is stored when it goes on', async () => {
    const store = await opened(freshUrl());

    server.pause();
    const waiting = append(store, 2);
    try {
      expect((await failure(store.check())).message).toMatch(/does not answer/);
    } finally {
      server.resume();
    }
    await waiting;

    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    await store.check();
    await store.close();
  });

  test('[STO13] one that does not come back in time is given up with words that help, and nothing was stored', async () => {
    const store = await opened(freshUrl(), { commitPatienceMs: 300, readPatienceMs: 300 });

    await server.kill();
    const refused = await failure(append(store, 2));
    const unread = await failure(store.sessions.load('s1'));
    await failure(append(store, 2));
    await server.start();

    expect(refused.message).toMatch(/does not answer/);
    expect(refused.hint).toMatch(/goes on by itself/);
    expect(unread.message).toMatch(/does not answer/);
    await expect.poll(async () => allSeqs(store, 's1').catch(() => [])).toEqual([1]);
    await expect
      .poll(async () =>
        append(store, 2).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    await store.close();
  });
});

describe('an answer that is lost', () => {
  test('[STO13] to a commit: it is stored once, whichever of its tries did it', async () => {
    const { hostname: host, port } = new URL(server.url);
    const relay = await startRelay({ host, port: Number(port) });
    const store = await opened(freshUrl(relay.port));

    const lost = relay.loseAnswerTo('notice 2');
    await append(store, 2);
    await lost;

    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    await append(store, 3);
    expect((await store.messages.list('s1', undefined, 10)).items.map(({ id }) => id)).toEqual(['m2', 'm3']);
    await store.close();
    await relay.close();
  });

  test('[TRN2] to an append of entries without a uuid: they are there once', async () => {
    const { hostname: host, port } = new URL(server.url);
    const relay = await startRelay({ host, port: Number(port) });
    const store = await opened(freshUrl(relay.port));
    const key = { projectKey: 'p', agentSessionId: 'a', subpath: '' };
    await store.transcripts.append(key, [{ type: 'mode', n: 0 }]);

    for (const [n, statement] of ['commit', 'insert into transcript_entries', 'begin'].entries()) {
      const lost = relay.loseAnswerTo(statement);
      await store.transcripts.append(key, [{ type: 'mode', n: n + 1 }]);
      await lost;
    }

    expect((await store.transcripts.load(key))?.map((entry) => entry['n'])).toEqual([0, 1, 2, 3]);
    await store.close();
    await relay.close();
  });

  test('[TRN2] to all connections at once: whoever looks what was done does not wait for itself', async () => {
    const { hostname: host, port } = new URL(server.url);
    const relay = await startRelay({ host, port: Number(port) });
    const url = new URL(freshUrl(relay.port));
    url.searchParams.set('connect_timeout', '1');
    const store = await opened(url.href, { readPatienceMs: 2_000 });
    const keys = Array.from({ length: 8 }, (_, n) => ({ projectKey: 'p', agentSessionId: `a${n}`, subpath: '' }));

    const lost = relay.loseAnswerTo('commit', keys.length);
    await Promise.all(keys.map((key) => store.transcripts.append(key, [{ type: 'mode' }])));
    await lost;

    const stored = await Promise.all(keys.map((key) => store.transcripts.load(key)));
    expect(stored).toEqual(keys.map(() => [{ type: 'mode' }]));
    await store.close();
    await relay.close();
  });

  test('[STO12] what was sent before the fence was raised does nothing when it comes late', async () => {
    const { hostname: host, port } = new URL(server.url);
    const relay = await startRelay({ host, port: Number(port) });
    const store = await opened(freshUrl(relay.port));
    const record = (step: number) =>
      store.events.append([aBatch('s1', { record: { ...aRecord('s1'), core: `{"at":"step ${step}"}` } })]);
    const core = async () => (await store.sessions.load('s1'))?.core;

    const request = relay.holdRequest('step 2');
    await record(2);
    await request.held;
    await record(3);
    expect(await core()).toBe('{"at":"step 3"}');
    await request.deliver();

    expect(await core()).toBe('{"at":"step 3"}');
    await record(4);
    expect(await core()).toBe('{"at":"step 4"}');
    await store.close();
    await relay.close();
  });
});

describe('a connection that ends in the moment it is ready', () => {
  test('[STO13] is replaced, and costs neither the server nor what was to be stored', async () => {
    const { hostname: host, port } = new URL(server.url);
    const relay = await startRelay({ host, port: Number(port) });
    const store = await opened(freshUrl(relay.port));
    const lost = relay.loseAnswerTo('notice 2');
    const ended = lost.then(() => relay.endNextConnection());

    await append(store, 2);
    await ended;

    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    await store.close();
    await relay.close();
  });

  test('[STO13] when a server starts, it is refused with words that help', async () => {
    const { hostname: host, port } = new URL(server.url);
    const relay = await startRelay({ host, port: Number(port) });
    const ended = relay.endNextConnection();

    const refused = await failure(openPostgresStore({ url: freshUrl(relay.port) }));
    await ended;

    expect(refused.message).toMatch(/does not answer/);
    await relay.close();
  });
});

test('[STO14] a host that stands still once it is reached is left for the next', async () => {
  const { hostname: host, port } = new URL(server.url);
  const relay = await startRelay({ host, port: Number(port) });
  const url = new URL(freshUrl(relay.port));
  url.searchParams.set('connect_timeout', '1');

  relay.stallNextConnection();
  const store = await opened(url.href.replace(url.host, `${url.host},${host}:${port}`));

  expect(await allSeqs(store, 's1')).toEqual([1]);
  expect(relay.connections).toBe(1);
  await store.close();
  await relay.close();
});

describe('limits of the database', () => {
  test('[STO13] while it takes no more connections a commit waits', async () => {
    const url = freshUrl();
    const store = await opened(url);
    const crowd: Client[] = [];
    const join = async (): Promise<boolean> => {
      const client = new Client({ connectionString: server.url });
      client.on('error', () => {});
      try {
        await client.connect();
      } catch {
        return false;
      }
      crowd.push(client);
      return true;
    };
    await join();
    await crowd[0]?.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      'hearth',
    ]);
    while (await join());

    const waiting = append(store, 2);
    const told = await failure(store.check());
    await Promise.all(crowd.map((client) => client.end()));
    await waiting;

    expect(told.message).toMatch(/takes no more connections/);
    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    await store.close();
  });

  test.each([
    ['lock', '-c lock_timeout=200'],
    ['statement', '-c statement_timeout=200 -c lock_timeout=0'],
  ])('[STO13] a commit that the %s timeout ends is tried again, and stored once', async (which, options) => {
    const url = new URL(freshUrl());
    const schema = url.searchParams.get('schema');
    url.searchParams.set('options', options);
    const store = await opened(url.href);
    const other = new Client({ connectionString: server.url });
    await other.connect();
    await other.query(`begin; select from ${schema}.sessions for update`);
    const told = (): number => server.log().split(`canceling statement due to ${which} timeout`).length - 1;
    const before = told();

    const waiting = append(store, 2);
    await expect.poll(told, { timeout: 10_000 }).toBeGreaterThan(before + 1);
    await other.query('rollback');
    await waiting;

    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    await other.end();
    await store.close();
  });

  test('[TRN5] a transaction that stood still for longer than the database bears is done again, once', async () => {
    const url = new URL(freshUrl());
    url.searchParams.set('options', '-c idle_in_transaction_session_timeout=50');
    const store = await opened(url.href);
    const key = { projectKey: 'p', agentSessionId: 'a', subpath: '' };
    let folds = 0;

    await store.transcripts.appendWithSummary(key, [{ type: 'mode' }], (_, added) => {
      folds += 1;
      // As a machine does that sleeps: nothing of the process runs until the connection is gone.
      if (folds === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      return { entries: added.length };
    });

    expect(folds).toBe(2);
    expect(await store.transcripts.load(key)).toEqual([{ type: 'mode' }]);
    expect((await store.transcripts.loadSummaries('p')).map(({ data }) => data)).toEqual([{ entries: 1 }]);
    await store.close();
  });

  test('[STO13] reads that hang hold up no commit, and go on', async () => {
    const url = freshUrl();
    const store = await opened(url);
    const other = new Client({ connectionString: server.url });
    await other.connect();
    await other.query('begin');
    await other.query(`lock table ${new URL(url).searchParams.get('schema')}.transcripts in access exclusive mode`);

    const reads = Array.from({ length: 20 }, () => store.transcripts.listSessions('p'));
    await expect
      .poll(async () => {
        const waiting = `select from pg_stat_activity where wait_event_type = 'Lock'`;
        return (await askAs(url, waiting)).length;
      })
      .toBe(8);
    await append(store, 2);
    await other.query('rollback');

    expect(await Promise.all(reads)).toEqual(reads.map(() => []));
    await other.end();
    await store.close();
  });

  test('[STO9] a full disk refuses the whole commit, harms nothing, and the store goes on', async () => {
    const url = freshUrl();
    const store = await opened(url);
    await askAs(
      url,
      `create function fill() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`,
    );
    await askAs(url, 'create trigger no_room before insert on messages for each row execute function fill()');

    const error = await failure(append(store, 2));

    expect(error.message).toMatch(/no room left/);
    expect(error.hint).toMatch(/Free space/);
    expect(await allSeqs(store, 's1')).toEqual([1]);
    await askAs(url, 'drop trigger no_room on messages');
    await append(store, 2);
    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    await store.close();
  });
});
