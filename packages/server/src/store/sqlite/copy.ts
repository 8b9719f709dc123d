import { chmodSync, closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { HearthError } from '@hearth/protocol';
import SqliteDatabase from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { unknownSteps } from '../migrations/migrate.ts';
import { mergeFreshDeltas } from './fresh-deltas.ts';

/** A step of this many pages (1 MB) blocks the process for a few ms. */
const PAGES_PER_STEP = 256;

/** Ends of the names of what SQLite keeps beside a database's file. */
export const SIDE_FILES = ['-journal', '-wal', '-shm'] as const;

/** Rows of each table. */
export type Contents = Readonly<Record<string, number>>;

/** How far a copy is, from 0 to 1. */
export type OnProgress = (share: number) => void;

export interface CopyOptions {
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Copies a database as it is at this moment, whatever is written to it meanwhile, and compares the copy with it. The copy
 * is one file without a -wal, for its user alone, in which all events are in one table; `finish` may still change it.
 * @returns what it holds before that
 * @throws HearthError when the source is damaged, and whatever `finish` throws; then there is no copy
 */
export async function copyDatabase(
  source: Database,
  destination: string,
  options: CopyOptions,
  finish: (copy: Database) => void,
): Promise<Contents> {
  rmSync(destination, { force: true });
  closeSync(openSync(destination, 'wx', 0o600));
  chmodSync(destination, 0o600);
  try {
    // The transaction holds the snapshot: without it every write of the server would start the copy over.
    source.exec('BEGIN');
    const held = contentsOf(source);
    await copyPages(source, destination, options);
    source.exec('COMMIT');
    const copy = new SqliteDatabase(destination);
    try {
      copy.pragma('journal_mode = DELETE');
      refuseDamaged(copy, destination);
      refuseDifferent(held, contentsOf(copy), destination);
      mergeFreshDeltas(copy);
      const contents = contentsOf(copy);
      copy.transaction(finish)(copy);
      return contents;
    } finally {
      copy.close();
    }
  } catch (error) {
    if (source.inTransaction) source.exec('ROLLBACK');
    removeDatabase(destination);
    throw error;
  }
}

async function copyPages(source: Database, destination: string, { onProgress, signal }: CopyOptions): Promise<void> {
  await source.backup(destination, {
    progress: ({ totalPages, remainingPages }) => {
      signal?.throwIfAborted();
      if (totalPages > 0) onProgress?.(1 - remainingPages / totalPages);
      return PAGES_PER_STEP;
    },
  });
}

/** Rows of every table of Hearth's, whatever version made it. */
export function contentsOf(database: Database): Contents {
  const tables = database
    .prepare<[], { name: string }>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
    )
    .all();
  return Object.fromEntries(
    tables.map(({ name }) => [name, Number(database.prepare(`SELECT count(*) FROM "${name}"`).pluck().get())]),
  );
}

/** @throws HearthError when SQLite finds a fault in it */
export function refuseDamaged(database: Database, file: string): void {
  const found = String(database.pragma('integrity_check(1)', { simple: true }));
  if (found === 'ok') return;
  throw new HearthError('internal', `${file} is damaged: ${found}`, {
    hint: 'Check the disk. Take another backup of an undamaged database, or `hearth doctor` to see what is wrong with this one.',
  });
}

/**
 * @param what the file is called in the message
 * @throws HearthError when it is no database of Hearth's, or one that a newer program made
 */
export function refuseForeign(database: Database, what: string, version: string): void {
  const tables = contentsOf(database);
  if (tables['schema_migrations'] === undefined || tables['sessions'] === undefined) {
    throw new HearthError('invalid_request', `${what} is not a Hearth database.`, {
      hint: 'Name a file that `hearth backup` made, or a copy of a hearth.db. Nothing was changed.',
    });
  }
  const done = database.prepare<[], string>('SELECT name FROM schema_migrations').pluck().all();
  const unknown = unknownSteps(done);
  if (unknown.length === 0) return;
  const writer = meta(database, 'program_version');
  const by = writer === undefined ? 'a newer Hearth' : `Hearth ${writer}`;
  throw new HearthError(
    'invalid_request',
    `${what} was made by ${by} and has a newer schema (${unknown.join(', ')}) than this Hearth ${version} knows.`,
    { hint: `Restore it with ${by} or a later one. Nothing was changed.` },
  );
}

export function meta(database: Database, name: string): string | undefined {
  return database.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck().get(name);
}

export function setMeta(database: Database, name: string, value: string): void {
  database
    .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run(name, value);
}

/** Takes a database's file away with what SQLite keeps beside it. */
export function removeDatabase(file: string): void {
  for (const end of ['', ...SIDE_FILES]) rmSync(file + end, { force: true });
}

/** After this a rename in the file's directory outlives a power failure. */
export function syncDirectory(file: string): void {
  const directory = openSync(dirname(file), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function refuseDifferent(source: Contents, copy: Contents, destination: string): void {
  const differing = Object.keys({ ...source, ...copy }).filter((table) => source[table] !== copy[table]);
  if (differing.length === 0) return;
  throw new HearthError('internal', `The copy ${destination} does not hold what was copied: ${differing.join(', ')}.`, {
    hint: 'Check the disk that it was written to, and try again.',
  });
}
