import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { HearthError } from '@hearth/protocol';
import { migrate } from '../migrations/migrate.ts';
import type { StoreLog } from '../store-log.ts';
import type { PostgresAddress } from './address.ts';
import { connect } from './connection.ts';
import type { Bounds, Connection } from './connection.ts';
import { storeFailure } from './failure.ts';
import { Fence } from './fence.ts';
import { WriterLock } from './lock.ts';
import { ConnectionPool } from './pool.ts';
import type { Queryable } from './pool.ts';

const MIN_VERSION = 13;
const BOUNDS: Bounds = { readPatienceMs: 15_000, commitPatienceMs: 60_000 };

export interface ClaimOptions extends Partial<Bounds> {
  address: PostgresAddress;
  version: string;
  log?: StoreLog | undefined;
  /** Another server has taken the database; this process can write no more. */
  onDeposed: (error: HearthError) => void;
}

/** A database that this process alone writes to, with the schema of this program. */
export interface ClaimedDatabase {
  readonly connection: Connection;
  /** Name of this machine. */
  readonly host: string;
  readonly close: () => Promise<void>;
}

/**
 * Takes the lock and the fence of a database, and brings its schema up to date.
 * @throws HearthError that names the database and says what to do
 */
export async function claimDatabase(options: ClaimOptions): Promise<ClaimedDatabase> {
  const { address, log, version, onDeposed } = options;
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
  return {
    connection,
    host,
    close: async () => {
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
