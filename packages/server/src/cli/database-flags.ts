import type { Command } from 'commander';
import type { Config } from '../config/options.ts';

/** Which database a command works on. */
export interface DatabaseFlags {
  dataDir?: string;
  databaseUrl?: string;
  config?: string;
}

/** The flags that say which database is meant; without them it is that of `hearth serve`. */
export function addDatabaseFlags(command: Command): Command {
  return command
    .option('--data-dir <path>', 'the server’s data directory (HEARTH_DATA_DIR)')
    .option('--database-url <text>', 'the database, when it is not in the data directory (HEARTH_DATABASE_URL)')
    .option('--config <path>', 'the config file (HEARTH_CONFIG)');
}

export interface DatabasePlace {
  config: Config;
  /** The database's file. */
  file: string;
}

export async function databasePlace({
  dataDir,
  databaseUrl,
  config: configFile,
}: DatabaseFlags): Promise<DatabasePlace> {
  const [{ loadConfig }, { databaseFile }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/database-file.ts'),
  ]);
  const { config } = loadConfig({ flags: { dataDir, databaseUrl, config: configFile } });
  return { config, file: databaseFile(config) };
}
