import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { HearthError } from '@hearth/protocol';
import { migrate } from '../migrations/migrate.ts';
import { sqlAccounts } from '../sql/accounts.ts';
import { sqlMessages } from '../sql/messages.ts';
import { sqlTokens } from '../sql/tokens.ts';
import { sqlUsage } from '../sql/usage.ts';
import type { StoreLog } from '../store-log.ts';
import type { Store } from '../store.ts';
import { postgresAddress } from './address.ts';
import type { PostgresAddress } from './address.ts';
import { connect } from './connection.ts';
import type { Bounds } from './connection.ts';
import { postgresEvents } from './events.ts';
import { storeFailure } from './failure.ts';
import { Fence } from './fence.ts';
import { WriterLock } from './lock.ts';
import { ConnectionPool } from './pool.ts';
import type { Queryable } from './pool.ts';
import { postgresProcesses } from './processes.ts';
import { postgresSessions } from './sessions.ts';
import { postgresTranscripts } from './transcripts.ts';

const MIN_VERSION = 13;
const BOUNDS: Bounds = { readPatienceMs: 15_000, commitPatienceMs: 60_000 };

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
  const { log, version = 'of unknown version', onDeposed = () => {} } = options;
  const address = postgresAddress(options.url);
  const { name } = address;
  const host = hostname();
  const fence = new Fence(
    { id: randomUUID(), described: `pid ${process.pid} on ${host}, since ${new Date().toISOString()}` },
    name,
    onDeposed,
  );
  const { lock, client } = await taken(address, fence, log);
  const connection = connect(address, fence, { ...BOUNDS, ...bounds(options) });
  try {
    await examine(client, name, log);
    await prepare(address, version);
    await fence.take(client);
  } catch (error) {
    await Promise.all([lock.release(), connection.close()]);
    throw storeFailure(error, name);
  }
  lock.watch();
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
      await connection.close();
      await lock.release();
    },
  };
}

function bounds({ readPatienceMs, commitPatienceMs }: Partial<Bounds>): Partial<Bounds> {
  return {
    ...(readPatienceMs === undefined ? {} : { readPatienceMs }),
    ...(commitPatienceMs === undefined ? {} : { commitPatienceMs }),
  };
}

async function taken(address: PostgresAddress, fence: Fence, log: StoreLog | undefined) {
  try {
    return await WriterLock.take(address, fence, log);
  } catch (error) {
    throw storeFailure(error, address.name);
  }
}

async function examine(connection: Queryable, name: string, log: StoreLog | undefined): Promise<void> {
  const [found] = await connection.run<{ version: number; encoding: string; fsync: string; durable: string }>({
    text: `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
      current_setting('fsync') as fsync, current_setting('synchronous_commit') as durable`,
  });
  const major = Math.floor((found?.version ?? 0) / 10_000);
  if (major < MIN_VERSION) {
    throw new HearthError('invalid_request', `The database ${name} is PostgreSQL ${major}.`, {
      hint: `Use PostgreSQL ${MIN_VERSION} or newer.`,
    });
  }
  if (found?.encoding !== 'UTF8') {
    throw new HearthError('invalid_request', `The database ${name} is in the encoding ${found?.encoding}.`, {
      hint: "Make one with: create database hearth encoding 'UTF8' template template0.",
    });
  }
  for (const setting of ['fsync', 'durable'] as const) {
    if (found[setting] !== 'off') continue;
    const what = setting === 'fsync' ? 'fsync' : 'synchronous_commit';
    log?.warn({ database: name }, `${what} is off in the database: a crash of PostgreSQL may lose what was confirmed`);
  }
}

/** Makes the schema and brings it up to date, in one transaction. Only whoever holds the lock comes here. */
async function prepare(address: PostgresAddress, version: string): Promise<void> {
  const pool = new ConnectionPool({
    address,
    max: 1,
    settings: { statement_timeout: '0' },
    answerTimeoutMs: 2 ** 31 - 1,
  });
  const db = pool.builder();
  try {
    const [schema] = await pool.run({ text: 'select from pg_namespace where nspname = $1', values: [address.schema] });
    await db.transaction().execute(async (inside) => {
      if (schema === undefined) await inside.schema.createSchema(address.schema).execute();
      await migrate({ db: inside, dialect: 'postgres', name: address.name, version });
    });
  } finally {
    await pool.end();
  }
}
