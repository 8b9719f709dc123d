import { HearthError } from '@hearth/protocol';

/**
 * Says what went wrong with the database in words that help. Whatever it was, nothing was half written: SQLite has
 * rolled the transaction back.
 * @param file the database's file, which the message names
 */
export function storeFailure(thrown: unknown, file: string): HearthError {
  if (thrown instanceof HearthError) return thrown;
  const { message, hint } = describe(codeOf(thrown), file, thrown);
  return new HearthError('internal', message, { hint, cause: thrown });
}

export function closedFailure(file: string): HearthError {
  return new HearthError('internal', `The database ${file} is closed.`, {
    hint: 'The server is shutting down; try again when it is back.',
  });
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

function describe(code: string, file: string, thrown: unknown): { message: string; hint: string } {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  switch (primary(code)) {
    case 'SQLITE_FULL':
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        message: `There is no room left to write to ${file}.`,
        hint: 'Free space on the disk (or raise the limit on the database’s size) and try again. What was stored before is safe; what was being written was not stored.',
      };
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return {
        message: `The database ${file} is damaged, or is not a Hearth database (${reason}).`,
        hint: `Stop the server, keep a copy of ${file} with its -wal file, and put a backup in its place, or move both aside to start with an empty one. Hearth changes nothing in a damaged file.`,
      };
    case 'SQLITE_IOERR':
    case 'EIO':
      return {
        message: `The disk failed while ${file} was read or written (${code}: ${reason}).`,
        hint: 'Check the disk and the system’s log, and that the disk has room; then try again. What was stored before is kept.',
      };
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return {
        message: `Another program holds the database ${file} (${reason}).`,
        hint: 'End whatever else has the file open (another server, a database browser, a backup) and try again.',
      };
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
    case 'SQLITE_AUTH':
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'ENOENT':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return {
        message: `The database ${file} cannot be opened for writing (${reason}).`,
        hint: 'Give the user that runs Hearth write permission on the directory and its files, or choose another data directory.',
      };
    case 'SQLITE_TOOBIG':
      return {
        message: `An entry is too large for the database ${file}.`,
        hint: 'One event, message or transcript entry can have up to 1 GB.',
      };
    default:
      return {
        message: `The database ${file} refused a query (${reason}).`,
        hint: 'This is a fault in Hearth: please report it with the server’s log. Nothing was stored by it.',
      };
  }
}

/** `SQLITE_IOERR_WRITE` → `SQLITE_IOERR`: the kind without its detail. */
function primary(code: string): string {
  return /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code;
}
