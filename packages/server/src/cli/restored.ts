import type { Command } from 'commander';
import { addDatabaseFlags } from './database-flags.ts';
import type { DatabaseFlags } from './database-flags.ts';
import { movePlace } from './move-place.ts';

interface RestoredFlags extends DatabaseFlags {
  json?: true;
}

const HELP = `
Run it after pg_restore, a recovery to a point in time, or a provider's snapshot, before the server starts again. It does
with the database what hearth restore does with a file: numbers go on far above those that clients may have seen since, each
session tells of it, and conversations get new ids, so that the agent's local files add nothing to them. Twice does no harm.

API tokens that were revoked since are valid again, and log-ins that were renewed since may have to be made anew.`;

export function define(command: Command): void {
  addDatabaseFlags(command)
    .description('Makes a PostgreSQL database that was put back to a former state fit to go on from.')
    .argument('[url]', 'postgres://user@host/database; default: HEARTH_DATABASE_URL')
    .option('--json', 'print what was done as JSON')
    .addHelpText('after', HELP)
    .action(async (url: string | undefined, flags: RestoredFlags) => restored(url, flags));
}

async function restored(named: string | undefined, flags: RestoredFlags): Promise<void> {
  const { url } = await movePlace('restored', named, flags);
  const [{ renewRestored }, { VERSION: version }] = await Promise.all([
    import('../store/postgres/restored.ts'),
    import('../version.ts'),
  ]);
  const done = await renewRestored({ url, version, now: new Date() });
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(done)}\n`);
    return;
  }
  const { database, sessions, conversations } = done;
  process.stdout.write(
    `${database} can be gone on from: sessions ${sessions}, conversations with new ids ${conversations}\n`,
  );
}
