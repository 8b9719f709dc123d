import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { migrate } from '../migrations/migrate.ts';
import type { Tables } from '../schema.ts';
import type { SqlDatabase } from '../sql/database.ts';
import { closedFailure, storeFailure } from './failure.ts';
import { FreshDeltas, mergeFreshDeltas } from './fresh-deltas.ts';
import { lockDirectory } from './lock.ts';
import { SessionKeys } from './session-keys.ts';
import { Sweeper } from './sweeper.ts';

/** Files up to this size are checked as a whole when they are opened; a larger one would hold up the start. */
const FULL_CHECK_BYTES = 64 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5_000;
const PAGE_BYTES = 4096;
/**
 * What is committed goes into the database's own file when so much has gathered (4 MB): pages that change often go there once, and
 * nobody waits long for it.
 */
const CHECKPOINT_PAGES = 1_000;
/** Pages that many sessions change at once have to fit, or each commit writes them out and reads them again. */
const CACHE_KB = 16 * 1024;

/**
 * The one connection of a process to its database. `raw` runs at once and blocks; a transaction on it is never
 * interrupted by another query, because nothing else gets to run. `db` is for ordinary queries of one statement.
 */
export interface Connection extends SqlDatabase {
  readonly raw: SqliteDatabase.Database;
  readonly freshDeltas: FreshDeltas;
  readonly sweeper: Sweeper;
  readonly keys: SessionKeys;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  file: string;
  version: string;
  maxBytes?: number;
}

/** Opens the database, creating it and its directory when there is none, and brings its schema up to date. */
export async function connect({ file, version, maxBytes }: ConnectionOptions): Promise<Connection> {
  const release: (() => void)[] = [];
  let closed = false;
  try {
    if (file !== ':memory:') {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const lock = lockDirectory(dirname(file));
      release.push(() => lock.release());
      createPrivately(file);
    }
    const raw = new SqliteDatabase(file, { timeout: BUSY_TIMEOUT_MS });
    release.push(() => raw.close());
    prepare(raw, file, maxBytes);
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: raw }) });
    await migrateInTransaction(raw, db, file, version);
    mergeFreshDeltas(raw);
    const freshDeltas = new FreshDeltas(raw);
    const sweeper = new Sweeper(raw, freshDeltas);
    release.push(() => sweeper.stop());
    const query: SqlDatabase['query'] = async (work) => {
      try {
        if (closed) throw closedFailure(file);
        return await work();
      } catch (error) {
        throw storeFailure(error, file);
      }
    };
    return {
      raw,
      freshDeltas,
      sweeper,
      keys: new SessionKeys(raw, freshDeltas),
      db,
      name: file,
      query,
      // A statement of an embedded database runs once, or it is known to have failed.
      write: query,
      close: async () => {
        closed = true;
        await db.destroy();
        for (const undo of release.toReversed()) undo();
      },
    };
  } catch (error) {
    for (const undo of release.toReversed()) undo();
    throw storeFailure(error, file);
  }
}

/** Conversations are nobody else's business: the file gets its mode before SQLite opens it, and -wal follows it. */
function createPrivately(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}

function prepare(raw: SqliteDatabase.Database, file: string, maxBytes: number | undefined): void {
  raw.pragma('journal_mode = WAL');
  raw.pragma('synchronous = FULL');
  raw.pragma('foreign_keys = ON');
  raw.pragma('journal_size_limit = 67108864');
  raw.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  raw.pragma(`cache_size = ${-CACHE_KB}`);
  if (maxBytes !== undefined) raw.pragma(`max_page_count = ${Math.floor(maxBytes / PAGE_BYTES)}`);
  if (file !== ':memory:' && statSync(file).size <= FULL_CHECK_BYTES) refuseDamaged(raw, file);
}

function refuseDamaged(raw: SqliteDatabase.Database, file: string): void {
  const found = String(raw.pragma('quick_check(1)', { simple: true }));
  if (found === 'ok') return;
  throw new SqliteDatabase.SqliteError(`the check of ${file} found: ${found}`, 'SQLITE_CORRUPT');
}

/**
 * Kysely's own migrator does not wrap SQLite's schema changes in a transaction; this does, so that a process killed in
 * the middle of a migration leaves the schema as it was.
 */
async function migrateInTransaction(
  raw: SqliteDatabase.Database,
  db: Kysely<Tables>,
  file: string,
  version: string,
): Promise<void> {
  raw.exec('BEGIN IMMEDIATE');
  try {
    await migrate({ db, dialect: 'sqlite', name: file, version });
    raw.exec('COMMIT');
  } catch (error) {
    if (raw.inTransaction) raw.exec('ROLLBACK');
    throw error;
  }
}
