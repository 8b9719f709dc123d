import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { addDatabaseFlags, databasePlace } from './database-flags.ts';
import type { DatabaseFlags } from './database-flags.ts';

interface RestoreFlags extends DatabaseFlags {
  json?: true;
}

const HELP = `
Only while no server runs on the data directory. The backup is checked before anything changes, and the database that
was there is kept beside it under a dated name. An older backup is brought up to date by the next start.

Sessions go on as they were at the time of the backup: a turn that ran then ends as interrupted, queued messages start.
Their numbers go on far above those that clients may have seen since. API tokens that were revoked since the backup are
valid again.`;

export function define(command: Command): void {
  addDatabaseFlags(command)
    .description('Puts a backup in the place of the database.')
    .argument('<file>', 'made by hearth backup')
    .option('--json', 'print what was restored as JSON')
    .addHelpText('after', HELP)
    .action(async (file: string, flags: RestoreFlags) => restore(file, flags));
}

async function restore(backup: string, flags: RestoreFlags): Promise<void> {
  const { config, file } = await databasePlace(flags);
  const [{ restoreDatabase }, { withProgress }, { VERSION }, { contentsLine }] = await Promise.all([
    import('../store/sqlite/restore.ts'),
    import('./copy-progress.ts'),
    import('../version.ts'),
    import('./database-contents.ts'),
  ]);
  const now = new Date();
  const { ownerToken, ...restored } = await withProgress('restoring', (options) =>
    restoreDatabase({ ...options, backup, file, now, newId: randomUUID, version: VERSION }),
  );
  if (ownerToken !== undefined) await putToken(config.dataDir, ownerToken, now);
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(restored)}\n`);
    return;
  }
  const { contents, madeAt, kept, damage } = restored;
  const made = madeAt === undefined ? '' : `, as of ${madeAt}`;
  process.stdout.write(`restored ${contentsLine(contents)} to ${restored.file}${made}\n`);
  if (kept !== undefined) process.stdout.write(`what was there before is kept as ${kept}\n`);
  if (damage !== undefined) process.stderr.write(`what was there before could not be read: ${damage}\n`);
  if (ownerToken !== undefined) process.stdout.write(`the owner’s token is the one of the backup\n`);
  if ((contents['tokens'] ?? 0) > 0)
    process.stderr.write('API tokens revoked since the backup are valid again; see: hearth tokens list\n');
}

/** Makes the token that of the data directory; a different one that was there is kept beside it. */
async function putToken(dataDir: string, token: string, now: Date): Promise<void> {
  const { readTokenFile } = await import('./discovery.ts');
  const path = join(dataDir, 'token');
  const present = await readTokenFile(dataDir);
  if (present === token) return;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (present !== null) await rename(path, `${path}-before-restore-${now.toISOString().replaceAll(/[:.]/g, '-')}`);
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${token}\n`, { mode: 0o600 });
  await rename(draft, path);
}
