import { existsSync, renameSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, parse } from 'node:path';
import { HearthError } from '@hearth/protocol';
import { Buffer } from 'node:buffer';
import { moveOut } from '../move/marks.ts';
import { PAGE_BYTES, PAGE_ROWS } from '../move/move-database.ts';
import type { Change, MoveDatabase } from '../move/move-database.ts';
import { columnList, keyColumns, MOVED_TABLES, ownRows } from '../move/tables.ts';
import type { MovedTable, Row } from '../move/tables.ts';
import { connect } from './connection.ts';
import type { Connection } from './connection.ts';
import { removeDatabase } from './copy.ts';

export interface SqliteMoveOptions {
  file: string;
  version: string;
}

/**
 * Opens a database to move it elsewhere.
 * @throws HearthError when there is none, and as a server's start does: in use, damaged, newer than this program
 */
export async function openSqliteSource({ file, version }: SqliteMoveOptions): Promise<MoveDatabase> {
  if (!existsSync(file)) {
    throw new HearthError('invalid_request', `There is no database ${file}.`, {
      hint: 'Name the data directory of the server with --data-dir; that of `hearth demo` is the folder demo inside it.',
    });
  }
  return moveDatabase(await connect({ file, version }), file);
}

/**
 * Opens or makes the database that another is moved to. One that was moved away itself is kept under a dated name, unless
 * the source was moved away too: then the move is refused, and an empty file in its place would be taken by a server.
 * @returns the database, and where the former one is kept
 */
export async function openSqliteTarget(
  source: MoveDatabase,
  options: SqliteMoveOptions & { now: Date },
): Promise<{ database: MoveDatabase; kept?: string }> {
  const { file, version, now } = options;
  const present = moveDatabase(await connect({ file, version }), file);
  const [here, there] = await Promise.all([moveOut(present), moveOut(source)]);
  if (here?.state !== 'moved' || there?.state === 'moved') return { database: present };
  // With its last connection the -wal is written into the file.
  await present.close();
  const { dir, name, ext } = parse(file);
  const kept = join(dir, `${name}-moved-${now.toISOString().replaceAll(/[:.]/g, '-')}${ext}`);
  renameSync(file, kept);
  removeDatabase(file);
  return { database: moveDatabase(await connect({ file, version }), file), kept };
}

function moveDatabase(connection: Connection, file: string): MoveDatabase {
  const { raw, query } = connection;
  // Whole tables come and go here; what refers to what is right in the source.
  raw.pragma('foreign_keys = OFF');
  const transaction = raw.transaction((change: Change) => apply(raw, change));
  return {
    name: `${file} on ${hostname()}`,
    page: (table, after) => query(() => page(raw, table, after)),
    count: (table) =>
      query(() =>
        Number(
          raw
            .prepare(`SELECT count(*) FROM ${table.name} ${where(ownRows(table))}`)
            .pluck()
            .get(),
        ),
      ),
    lastNumbers: () =>
      query(() =>
        Object.fromEntries(
          MOVED_TABLES.filter(({ givesNumbers }) => givesNumbers).map(({ name }) => [
            name,
            Number(raw.prepare('SELECT max(seq) FROM sqlite_sequence WHERE name = ?').pluck().get(name) ?? 0),
          ]),
        ),
      ),
    mark: (name) =>
      query(() => raw.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck().get(name)),
    write: (change) => query(() => transaction.immediate(change)),
    close: () => connection.close(),
  };
}

function page(raw: Connection['raw'], table: MovedTable, after: Row | null): Row[] {
  const key = keyColumns(table)
    .map(({ name }) => name)
    .join(', ');
  const marks = keyColumns(table)
    .map(() => '?')
    .join(', ');
  const beyond = after === null ? [] : [`(${key}) > (${marks})`];
  const rows: Row[] = [];
  let bytes = 0;
  const found = raw
    .prepare<unknown[], Row>(
      `SELECT ${columnList(table)} FROM ${table.name} ${where([...beyond, ...ownRows(table)])}
       ORDER BY ${key} LIMIT ${PAGE_ROWS}`,
    )
    .raw()
    .iterate(...(after ?? []));
  for (const row of found) {
    rows.push(row);
    for (const value of row) bytes += typeof value === 'string' ? Buffer.byteLength(value) : 0;
    if (bytes >= PAGE_BYTES) break;
  }
  return rows;
}

function apply(raw: Connection['raw'], { clear, rows, lastNumbers, marks }: Change): void {
  if (clear === true) {
    for (const table of MOVED_TABLES.toReversed()) raw.exec(`DELETE FROM ${table.name} ${where(ownRows(table))}`);
  }
  if (rows !== undefined) {
    const { table } = rows;
    const insert = raw.prepare(
      `INSERT INTO ${table.name} (${columnList(table)}) VALUES (${table.columns.map(() => '?').join(', ')})`,
    );
    for (const row of rows.rows) insert.run(...row);
  }
  for (const [table, last] of Object.entries(lastNumbers ?? {})) {
    raw.prepare('DELETE FROM sqlite_sequence WHERE name = ?').run(table);
    raw.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, last);
  }
  for (const [name, value] of Object.entries(marks)) {
    if (value === null) raw.prepare('DELETE FROM meta WHERE name = ?').run(name);
    else raw.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)').run(name, value);
  }
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}
