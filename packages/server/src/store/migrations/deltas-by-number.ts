import type { Migration } from './migration.ts';

/** PostgreSQL finds the deltas of a block by their numbers as well, as SQLite does since the step before. */
export const deltasByNumber: Migration = {
  name: '005-deltas-by-number',
  async up({ schema }, dialect) {
    if (dialect === 'postgres') await schema.dropIndex('events_deltas').execute();
  },
};
