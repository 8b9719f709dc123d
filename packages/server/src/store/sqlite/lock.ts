import { chmodSync, closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import SqliteDatabase from 'better-sqlite3';

const LOCK = 'hearth.lock';
const HOLDER = 'hearth.pid';

export interface DirectoryLock {
  release(): void;
}

/**
 * Keeps a second server away from a data directory. The lock is the operating system's own, held through SQLite on the
 * empty file `hearth.lock`: it goes with the process however that ends, so there is no stale lock to judge and no
 * liveness to guess. `hearth.pid` beside it only says who holds it.
 * @throws HearthError that names the process which holds the lock
 */
export function lockDirectory(directory: string): DirectoryLock {
  const holderFile = join(directory, HOLDER);
  const file = join(directory, LOCK);
  keepToOurselves(file);
  const lock = new SqliteDatabase(file, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new HearthError('internal', `${holder(holderFile)} uses the data directory ${directory} already.`, {
      hint: 'Use that server, or end it first, or choose another data directory.',
      cause: error,
    });
  }
  try {
    writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw error;
  }
  return {
    release: () => {
      rmSync(holderFile, { force: true });
      lock.close();
    },
  };
}

/**
 * Whoever may read a file may lock it, and so keep every server from starting; earlier versions made it readable by all.
 * One that is there is not opened: to close it again would drop the lock of a server in this process.
 */
function keepToOurselves(file: string): void {
  if (!existsSync(file)) {
    closeSync(openSync(file, 'a', 0o600));
    return;
  }
  if ((statSync(file).mode & 0o077) === 0) return;
  try {
    chmodSync(file, 0o600);
  } catch {
    // It is another user's, or its file system knows no modes.
  }
}

/** Who holds the lock of a directory; undefined: nobody, as where no server has been. */
export function lockHolder(directory: string): string | undefined {
  const file = join(directory, LOCK);
  if (!existsSync(file)) return undefined;
  const lock = new SqliteDatabase(file, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return undefined;
  } catch (error) {
    if (!isBusy(error)) throw error;
    return holder(join(directory, HOLDER));
  } finally {
    lock.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof SqliteDatabase.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function holder(file: string): string {
  try {
    return `Another Hearth server (pid ${readFileSync(file, 'utf8').trim()})`;
  } catch {
    return 'Another Hearth server';
  }
}
