import type { Migration } from './migration.ts';

/**
 * SQLite finds the deltas of a block by their numbers: a second index that every delta is put into cost more than half of
 * what an append costs, because each commit touched a page of it for each block.
 */
export const eventsByNumber: Migration = {
  name: '004-events-by-number',
  async up({ schema }, dialect) {
    if (dialect === 'sqlite') await schema.dropIndex('events_deltas').execute();
  },
};
