import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { contentsOf, contentsThen } from '../testing/upgrade-contents.ts';
import { openPostgresStore } from './open.ts';
import { testDatabase } from './testing/database.ts';

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));
/** One for each schema that was released: what `pg_dump` wrote of a database with the contents of SQLite's fixture of that name. */
const NAMES = readdirSync(FIXTURES).map((file) => basename(file, '.sql'));

const database = testDatabase();

test('[UPG1] the schema of the first release is among those that are tried', () => {
  expect(NAMES).toContain('001-initial');
});

describe.each(NAMES)('a database with the schema %s', (name) => {
  test('[UPG1] opens with everything in it, and again', async () => {
    const url = database.freshUrl();
    const { searchParams } = new URL(url);
    const schema = searchParams.get('schema') ?? '';
    await database.ask(url, readFileSync(`${FIXTURES}/${name}.sql`, 'utf8').replaceAll('the_schema', schema));
    const then = contentsThen(name);

    for (const _ of ['first', 'second']) {
      const store = await openPostgresStore({ url });
      expect(await contentsOf(store, then)).toMatchObject(then);
      await store.close();
    }
    await database.drop(url);
  });
});
