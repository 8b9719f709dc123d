import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/**
 * SQLite keeps deltas in the order in which they are committed until their block ends, with no other index (see
 * `store/sqlite/fresh-deltas.ts`): with that of `events` each commit wrote a page or more for every session in it.
 */
export const freshDeltas: Migration = {
  name: '006-fresh-deltas',
  async up(db, dialect) {
    if (dialect !== 'sqlite') return;
    await sql`create table fresh_deltas (number integer primary key, session_key bigint not null, seq bigint not null,
      block_id text not null, body text not null)`.execute(db);
  },
};
