import { existsSync, linkSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { dirname, join, parse, resolve } from 'node:path';
import { HearthError } from '@hearth/protocol';
import SqliteDatabase from 'better-sqlite3';
import { MADE_AT, OWNER_TOKEN } from './backup.ts';
import { copyDatabase, meta, refuseDamaged, refuseForeign, removeDatabase, setMeta, syncDirectory } from './copy.ts';
import type { Contents, CopyOptions } from './copy.ts';
import { storeFailure } from './failure.ts';
import { storedLastSeqs } from './fresh-deltas.ts';
import { lockDirectory } from './lock.ts';
import { presentAccounts, renewAccounts } from './restored-accounts.ts';
import { NOTHING_PRESENT, renewSessions } from './restored-sessions.ts';
import type { Present } from './restored-sessions.ts';

export interface RestoreOptions extends CopyOptions {
  backup: string;
  /** The database that it becomes. */
  file: string;
  now: Date;
  newId: () => string;
  version: string;
}

export interface Restored {
  file: string;
  contents: Contents;
  /** ISO time; absent when the file was not made by `hearth backup`. */
  madeAt?: string;
  /** Where the database that was there before is kept. */
  kept?: string;
  /** Why the numbers of the database that was there before could not be looked at. */
  damage?: string;
  /** The owner's token, when it was put into the backup. */
  ownerToken?: string;
}

/**
 * Puts a backup in the place of the database. Nothing changes until the new one is complete and compared with the
 * backup; the old one is kept under a dated name. An older schema is brought up to date by the next start.
 * @throws HearthError when a server uses the data directory, and when the backup is damaged or newer than this program
 */
export async function restoreDatabase(options: RestoreOptions): Promise<Restored> {
  const { file } = options;
  const backup = resolve(options.backup);
  const source = openBackup(backup, options);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const lock = lockForRestore(dirname(file));
    try {
      return await replace(source, { ...options, backup });
    } finally {
      lock.release();
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw storeFailure(error, file);
  } finally {
    source.close();
  }
}

async function replace(source: SqliteDatabase.Database, options: RestoreOptions): Promise<Restored> {
  const { file, now } = options;
  const madeAt = meta(source, MADE_AT);
  const ownerToken = meta(source, OWNER_TOKEN);
  const { present, damage } = settlePresent(file);
  const draft = `${file}.restoring`;
  removeDatabase(draft);
  const contents = await copyDatabase(source, draft, options, (copy) => {
    renewSessions(copy, { ...options, madeAt, present });
    renewAccounts(copy, present.accounts);
    // Whoever restores what was moved away wants to go on with it here.
    copy.prepare('DELETE FROM meta WHERE name IN (?, ?, ?)').run(MADE_AT, OWNER_TOKEN, 'move_out');
    setMeta(copy, 'restored_at', now.toISOString());
  });
  const kept = keepAside(file, now);
  renameSync(draft, file);
  syncDirectory(file);
  return {
    file,
    contents,
    ...(madeAt === undefined ? {} : { madeAt }),
    ...(kept === undefined ? {} : { kept }),
    ...(damage === undefined ? {} : { damage }),
    ...(ownerToken === undefined ? {} : { ownerToken }),
  };
}

function openBackup(backup: string, { file, version }: RestoreOptions): SqliteDatabase.Database {
  if (!existsSync(backup)) {
    throw new HearthError('invalid_request', `There is no file ${backup}.`, {
      hint: 'Name a file that `hearth backup` made.',
    });
  }
  if (existsSync(file) && realpathSync(backup) === realpathSync(file)) {
    throw new HearthError('invalid_request', `${backup} is the database itself.`, { hint: 'Name a backup of it.' });
  }
  let source: SqliteDatabase.Database | undefined;
  try {
    source = new SqliteDatabase(backup, { readonly: true, fileMustExist: true });
    refuseForeign(source, backup, version);
    refuseDamaged(source, backup);
    return source;
  } catch (error) {
    source?.close();
    if (error instanceof HearthError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HearthError('invalid_request', `${backup} is not a Hearth database, or is damaged (${reason}).`, {
      hint: 'Name a file that `hearth backup` made. Nothing was changed.',
      cause: error,
    });
  }
}

function lockForRestore(directory: string): { release(): void } {
  try {
    return lockDirectory(directory);
  } catch (error) {
    if (!(error instanceof HearthError)) throw error;
    throw new HearthError('invalid_request', `A restore needs the data directory for itself. ${error.message}`, {
      hint: 'End that server first (kill -TERM and its pid), restore, and start it again. Nothing was changed.',
      cause: error,
    });
  }
}

/** Brings all of the present database into its one file, and looks at what a restored one must go on above. */
function settlePresent(file: string): { present: Present; damage?: string } {
  if (!existsSync(file)) return { present: NOTHING_PRESENT };
  let database: SqliteDatabase.Database | undefined;
  try {
    database = new SqliteDatabase(file, { timeout: 0 });
    const [checkpoint] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (checkpoint?.busy === 1) throw busy(file);
    const processes = database
      .prepare<[], Present['processes'][number]>('SELECT pid, start_ticks, session_id, started_at FROM processes')
      .all();
    return { present: { lastSeqs: storedLastSeqs(database), processes, accounts: presentAccounts(database) } };
  } catch (error) {
    if (error instanceof HearthError) throw error;
    if (error instanceof SqliteDatabase.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw busy(file);
    return { present: NOTHING_PRESENT, damage: error instanceof Error ? error.message : String(error) };
  } finally {
    database?.close();
  }
}

function busy(file: string): HearthError {
  return new HearthError('invalid_request', `Another program reads or writes ${file}.`, {
    hint: 'End it (a backup under way, a database browser) and try again. Nothing was changed.',
  });
}

/**
 * Keeps the present database under a dated name. A -wal is there only when it could not be read; it goes first, so
 * that no new database ever finds the -wal of another.
 */
function keepAside(file: string, now: Date): string | undefined {
  const { dir, name, ext } = parse(file);
  const kept = join(dir, `${name}-before-restore-${now.toISOString().replaceAll(/[:.]/g, '-')}${ext}`);
  if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${kept}-wal`);
  removeDatabase(`${file}-shm`);
  if (!existsSync(file)) return undefined;
  try {
    // With a second name the database is never missing: the rename that follows replaces it in one step.
    linkSync(file, kept);
  } catch {
    // This file system has no second names; for a moment there is no database, and the restore can be repeated.
    renameSync(file, kept);
  }
  return kept;
}
