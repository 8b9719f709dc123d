import { HearthError } from '@hearth/protocol/errors';
import type { Command } from 'commander';
import { addDatabaseFlags, databasePlace } from './database-flags.ts';
import type { DatabaseFlags } from './database-flags.ts';

interface BackupFlags extends DatabaseFlags {
  force?: true;
  withToken?: true;
  json?: true;
}

const HELP = `
Works while the server runs, which goes on meanwhile; the backup is all of one moment. It holds sessions with their
events and messages, the agents' conversations, usage, and API tokens as hashes: keep it as safe as the data directory.
It is checked and compared with the database before it gets its name.

  hearth backup ~/backups/hearth-$(date +%F).db`;

export function define(command: Command): void {
  addDatabaseFlags(command)
    .description('Saves everything that the server stores in one file.')
    .argument('<file>', 'the backup; it is readable by its user alone')
    .option('--force', 'replace the file when it exists')
    .option('--with-token', 'put the owner’s token into it, in clear')
    .option('--json', 'print what was saved as JSON')
    .addHelpText('after', HELP)
    .action(async (file: string, flags: BackupFlags) => backup(file, flags));
}

async function backup(destination: string, flags: BackupFlags): Promise<void> {
  const { config, file } = await databasePlace(flags);
  const [{ backupDatabase }, { withProgress }, { VERSION }, { contentsLine, sizeText }] = await Promise.all([
    import('../store/sqlite/backup.ts'),
    import('./copy-progress.ts'),
    import('../version.ts'),
    import('./database-contents.ts'),
  ]);
  const ownerToken = flags.withToken === true ? await requireToken(config.dataDir) : undefined;
  const made = await withProgress('saving', (options) =>
    backupDatabase({
      ...options,
      file,
      destination,
      force: flags.force === true,
      ownerToken,
      now: new Date(),
      version: VERSION,
    }),
  );
  if (flags.json === true) process.stdout.write(`${JSON.stringify(made)}\n`);
  else process.stdout.write(`saved ${contentsLine(made.contents)} to ${made.file} (${sizeText(made.bytes)})\n`);
}

async function requireToken(dataDir: string): Promise<string> {
  const { readTokenFile } = await import('./discovery.ts');
  const token = await readTokenFile(dataDir);
  if (token !== null) return token;
  throw new HearthError('invalid_request', `There is no owner’s token in ${dataDir} that can be read.`, {
    hint: 'Leave out --with-token: a token from HEARTH_TOKEN is kept where it is set.',
  });
}
