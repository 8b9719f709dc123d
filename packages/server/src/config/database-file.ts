import { join } from 'node:path';
import { HearthError } from '@hearth/protocol/errors';
import { isPostgres } from './database-url.ts';
import type { Config } from './options.ts';

const NAME = 'hearth.db';
const SQLITE_URL = /^sqlite:(\/\/)?/;

/**
 * The file in which sessions are stored.
 * @throws HearthError when they are not in a file
 */
export function databaseFile({ databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>): string {
  if (databaseUrl === undefined) return join(dataDir, NAME);
  if (isPostgres(databaseUrl)) {
    throw new HearthError('invalid_request', 'The sessions are stored in PostgreSQL, not in a file.', {
      hint: 'PostgreSQL has its own tools for that, as pg_dump and pg_restore; see docs/operations.md.',
    });
  }
  return databaseUrl.replace(SQLITE_URL, '');
}
