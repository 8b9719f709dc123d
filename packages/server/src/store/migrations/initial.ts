import { sql } from 'kysely';
import type { CreateTableBuilder, Kysely } from 'kysely';
import type { Tables } from '../schema.ts';
import { textType } from './migration.ts';
import type { Dialect, Migration } from './migration.ts';

/** A table's own growing number, which is never given twice, also not after the row with the largest one is gone. */
function withGrowingKey<Name extends string>(
  table: CreateTableBuilder<Name>,
  column: string,
  dialect: Dialect,
): CreateTableBuilder<string> {
  return dialect === 'sqlite'
    ? table.addColumn(column, 'integer', (col) => col.primaryKey().autoIncrement())
    : table.addColumn(column, 'bigserial', (col) => col.primaryKey());
}

export const initial: Migration = {
  name: '001-initial',
  async up(db, dialect) {
    const { schema } = db;
    const text = textType(dialect);
    await withGrowingKey(schema.createTable('sessions'), 'key', dialect)
      .addColumn('id', text, (col) => col.notNull().unique())
      .addColumn('last_seq', 'bigint', (col) => col.notNull())
      .addColumn('standing', text, (col) => col.notNull())
      .addColumn('archived', 'integer', (col) => col.notNull())
      .addColumn('updated_ms', 'bigint', (col) => col.notNull())
      .addColumn('search', text, (col) => col.notNull())
      .execute();
    await schema.createIndex('sessions_updated').on('sessions').columns(['updated_ms', 'id']).execute();
    await schema
      .createIndex('sessions_archived_updated')
      .on('sessions')
      .columns(['archived', 'updated_ms', 'id'])
      .execute();
    await schema
      .createIndex('sessions_standing_updated')
      .on('sessions')
      .columns(['standing', 'archived', 'updated_ms', 'id'])
      .execute();
    await schema
      .createIndex('sessions_busy_updated')
      .on('sessions')
      .columns(['archived', 'updated_ms', 'id'])
      .where(sql<boolean>`standing in ('active', 'waiting')`)
      .execute();

    await schema
      .createTable('session_records')
      .addColumn('session_key', 'bigint', (col) => col.primaryKey().references('sessions.key').onDelete('cascade'))
      .addColumn('resource', text, (col) => col.notNull())
      .addColumn('core', text, (col) => col.notNull())
      .addColumn('settings', text, (col) => col.notNull())
      .execute();

    await schema
      .createTable('removed_sessions')
      .addColumn('session_key', 'bigint', (col) => col.primaryKey())
      .execute();

    await schema
      .createTable('events')
      .addColumn('session_key', 'bigint', (col) => col.notNull())
      .addColumn('seq', 'bigint', (col) => col.notNull())
      .addColumn('type', text, (col) => col.notNull())
      .addColumn('block_id', text)
      .addColumn('body', text, (col) => col.notNull())
      .addPrimaryKeyConstraint('events_pk', ['session_key', 'seq'])
      .execute();
    await schema
      .createIndex('events_deltas')
      .on('events')
      .columns(['session_key', 'block_id', 'seq'])
      .where(sql<boolean>`type = 'block.delta'`)
      .execute();

    await withGrowingKey(schema.createTable('messages'), 'number', dialect)
      .addColumn('session_key', 'bigint', (col) => col.notNull().references('sessions.key').onDelete('cascade'))
      .addColumn('id', text, (col) => col.notNull())
      .addColumn('client_message_id', text)
      .addColumn('state', text, (col) => col.notNull())
      .addColumn('place', 'integer', (col) => col.notNull())
      .addColumn('body', text, (col) => col.notNull())
      .execute();
    await schema.createIndex('messages_id').unique().on('messages').columns(['session_key', 'id']).execute();
    await schema.createIndex('messages_order').on('messages').columns(['session_key', 'number']).execute();
    await schema
      .createIndex('messages_client_id')
      .unique()
      .on('messages')
      .columns(['session_key', 'client_message_id'])
      .where(sql<boolean>`client_message_id is not null`)
      .execute();
    await schema
      .createIndex('messages_queued')
      .on('messages')
      .columns(['session_key', 'place'])
      .where(sql<boolean>`state = 'queued'`)
      .execute();

    await withGrowingKey(schema.createTable('transcripts'), 'key', dialect)
      .addColumn('project_key', text, (col) => col.notNull())
      .addColumn('agent_session_id', text, (col) => col.notNull())
      .addColumn('subpath', text, (col) => col.notNull())
      .addColumn('mtime', 'bigint', (col) => col.notNull())
      .addColumn('summary', text)
      .addUniqueConstraint('transcripts_key', ['project_key', 'agent_session_id', 'subpath'])
      .execute();
    await schema
      .createTable('transcript_entries')
      .addColumn('transcript_key', 'bigint', (col) => col.notNull().references('transcripts.key').onDelete('cascade'))
      .addColumn('number', 'bigint', (col) => col.notNull())
      .addColumn('uuid', text)
      .addColumn('body', text, (col) => col.notNull())
      .addPrimaryKeyConstraint('transcript_entries_pk', ['transcript_key', 'number'])
      .execute();
    await schema
      .createIndex('transcript_entries_uuid')
      .unique()
      .on('transcript_entries')
      .columns(['transcript_key', 'uuid'])
      .where(sql<boolean>`uuid is not null`)
      .execute();

    await schema
      .createTable('turn_usage')
      .addColumn('turn_id', text, (col) => col.primaryKey())
      .addColumn('session_id', text, (col) => col.notNull())
      .addColumn('agent', text, (col) => col.notNull())
      .addColumn('model', text, (col) => col.notNull())
      .addColumn('account_id', text, (col) => col.notNull())
      .addColumn('user_name', text, (col) => col.notNull())
      .addColumn('time_ms', 'bigint', (col) => col.notNull())
      .addColumn('day', text, (col) => col.notNull())
      .addColumn('input_tokens', 'bigint', (col) => col.notNull())
      .addColumn('output_tokens', 'bigint', (col) => col.notNull())
      .addColumn('cache_read_tokens', 'bigint', (col) => col.notNull())
      .addColumn('cache_creation_tokens', 'bigint', (col) => col.notNull())
      .addColumn('cost_nano_usd', 'bigint', (col) => col.notNull())
      .execute();
    await schema.createIndex('turn_usage_time').on('turn_usage').column('time_ms').execute();

    await schema
      .createTable('tokens')
      .addColumn('id', text, (col) => col.primaryKey())
      .addColumn('kind', text, (col) => col.notNull())
      .addColumn('label', text, (col) => col.notNull())
      .addColumn('hash', text, (col) => col.notNull().unique())
      .addColumn('created_at', text, (col) => col.notNull())
      .addColumn('last_used_at', text)
      .addColumn('expires_at', text)
      .execute();

    await schema
      .createTable('processes')
      .addColumn('pid', 'bigint', (col) => col.notNull())
      .addColumn('start_ticks', text, (col) => col.notNull())
      .addColumn('session_id', text, (col) => col.notNull())
      .addColumn('started_at', text, (col) => col.notNull())
      .addPrimaryKeyConstraint('processes_pk', ['pid', 'start_ticks'])
      .execute();
    if (dialect === 'postgres') await forServers(db);
  },
};

/** What only a database has that several machines can reach. */
async function forServers(db: Kysely<Tables>): Promise<void> {
  // The one server that may write; see store/postgres/fence.ts.
  await sql`create table writer (
    only_row integer primary key default 1 check (only_row = 1),
    epoch bigint not null,
    holder text collate "C" not null,
    described text collate "C" not null
  )`.execute(db);
  // A pid means something on its own machine alone.
  await sql`alter table processes add column host text collate "C" not null default ''`.execute(db);
  await sql`alter table processes drop constraint processes_pk, add primary key (host, pid, start_ticks)`.execute(db);
  // Rows that are written again with every commit find room beside themselves, and need no new entry in any index.
  await sql`alter table session_records set (fillfactor = 70)`.execute(db);
  await sql`alter table sessions set (fillfactor = 70)`.execute(db);
  // Deltas come and go all the time; a fifth of a large table is too much to wait for.
  await sql`alter table events set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)`.execute(
    db,
  );
}
