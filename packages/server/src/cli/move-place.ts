import { join } from 'node:path';
import { HearthError } from '@hearth/protocol/errors';
import type { Command } from 'commander';
import { isPostgres } from '../config/database-url.ts';
import type { Config } from '../config/options.ts';
import { addDatabaseFlags } from './database-flags.ts';
import type { DatabaseFlags } from './database-flags.ts';
import { hidePassword } from './hide-password.ts';

export interface MoveFlags extends DatabaseFlags {
  anew?: true;
  undo?: true;
  json?: true;
}

/** The two ends of a move between a data directory and PostgreSQL. */
export interface MovePlace {
  config: Config;
  /** SQLite's file. */
  file: string;
  /** Of PostgreSQL; it may hold a password. */
  url: string;
}

export function addMoveFlags(command: Command): Command {
  return addDatabaseFlags(command)
    .argument(
      '[url]',
      'postgres://user@host/database; default: HEARTH_DATABASE_URL. A password belongs there, or into PGPASSWORD or ~/.pgpass',
    )
    .option('--anew', 'throw away what an unfinished move has left in the target, and copy everything again')
    .option('--json', 'print what was moved as JSON');
}

/**
 * @param named the address that the command line names
 * @throws HearthError that shows nothing of an address, when there is none that can be used
 */
export async function movePlace(
  command: string,
  named: string | undefined,
  { dataDir, databaseUrl, config: configFile }: DatabaseFlags,
): Promise<MovePlace> {
  if (hidePassword(`hearth ${command}`)) {
    process.stderr.write(
      'The password in the address could be seen by others on this machine. Give the address in HEARTH_DATABASE_URL, or the password in PGPASSWORD or ~/.pgpass.\n',
    );
  }
  const [{ loadConfig }, { databaseFile }, { postgresAddress }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/database-file.ts'),
    import('../store/postgres/address.ts'),
  ]);
  const { config } = loadConfig({ flags: { dataDir, databaseUrl, config: configFile } });
  const configured = config.databaseUrl !== undefined && isPostgres(config.databaseUrl);
  const url = named ?? (configured ? config.databaseUrl : undefined);
  if (url === undefined || !isPostgres(url)) {
    const what = url === undefined ? 'No PostgreSQL database is named.' : 'The address is not one of PostgreSQL.';
    throw new HearthError('invalid_request', what, {
      hint: `Write: hearth ${command} postgres://user@host:5432/database, or set HEARTH_DATABASE_URL to it.`,
    });
  }
  // An address that cannot be used is refused before anything is opened.
  postgresAddress(url);
  return { config, url, file: databaseFile(inDirectory(config)) };
}

/** The data directory's database, also when the server is configured for PostgreSQL already. */
export async function movedFile({ dataDir, databaseUrl, config: configFile }: DatabaseFlags): Promise<string> {
  const [{ loadConfig }, { databaseFile }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/database-file.ts'),
  ]);
  const { config } = loadConfig({ flags: { dataDir, databaseUrl, config: configFile } });
  return databaseFile(inDirectory(config));
}

function inDirectory({ dataDir, databaseUrl }: Config): Pick<Config, 'dataDir' | 'databaseUrl'> {
  return databaseUrl === undefined || isPostgres(databaseUrl) ? { dataDir } : { dataDir, databaseUrl };
}

/** Where the key of the accounts' secrets is, unless it is configured. */
export function keyFile({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'secret.key');
}
