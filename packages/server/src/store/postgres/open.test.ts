import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HearthError } from '@hearth/protocol';
import { aBatch, allSeqs, aMessage, aPart, aNotice, aRecord, aTurn, failure } from '../contract/fixture.ts';
import { lockNumber } from './lock.ts';
import { openPostgresStore } from './open.ts';
import { testDatabase } from './testing/database.ts';

const database = testDatabase();

let url: string;

beforeEach(() => {
  url = database.freshUrl();
});

afterEach(() => database.drop(url));

async function withOneEvent(): Promise<void> {
  const store = await openPostgresStore({ url, version: '1.0.0' });
  await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);
  await store.close();
}

describe('opening', () => {
  test('[STO4] a second server is refused, and told who has the database', async () => {
    const store = await openPostgresStore({ url });

    const error = await failure(openPostgresStore({ url }));

    expect(error.message).toContain(`pid ${process.pid} on `);
    expect(error.hint).toMatch(/another schema/);
    await store.check();
    await store.close();
    await (await openPostgresStore({ url })).close();
  });

  test('[STO4] servers in two schemas of one database do not see each other', async () => {
    const other = database.freshUrl();
    const stores = [await openPostgresStore({ url }), await openPostgresStore({ url: other })];
    await stores[0]?.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);

    expect(await stores[1]?.sessions.load('s1')).toBeNull();
    for (const store of stores) await store.close();
    await database.drop(other);
  });

  test('[STO7] a database of a newer program is refused by name, and nothing in it changes', async () => {
    await withOneEvent();
    await database.ask(url, `insert into schema_migrations values ('999-from-the-future', '2030-01-01T00:00:00.000Z')`);
    await database.ask(url, `update meta set value = '9.9.9' where name = 'program_version'`);
    const epoch = await database.ask(url, 'select epoch from writer');

    const error = await failure(openPostgresStore({ url, version: '1.0.0' }));

    expect(error.message).toMatch(/last used by Hearth 9\.9\.9/);
    expect(error.message).toContain('999-from-the-future');
    expect(await database.ask(url, `select value from meta where name = 'program_version'`)).toEqual([
      { value: '9.9.9' },
    ]);
    expect(await database.ask(url, 'select epoch from writer')).toEqual(epoch);
  });

  test('[STO8] a deletion that a crash cut is finished at the next start', async () => {
    await withOneEvent();
    await database.ask(url, 'insert into removed_sessions select key from sessions');
    await database.ask(url, 'delete from sessions');

    const store = await openPostgresStore({ url });
    await store.close();

    expect(await database.ask(url, 'select from events')).toEqual([]);
    expect(await database.ask(url, 'select from removed_sessions')).toEqual([]);
  });

  test('[STO10] a wrong password and a server that is not there are told without the password', async () => {
    const wrong = new URL(url);
    wrong.password = 'geheim';
    const denied = await failure(openPostgresStore({ url: wrong.href }));
    expect(denied.message).toMatch(/lets Hearth not in/);
    wrong.password = '';
    const unnamed = await failure(openPostgresStore({ url: wrong.href }));
    expect(unnamed.message).toMatch(/lets Hearth not in .*asks for a password/);
    expect(unnamed.hint).toMatch(/PGPASSWORD/);

    const gone = new URL(url);
    gone.port = String(await unusedPort());
    const away = await failure(openPostgresStore({ url: gone.href }));
    expect(away.message).toMatch(/does not answer .*ECONNREFUSED/);

    for (const error of [denied, away]) {
      expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain('geheim');
      expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain(new URL(url).password);
    }
  });

  test('[STO10] a server that must speak TLS and does not is refused', async () => {
    const error = await failure(openPostgresStore({ url: `${url}&sslmode=require` }));

    expect(error.message).toMatch(/SSL/);
  });
});

