import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { addMoveFlags, keyFile, movePlace } from './move-place.ts';
import type { MoveFlags, MovePlace } from './move-place.ts';

const HELP = `
The way back of hearth migrate-to: moves everything from PostgreSQL to a database in the data directory, which must have
none, or one that was moved away itself; that one is kept under a dated name.

  HEARTH_DATABASE_URL=postgres://sessions:…@db.example.com/sessions hearth migrate-from --data-dir /var/lib/hearth`;

export function define(command: Command): void {
  addMoveFlags(command)
    .description('Moves everything from PostgreSQL to a database in the data directory.')
    .option('--undo', 'let the server use the PostgreSQL database again, as it was')
    .addHelpText('after', HELP)
    .action(async (url: string | undefined, flags: MoveFlags) => migrateFrom(url, flags));
}

async function migrateFrom(url: string | undefined, flags: MoveFlags): Promise<void> {
  const place = await movePlace('migrate-from', url, flags);
  const [{ openPostgresSource }, { openSqliteTarget }, { runMove, runUndo, movedRows }, { VERSION: version }] =
    await Promise.all([
      import('../store/postgres/move-database.ts'),
      import('../store/sqlite/move-database.ts'),
      import('./move-run.ts'),
      import('../version.ts'),
    ]);
  const source = await openPostgresSource({ url: place.url, version });
  if (flags.undo === true) {
    await runUndo(source);
    return;
  }
  const tables = await runMove(
    source,
    async () => {
      const { database, kept } = await openSqliteTarget(source, { file: place.file, version, now: new Date() });
      if (kept !== undefined) process.stderr.write(`the database that was moved away is kept as ${kept}\n`);
      return database;
    },
    flags,
  );
  if (flags.json !== true) process.stdout.write(next(place, movedRows(tables, 'accounts') > 0));
}

function next({ config, file }: MovePlace, hasAccounts: boolean): string {
  const needsKey = hasAccounts && config.secretKey === undefined && !existsSync(keyFile(config));
  const key = needsKey
    ? `\nThe accounts’ secrets need their key: copy secret.key from the server’s former data directory to ${config.dataDir}.`
    : '';
  return `
Start the server with --data-dir ${config.dataDir}, and without HEARTH_DATABASE_URL and --database-url: it uses
${file} then.${key}
No server takes the PostgreSQL database any more. Drop its schema when you like, or go back to it: hearth migrate-from --undo
`;
}
