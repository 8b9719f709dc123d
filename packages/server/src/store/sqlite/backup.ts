import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HearthError } from '@hearth/protocol';
import SqliteDatabase from 'better-sqlite3';
import { copyDatabase, refuseForeign, setMeta, SIDE_FILES, syncDirectory } from './copy.ts';
import type { Contents, CopyOptions } from './copy.ts';
import { storeFailure } from './failure.ts';
import { lockHolder } from './lock.ts';

/** Names in the table `meta` of a backup; a database in use has neither. */
export const MADE_AT = 'backup_made_at';
export const OWNER_TOKEN = 'backup_owner_token';

export interface BackupOptions extends CopyOptions {
  /** The database, whether or not a server uses it. */
  file: string;
  /** Where the backup goes. */
  destination: string;
  /** Replace what is there. */
  force: boolean;
  /** Put into the backup, in clear, so that a restored server lets its owner in with it. */
  ownerToken?: string | undefined;
  now: Date;
  version: string;
}

export interface Backup {
  file: string;
  bytes: number;
  contents: Contents;
}

/**
 * Makes a backup: a database of its own, whole and compared with its source, as of one moment. A server goes on
 * writing meanwhile. It appears under its name when it is complete; until then what was there before stays.
 * @throws HearthError that says what is wrong and what to do
 */
export async function backupDatabase(options: BackupOptions): Promise<Backup> {
  const destination = resolve(options.destination);
  try {
    refuseDestination(destination, options);
    mkdirSync(dirname(destination), { recursive: true });
  } catch (error) {
    throw storeFailure(error, destination);
  }
  const draft = `${destination}.partial-${process.pid}`;
  const source = openForReading(options.file);
  try {
    refuseForeign(source, options.file, options.version);
    const contents = await copyDatabase(source, draft, options, (copy) => {
      setMeta(copy, MADE_AT, options.now.toISOString());
      if (options.ownerToken !== undefined) setMeta(copy, OWNER_TOKEN, options.ownerToken);
    });
    refuseDestination(destination, options);
    // What a server left beside the file that is replaced would be taken for the backup's.
    for (const end of SIDE_FILES) rmSync(destination + end, { force: true });
    renameSync(draft, destination);
    syncDirectory(destination);
    return { file: destination, bytes: statSync(destination).size, contents };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw storeFailure(error, isOfSource(error) ? options.file : destination);
  } finally {
    source.close();
  }
}

/** Of what is only read nothing else can fail; whatever it is otherwise, it is of where the backup goes. */
function isOfSource(error: unknown): boolean {
  return (
    error instanceof SqliteDatabase.SqliteError &&
    /^SQLITE_(BUSY|LOCKED|CORRUPT|NOTADB|IOERR_(SHORT_)?READ)/.test(error.code)
  );
}

function openForReading(file: string): SqliteDatabase.Database {
  if (!existsSync(file)) {
    throw new HearthError('invalid_request', `There is no database ${file}.`, {
      hint: 'Name the data directory of the server with --data-dir; that of `hearth demo` is the folder demo inside it.',
    });
  }
  try {
    return new SqliteDatabase(file, { readonly: true, fileMustExist: true });
  } catch (error) {
    throw storeFailure(error, file);
  }
}

function refuseDestination(destination: string, { file, force }: BackupOptions): void {
  if (!existsSync(destination)) return;
  if (existsSync(file) && realpathSync(destination) === realpathSync(file)) {
    throw new HearthError('invalid_request', `${destination} is the database itself.`, {
      hint: 'Name another file for the backup.',
    });
  }
  if (statSync(destination).isDirectory()) {
    throw new HearthError('invalid_request', `${destination} is a folder.`, {
      hint: 'Name the file that the backup should be, as in hearth-backup.db.',
    });
  }
  if (force) {
    refuseInUse(destination);
    return;
  }
  throw new HearthError('invalid_request', `${destination} exists already.`, {
    hint: 'Name another file, or replace it with --force.',
  });
}

/** Whoever has the file open would go on writing to what is no longer there. */
function refuseInUse(destination: string): void {
  const user = existsSync(`${destination}-wal`) ? lockHolder(dirname(destination)) : undefined;
  if (user === undefined) return;
  throw new HearthError('invalid_request', `${user} uses ${destination}.`, {
    hint: 'Name another file for the backup.',
  });
}
