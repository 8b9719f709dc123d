import { sql } from 'kysely';
import { textType } from './migration.ts';
import type { Migration } from './migration.ts';

/** A turn has a row for each model and account that it used. Rows that are there keep what they say. */
export const usageByModel: Migration = {
  name: '003-usage-by-model',
  async up(db, dialect) {
    const { schema } = db;
    const text = textType(dialect);
    await schema
      .createTable('turn_model_usage')
      .addColumn('turn_id', text, (col) => col.notNull())
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
      .addPrimaryKeyConstraint('turn_model_usage_pk', ['turn_id', 'model', 'account_id'])
      .execute();
    const columns = sql.raw(
      `turn_id, session_id, agent, model, account_id, user_name, time_ms, day, input_tokens, output_tokens,
       cache_read_tokens, cache_creation_tokens, cost_nano_usd`,
    );
    await sql`insert into turn_model_usage (${columns}) select ${columns} from turn_usage`.execute(db);
    await schema.dropTable('turn_usage').execute();
    await schema.alterTable('turn_model_usage').renameTo('turn_usage').execute();
    await schema.createIndex('turn_usage_time').on('turn_usage').column('time_ms').execute();
  },
};