describe('the fence', () => {
  test('[STO12] a server from which the database was taken writes nothing more, and says so', async () => {
    const deposed: HearthError[] = [];
    const store = await openPostgresStore({ url, onDeposed: (error) => deposed.push(error) });
    await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);

    // The lock went with its connection, and another server came before this one could see it.
    await database.ask(url, `update writer set epoch = epoch + 1, holder = 'other', described = 'pid 7 on elsewhere'`);

    const record = { ...aRecord('s1'), core: '{"late":true}' };
    const error = await failure(
      store.events.append([
        aBatch('s1', { record, entries: [aNotice(2)], messages: [aMessage('m1', 's1')], usage: [aTurn('t1')] }),
      ]),
    );
    expect(error.message).toMatch(/pid 7 on elsewhere.* has taken over/);
    const key = { projectKey: 'p', agentSessionId: 'a', subpath: '' };
    expect((await failure(store.transcripts.append(key, [{ type: 'user' }]))).message).toMatch(/taken over/);
    expect((await failure(store.sessions.delete('s1'))).message).toMatch(/taken over/);
    expect((await failure(store.check())).message).toMatch(/taken over/);
    expect(deposed).toHaveLength(1);
    expect(await allSeqs(store, 's1')).toEqual([1]);
    expect(await store.messages.get('s1', 'm1')).toBeNull();
    expect((await store.sessions.load('s1'))?.core).toBe('{}');
    expect(await store.transcripts.load(key)).toBeNull();
    await store.close();
  });

  test.each([
    ['events of one session', [aBatch('s1', { entries: [aNotice(2)] })]],
    ['events of several sessions', ['s1', 's2'].map((id) => aBatch(id, { entries: [aNotice(2)] }))],
  ])('[STO12] the same of %s alone', async (_, batches) => {
    const store = await openPostgresStore({ url });
    await store.events.append(['s1', 's2'].map((id) => aBatch(id, { record: aRecord(id), entries: [aNotice(1)] })));
    await database.ask(url, `update writer set epoch = epoch + 1, holder = 'other'`);
    expect((await failure(store.events.append(batches))).message).toMatch(/taken over/);
    expect(await allSeqs(store, 's1')).toEqual([1]);
    expect(await database.ask(url, 'select last_seq from sessions')).toEqual([{ last_seq: '1' }, { last_seq: '1' }]);
    await store.close();
  });

  test('[STO12] what the server that took it has deleted is not taken for lost, and nothing is marked there', async () => {
    const store = await openPostgresStore({ url });
    await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);
    await database.ask(url, `update writer set epoch = epoch + 1, holder = 'other', described = 'pid 7 on elsewhere'`);
    await database.ask(url, 'delete from sessions');
    await database.ask(
      url,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hearth'
        and datname = current_database()`,
    );

    const error = await failure(store.events.append([aBatch('s1', { entries: [aNotice(2)] })]));

    expect(error.message).toMatch(/pid 7 on elsewhere.* has taken over/);
    expect(await database.ask(url, `select from meta where name = 'lost_commits'`)).toEqual([]);
    await store.close();
  });

  test('[STO12] a lost connection of the lock is taken again, and the server goes on', async () => {
    const store = await openPostgresStore({ url });
    await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);
    const schema = new URL(url).searchParams.get('schema') ?? '';
    const holders = `select pid from pg_locks where locktype = 'advisory' and database =
      (select oid from pg_database where datname = current_database())
      and (classid::bigint << 32 | objid::bigint) = ${lockNumber({ schema })}`;
    const [before] = await database.ask<{ pid: number }>(url, holders);

    await database.ask(url, 'select pg_terminate_backend($1)', [before?.pid]);

    await expect
      .poll(async () => (await database.ask<{ pid: number }>(url, holders)).filter(({ pid }) => pid !== before?.pid))
      .toHaveLength(1);
    await store.events.append([aBatch('s1', { entries: [aNotice(2)] })]);
    expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    expect((await failure(openPostgresStore({ url }))).message).toMatch(/already/);
    await store.close();
  });
});

describe('text', () => {
  test('[STO11] U+0000 comes back from every column, and is looked for as itself', async () => {
    const odd = 'a\u0000b\u0001c';
    const store = await openPostgresStore({ url });
    await store.events.append([
      aBatch('s1', {
        record: aRecord('s1', { title: odd }),
        messages: [aMessage('m1', 's1', { clientMessageId: odd })],
        usage: [aTurn('t1', { user: odd, models: [aPart({ model: odd })] })],
      }),
    ]);
    const key = { projectKey: odd, agentSessionId: odd, subpath: odd };
    await store.transcripts.append(key, [{ type: 'user', uuid: odd }]);
    await store.transcripts.append(key, [{ type: 'user', uuid: odd }]);
    await store.tokens.add({ id: odd, kind: 'api', label: odd, hash: odd, createdAt: '2026-01-01T00:00:00.000Z' });

    expect((await store.sessions.list({ q: 'A\u0000B' })).items.map((item) => item.title)).toEqual([odd]);
    expect((await store.sessions.list({ q: 'ab' })).items).toEqual([]);
    expect((await store.messages.byClientMessageId('s1', odd))?.clientMessageId).toBe(odd);
    expect((await store.usage.report('model', undefined, undefined)).items.map((item) => item.key)).toEqual([odd]);
    expect(await store.transcripts.load(key)).toEqual([{ type: 'user', uuid: odd }]);
    expect(await store.transcripts.listSubpaths(odd, odd)).toEqual([odd]);
    expect((await store.tokens.byHash(odd))?.label).toBe(odd);
    expect(await store.sessions.load('\u0000')).toBeNull();
    expect(await store.messages.get('s1', 'm1\u0000')).toBeNull();
    await store.close();
  });
});

describe('a commit', () => {
  test('[LOG3] is one transaction over all its sessions', async () => {
    const store = await openPostgresStore({ url });
    const batches = Array.from({ length: 20 }, (_, index) =>
      aBatch(`s${index}`, {
        record: aRecord(`s${index}`),
        entries: [aNotice(1), aNotice(2)],
        messages: [aMessage('m1', `s${index}`)],
        usage: [aTurn(`t${index}`)],
      }),
    );
    await store.events.append(batches);

    const rows = await database.ask<{ transactions: number }>(
      url,
      'select count(distinct xmin::text)::int as transactions from events',
    );
    expect(rows).toEqual([{ transactions: 1 }]);
    await store.close();
  });

  test('[MSG9] that changes a message twice has it as it was last', async () => {
    const store = await openPostgresStore({ url });
    const states = ['queued', 'delivered', 'completed'] as const;
    const messages = [aMessage('m0', 's1'), ...states.map((state) => aMessage('m1', 's1', { state }))];

    await store.events.append([aBatch('s1', { record: aRecord('s1'), messages })]);

    const { items } = await store.messages.list('s1', undefined, 10);
    expect(items.map(({ id, state }) => [id, state])).toEqual([
      ['m0', 'queued'],
      ['m1', 'completed'],
    ]);
    await store.close();
  });
});

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 0;
}
