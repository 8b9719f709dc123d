import { afterEach, beforeEach, expect, test } from 'vitest';
import { openPostgresStore } from '../store/postgres/open.ts';
import { testDatabase } from '../store/postgres/testing/database.ts';
import { examinePostgres } from './examine-postgres.ts';

const database = testDatabase();
let url: string;

beforeEach(() => {
  url = database.freshUrl();
});

afterEach(() => database.drop(url));

test('the doctor sees a database before its first start, in use, and at rest', async () => {
  expect((await examinePostgres(url)).detail).toMatch(/prepared at the first start/);
  expect(await database.ask(url, 'select from pg_namespace where nspname = $1', [schema()])).toEqual([]);

  const store = await openPostgresStore({ url });
  expect((await examinePostgres(url)).detail).toMatch(
    new RegExp(`0 sessions, in use by a server .pid ${process.pid} on`),
  );

  await store.close();
  expect((await examinePostgres(url)).detail).toMatch(/0 sessions(;|$)/);
});

test('[STO7] the doctor says of a database of a newer program what a start would', async () => {
  await (await openPostgresStore({ url })).close();
  await database.ask(url, `insert into schema_migrations values ('999-from-the-future', '2030-01-01T00:00:00.000Z')`);

  expect(await examinePostgres(url)).toMatchObject({
    verdict: 'wrong',
    detail: expect.stringContaining('999-from-the-future') as unknown,
  });
});

test('the doctor says what a role lacks, and that a database is away, without its password', async () => {
  const role = `r_${schema()}`;
  await database.ask(url, `create role ${role} login password 'geheim'`);
  const narrow = new URL(url);
  narrow.username = role;
  narrow.password = 'geheim';

  expect(await examinePostgres(narrow.href)).toMatchObject({
    verdict: 'wrong',
    fix: expect.stringMatching(/create schema/) as unknown,
  });

  narrow.password = 'geheim2';
  const denied = await examinePostgres(narrow.href);
  expect(denied).toMatchObject({ verdict: 'wrong', detail: expect.stringMatching(/lets Hearth not in/) as unknown });
  expect(JSON.stringify(denied)).not.toContain('geheim');
  await database.ask(url, `drop role ${role}`);
});

test('[STO10] a role that owns its schema, and nothing else, is enough', async () => {
  const role = `r_${schema()}`;
  await database.ask(url, `create role ${role} login password 'geheim'`);
  await database.ask(url, `create schema ${schema()} authorization ${role}`);
  const narrow = new URL(url);
  narrow.username = role;
  narrow.password = 'geheim';

  const store = await openPostgresStore({ url: narrow.href });
  await store.check();
  await store.close();

  expect((await examinePostgres(narrow.href)).detail).toMatch(/0 sessions/);
  await database.drop(url);
  await database.ask(url, `drop role ${role}`);
});

function schema(): string {
  return new URL(url).searchParams.get('schema') ?? '';
}
