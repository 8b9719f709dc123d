import { expect, test } from 'vitest';
import { postgresAddress } from '../store/postgres/address.ts';
import { demoDatabase } from './demo.ts';
import { shellWord } from './own-command.ts';

test.each([
  'postgres://db.example/work',
  'postgres://ann:p%3Fw@db.example/work?sslmode=disable',
  'postgres://ann@one.example:5432,two.example:5433/work',
])('with %s the demo keeps away from the sessions of hearth serve', (databaseUrl) => {
  const { databaseUrl: own = databaseUrl } = demoDatabase({ databaseUrl });

  const [demo, served] = [postgresAddress(own, {}), postgresAddress(databaseUrl, {})];
  expect(served.schema).toBe('hearth');
  expect(demo).toEqual({ ...served, schema: 'hearth_demo', name: `${served.name}?schema=hearth_demo` });
});

test('a schema that the address names is the demo’s, and a file stays as it is', () => {
  expect(demoDatabase({ databaseUrl: 'postgres://one:1,two:2/work?schema=mine' })).toEqual({});
  expect(demoDatabase({ databaseUrl: 'sqlite:/tmp/demo.db' })).toEqual({});
  expect(demoDatabase({})).toEqual({});
});

test('what the demo says to try can be pasted into a shell, whatever its folders are called', () => {
  expect(shellWord('/home/me/.hearth/demo')).toBe('/home/me/.hearth/demo');
  expect(shellWord("/tmp/Zoë's $HOME")).toBe(`'/tmp/Zoë'\\''s $HOME'`);
  expect(shellWord('')).toBe("''");
});
