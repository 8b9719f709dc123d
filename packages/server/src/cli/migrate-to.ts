import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { addMoveFlags, keyFile, movedFile, movePlace } from './move-place.ts';
import type { MoveFlags, MovePlace } from './move-place.ts';

const HELP = `
Moves everything that the data directory's database holds to PostgreSQL, while no server runs on either: sessions, the
agents' conversations, usage, accounts, tokens. Both sides are read back and compared by count and hash before the move
counts. It can be stopped at any time: the same command goes on where it was. The file stays as it was, and no server
takes it any more until --undo.

  HEARTH_DATABASE_URL=postgres://sessions:…@db.example.com/sessions hearth migrate-to`;

export function define(command: Command): void {
  addMoveFlags(command)
    .description('Moves the data directory’s database to PostgreSQL.')
    .option('--undo', 'let the server use the data directory’s database again, as it was')
    .addHelpText('after', HELP)
    .action(async (url: string | undefined, flags: MoveFlags) => migrateTo(url, flags));
}

async function migrateTo(url: string | undefined, flags: MoveFlags): Promise<void> {
  const [{ openSqliteSource }, { runMove, runUndo, movedRows }, { VERSION: version }] = await Promise.all([
    import('../store/sqlite/move-database.ts'),
    import('./move-run.ts'),
    import('../version.ts'),
  ]);
  if (flags.undo === true) {
    await runUndo(await openSqliteSource({ file: await movedFile(flags), version }));
    return;
  }
  const place = await movePlace('migrate-to', url, flags);
  const { openPostgresTarget } = await import('../store/postgres/move-database.ts');
  const source = await openSqliteSource({ file: place.file, version });
  const tables = await runMove(source, () => openPostgresTarget({ url: place.url, version }), flags);
  if (flags.json !== true) process.stdout.write(next(place, movedRows(tables, 'accounts') > 0));
}

function next({ config, file }: MovePlace, hasAccounts: boolean): string {
  const key = hasAccounts && existsSync(keyFile(config)) ? ' and secret.key, which opens the accounts’ secrets' : '';
  return `
Start the server with HEARTH_DATABASE_URL (or --database-url) set to that database, and the same data directory. On
another machine it needs from ${config.dataDir}: token${key}.
${file} is kept as it was, and no server takes it. Remove it when you like, or go back to it: hearth migrate-to --undo
`;
}
