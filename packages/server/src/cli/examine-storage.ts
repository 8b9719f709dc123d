import { constants, existsSync, statSync } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HearthError } from '@hearth/protocol/errors';
import SqliteDatabase from 'better-sqlite3';
import { databaseFile } from '../config/database-file.ts';
import type { Config } from '../config/options.ts';
import { newerFailure } from '../store/migrations/migrate.ts';
import { markFailure } from '../store/move/marks.ts';
import { VERSION } from '../version.ts';
import type { FoundServer } from './discovery.ts';
import { none, odd, well, wrong } from './finding.ts';
import type { Finding } from './finding.ts';

const MIN_FREE_BYTES = 200 * 1024 * 1024;
const SMALL_FREE_BYTES = 2 * 1024 * 1024 * 1024;
/** Larger databases get SQLite's quick check. */
const FULL_CHECK_BYTES = 256 * 1024 * 1024;

export async function examineDataDir(dataDir: string): Promise<Finding> {
  const there = nearestExisting(dataDir);
  try {
    if (!(await stat(there)).isDirectory()) {
      return wrong('data directory', `${there} is not a folder`, 'Name another with --data-dir.');
    }
    await access(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong(
      'data directory',
      `${dataDir} cannot be written to (${reason})`,
      'Give this user write permission on it, or name another with --data-dir.',
    );
  }
  if (there !== dataDir) return well('data directory', `${dataDir}, made at the first start`);
  const { mode } = await stat(dataDir);
  if ((mode & 0o077) === 0) return well('data directory', dataDir);
  return odd('data directory', `${dataDir} is open to other users`, `chmod 700 ${dataDir}`);
}

/** Opens the database for reading only, beside a running server too. */
export async function examineDatabase(config: Config, server: FoundServer | null): Promise<Finding> {
  const file = databaseFile(config);
  if (!existsSync(file)) return none('database', `${file}, made at the first start`);
  const mend = `Keep a copy of ${file} with its -wal file, then put a backup in its place or move both aside to start with an empty one.`;
  try {
    const database = new SqliteDatabase(file, { readonly: true, fileMustExist: true });
    try {
      const check = statSync(file).size <= FULL_CHECK_BYTES ? 'integrity_check' : 'quick_check';
      const found = String(database.pragma(`${check}(1)`, { simple: true }));
      if (found !== 'ok') return wrong('database', `${file} is damaged: ${found}`, mend);
      const refused = refusalOf(database, file);
      if (refused !== undefined) return wrong('database', refused.message, refused.hint ?? mend);
      const sessions = database.prepare('select count(*) as count from sessions').get() as { count: number };
      const size = `${(statSync(file).size / 1024 / 1024).toFixed(1)} MB`;
      const use = server === null ? '' : ', in use by the running server';
      return well('database', `${file}, ${size}, ${sessions.count} sessions, undamaged${use}`);
    } finally {
      database.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong('database', `${file} cannot be opened as a Hearth database (${reason})`, mend);
  }
}

/** Why no server of this version may use it. */
function refusalOf(database: SqliteDatabase.Database, file: string): HearthError | undefined {
  const rows = database.prepare<[], { name: string; value: string }>('select name, value from meta').all();
  const known = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  const done = database.prepare<[], string>('select name from schema_migrations').pluck().all();
  return newerFailure(done, file, VERSION, known['program_version']) ?? markFailure(file, known);
}

export async function examineDisk(dataDir: string): Promise<Finding> {
  const there = nearestExisting(dataDir);
  const { bavail, bsize } = await statfs(there);
  const freeBytes = bavail * bsize;
  const detail = `${(freeBytes / 1024 ** 3).toFixed(1)} GB free at ${there}`;
  if (freeBytes < MIN_FREE_BYTES) return wrong('disk', detail, 'Free space; a full disk stops every session.');
  return freeBytes < SMALL_FREE_BYTES ? odd('disk', detail, 'Free space soon.') : well('disk', detail);
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}
