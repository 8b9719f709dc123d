import { textType } from './migration.ts';
import type { Migration } from './migration.ts';

export const accounts: Migration = {
  name: '002-accounts',
  async up({ schema }, dialect) {
    const text = textType(dialect);
    await schema
      .createTable('accounts')
      .addColumn('id', text, (col) => col.primaryKey())
      .addColumn('agent', text, (col) => col.notNull())
      .addColumn('kind', text, (col) => col.notNull())
      .addColumn('label', text, (col) => col.notNull())
      .addColumn('priority', 'integer', (col) => col.notNull())
      .addColumn('enabled', 'integer', (col) => col.notNull())
      .addColumn('models', text)
      .addColumn('base_url', text)
      .addColumn('sealed', text, (col) => col.notNull())
      .addColumn('health', text, (col) => col.notNull())
      .addColumn('version', 'bigint', (col) => col.notNull())
      .addColumn('created_at', text, (col) => col.notNull())
      .addColumn('updated_at', text, (col) => col.notNull())
      .addColumn('refresh_holder', text)
      .addColumn('refresh_until_ms', 'bigint')
      .execute();
  },
};
