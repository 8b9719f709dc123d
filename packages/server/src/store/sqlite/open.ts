import { claimForServer } from '../move/marks.ts';
import { sqlAccounts } from '../sql/accounts.ts';
import { sqlMessages } from '../sql/messages.ts';
import { sqliteProcesses } from './processes.ts';
import { sqlTokens } from '../sql/tokens.ts';
import { sqlUsage } from '../sql/usage.ts';
import type { StoreLog } from '../store-log.ts';
import type { Store } from '../store.ts';
import { connect } from './connection.ts';
import { sqliteEvents } from './events.ts';
import { sqliteSessions } from './sessions.ts';
import { sqliteTranscripts } from './transcripts.ts';

export interface SqliteStoreOptions {
  /** The database's file; it and its directory are made when missing. `:memory:` keeps nothing. */
  path: string;
  log?: StoreLog;
  /** Version of this program, recorded in the database so that an older program can name the one it needs. */
  version?: string;
  /** The database never grows beyond this; past it writes fail as on a full disk. Default: no bound but the disk. */
  maxBytes?: number;
}

/**
 * Hearth's embedded database: one file, one process. Every resolved write is on the disk (WAL with synchronous=FULL).
 * @throws HearthError that names the file and says what to do: the directory is in use by another server or not
 * writable, the file is damaged, a newer program wrote it, or it was moved to another database
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, log, version = 'of unknown version', maxBytes } = options;
  const connection = await connect({ file: path, version, ...(maxBytes === undefined ? {} : { maxBytes }) });
  const { db, query } = connection;
  try {
    await claimForServer(connection, log);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const sessions = sqliteSessions(connection);
  log?.info({ file: path }, 'opened the database');
  const leftovers = sessions.finishRemovals().catch((error: unknown) => {
    log?.warn(
      { err: error, file: path },
      'the events of deleted sessions were not all removed; the next start tries again',
    );
  });
  return {
    events: sqliteEvents(connection),
    sessions,
    messages: sqlMessages(connection),
    transcripts: sqliteTranscripts(connection),
    usage: sqlUsage(connection),
    tokens: sqlTokens(connection),
    processes: sqliteProcesses(connection),
    accounts: sqlAccounts(connection),
    check: () =>
      query(async () => {
        const value = new Date().toISOString();
        await db
          .insertInto('meta')
          .values({ name: 'checked_at', value })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
          .execute();
        await db.selectFrom('meta').select('value').where('name', '=', 'checked_at').executeTakeFirstOrThrow();
      }),
    close: async () => {
      await leftovers;
      await connection.close();
    },
  };
}
