import type { HearthError } from '@hearth/protocol';
import { claimForServer } from '../move/marks.ts';
import { sqlAccounts } from '../sql/accounts.ts';
import { sqlMessages } from '../sql/messages.ts';
import { sqlTokens } from '../sql/tokens.ts';
import { sqlUsage } from '../sql/usage.ts';
import type { StoreLog } from '../store-log.ts';
import type { Store } from '../store.ts';
import { postgresAddress } from './address.ts';
import { claimDatabase } from './claim.ts';
import type { Bounds } from './connection.ts';
import { postgresEvents } from './events.ts';
import { postgresProcesses } from './processes.ts';
import { renewAfterLoss } from './restored.ts';
import { postgresSessions } from './sessions.ts';
import { postgresTranscripts } from './transcripts.ts';

export interface PostgresStoreOptions extends Partial<Bounds> {
  /** `postgres://…`, see `postgresAddress`. */
  url: string;
  log?: StoreLog;
  /** Version of this program, recorded in the database so that an older program can name the one it needs. */
  version?: string;
  /** Another server has taken the database; this one can write no more. */
  onDeposed?: (error: HearthError) => void;
}

/**
 * Hearth's tables in a schema of a PostgreSQL database, for one server at a time. Every resolved write is as durable as
 * PostgreSQL makes its commits. A database that is away is waited for, and what was being written is written once.
 * @throws HearthError that names the database and says what to do: it cannot be reached or lets nobody in, another server
 * uses it, it is too old or not in UTF-8, or a newer program wrote it
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, version = 'of unknown version', onDeposed = () => {}, ...rest } = options;
  const { log } = rest;
  const { connection, host, close } = await claimDatabase({
    ...rest,
    address: postgresAddress(url),
    version,
    onDeposed,
  });
  const { name } = connection;
  try {
    await claimForServer(connection, log);
    if (await renewAfterLoss(connection)) {
      log?.warn({ database: name }, 'the database lacked what it had confirmed: numbers go on above all that was seen');
    }
    await connection.query(() => connection.landmark.learn(connection.queries));
  } catch (error) {
    await close();
    throw error;
  }
  const sessions = postgresSessions(connection);
  log?.info({ database: name }, 'opened the database');
  const leftovers = sessions.finishRemovals().catch((error: unknown) => {
    log?.warn(
      { err: error, database: name },
      'the events of deleted sessions were not all removed; the next start tries again',
    );
  });
  return {
    events: postgresEvents(connection),
    sessions,
    messages: sqlMessages(connection),
    transcripts: postgresTranscripts(connection),
    usage: sqlUsage(connection),
    tokens: sqlTokens(connection),
    processes: postgresProcesses(connection, host),
    accounts: sqlAccounts(connection),
    check: () => connection.check(),
    close: async () => {
      await leftovers;
      await close();
    },
  };
}
