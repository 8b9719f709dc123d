import { HearthError } from '@hearth/protocol';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';
import { accounts } from './accounts.ts';
import { deltasByNumber } from './deltas-by-number.ts';
import { eventsByNumber } from './events-by-number.ts';
import { freshDeltas } from './fresh-deltas.ts';
import { initial } from './initial.ts';
import { textType } from './migration.ts';
import type { Dialect, Migration } from './migration.ts';
import { usageByModel } from './usage-by-model.ts';

/** All of them, oldest first. */
const MIGRATIONS: readonly Migration[] = [initial, accounts, usageByModel, eventsByNumber, deltasByNumber, freshDeltas];

interface MigrationTarget {
  db: Kysely<Tables>;
  dialect: Dialect;
  /** How a message names the database: its file, or its address without the password. */
  name: string;
  /** Version of the running program; it is recorded as the last one that opened the database. */
  version: string;
}

/**
 * Brings a database to the schema of this program. The caller wraps it in a transaction, so that a step is done or
 * not begun.
 * @throws HearthError when a newer program has been there; nothing is changed then
 */
export async function migrate({ db, dialect, name, version }: MigrationTarget): Promise<void> {
  await db.schema
    .createTable('meta')
    .ifNotExists()
    .addColumn('name', textType(dialect), (col) => col.primaryKey())
    .addColumn('value', textType(dialect), (col) => col.notNull())
    .execute();
  await sql`create table if not exists schema_migrations (name text primary key, applied_at text not null)`.execute(db);
  const applied = await sql<{ name: string }>`select name from schema_migrations`.execute(db);
  const done = new Set(applied.rows.map((row) => row.name));
  const newer = newerFailure(done, name, version, await lastVersion(db));
  if (newer !== undefined) throw newer;
  for (const migration of MIGRATIONS) {
    if (done.has(migration.name)) continue;
    await migration.up(db, dialect);
    const appliedAt = new Date().toISOString();
    await sql`insert into schema_migrations (name, applied_at) values (${migration.name}, ${appliedAt})`.execute(db);
  }
  await db
    .insertInto('meta')
    .values({ name: 'program_version', value: version })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: version }))
    .execute();
}

async function lastVersion(db: Kysely<Tables>): Promise<string | undefined> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', 'program_version').executeTakeFirst();
  return row?.value;
}

/** Those of the steps that were done to a database which this program does not know: a newer one did them. */
export function unknownSteps(done: Iterable<string>): string[] {
  return [...done].filter((step) => !MIGRATIONS.some((migration) => migration.name === step));
}

/**
 * Why this program may not use a database; undefined: it may.
 * @param done the steps that were done to it
 * @param writer version of the program that opened it last
 */
export function newerFailure(
  done: Iterable<string>,
  name: string,
  version: string,
  writer: string | undefined,
): HearthError | undefined {
  const unknown = unknownSteps(done);
  if (unknown.length === 0) return undefined;
  const by = writer === undefined ? 'a newer Hearth' : `Hearth ${writer}`;
  return new HearthError(
    'internal',
    `The database ${name} was last used by ${by} and has a newer schema (${unknown.join(', ')}) than this Hearth ${version} knows.`,
    { hint: `Start ${by} or a later one again, or give this one another data directory. Nothing was changed.` },
  );
}
