import { existsSync } from 'node:fs';
import { HearthError } from '@hearth/protocol/errors';
import { databaseFile } from '../config/database-file.ts';
import { isPostgres } from '../config/database-url.ts';
import type { Config } from '../config/options.ts';

/** @throws HearthError when the sessions would be stored in a file that is not there */
export function requireDatabase(config: Pick<Config, 'databaseUrl' | 'dataDir'>): void {
  if (config.databaseUrl !== undefined && isPostgres(config.databaseUrl)) return;
  const file = databaseFile(config);
  if (existsSync(file)) return;
  throw new HearthError('invalid_request', `No Hearth server runs, and there is no database ${file}.`, {
    hint: 'Name the data directory of the server with --data-dir; that of `hearth demo` is the folder demo inside it.',
  });
}
