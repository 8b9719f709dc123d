import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aBatch, aMessage, aNotice, aRecord, failure } from '../contract/fixture.ts';
import { openPostgresSource, openPostgresTarget } from '../postgres/move-database.ts';
import { openPostgresStore } from '../postgres/open.ts';
import { testDatabase } from '../postgres/testing/database.ts';
import { connect } from '../sqlite/connection.ts';
import { openSqliteSource, openSqliteTarget } from '../sqlite/move-database.ts';
import { openSqliteStore } from '../sqlite/open.ts';
import type { Store } from '../store.ts';
import type { MoveDatabase } from './move-database.ts';
import { move, MoveDiffers, undoMove } from './move.ts';
import type { Comparison, MoveObserver, MoveOptions } from './move.ts';
import { columnList, keyColumns, MARKS, MOVED_TABLES } from './tables.ts';
import type { MovedTable } from './tables.ts';
import { fillStore, ODD_TEXT } from './testing/filled-store.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');
const VERSION = '1.2.3';
/** What each database has for itself. */
/** Whose rows belong to the schema, to one connection, or, in a database that is opened, to `events`. */
const OWN_TABLES = ['schema_migrations', 'sqlite_sequence', 'writer', 'fresh_deltas'];

const database = testDatabase();
let directory: string;
let file: string;
let url: string;
let begun: string[];
let ids: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hearth-move-'));
  file = join(directory, 'data', 'hearth.db');
  url = database.freshUrl();
  begun = [];
  ids = 0;
});

afterEach(async () => {
  await database.drop(url);
  rmSync(directory, { recursive: true });
});

function observer(more: Partial<MoveObserver> = {}): MoveObserver {
  return {
    begun: (how) => void begun.push(how),
    started: () => {},
    advanced: () => {},
    finished: () => {},
    ...more,
  };
}

type Opened = (source: MoveDatabase) => Promise<MoveDatabase>;

async function run(
  from: () => Promise<MoveDatabase>,
  to: Opened,
  options: Partial<MoveOptions> = {},
): Promise<Comparison[]> {
  const source = await from();
  try {
    const target = await to(source);
    try {
      return await move(source, target, {
        now: () => NOW,
        newId: () => `move-${(ids += 1)}`,
        observer: observer(),
        ...options,
      });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

const sqliteSource = (): Promise<MoveDatabase> => openSqliteSource({ file, version: VERSION });
const postgresTarget = (): Promise<MoveDatabase> => openPostgresTarget({ url, version: VERSION });
const postgresSource = (): Promise<MoveDatabase> => openPostgresSource({ url, version: VERSION });
const sqliteTarget =
  (path: string): Opened =>
  async (source) =>
    (await openSqliteTarget(source, { file: path, version: VERSION, now: NOW })).database;

const there = (options: Partial<MoveOptions> = {}): Promise<Comparison[]> => run(sqliteSource, postgresTarget, options);

async function withSqlite<Result>(work: (store: Store) => Promise<Result>, path = file): Promise<Result> {
  const store = await openSqliteStore({ path, version: VERSION });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function withPostgres<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openPostgresStore({ url, version: VERSION });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function rawSqlite<Result>(work: (raw: SqliteDatabase.Database) => Result, path = file): Result {
  const raw = new SqliteDatabase(path);
  try {
    return work(raw);
  } finally {
    raw.close();
  }
}

/** A source with something in every table. */
async function fill(events = 40): Promise<void> {
  await withSqlite((store) => fillStore(store, { events }));
  rawSqlite((raw) => {
    raw.exec('insert into removed_sessions (session_key) values (99)');
    raw.exec(`insert into events (session_key, seq, type, body) values (99, 1, 'notice', '{}')`);
  });
}

function keyOrder(table: MovedTable): string {
  return keyColumns(table)
    .map(({ name }) => name)
    .join(', ');
}

/** All rows but the marks of moves, as SQLite has them. */
function dump(path = file): Record<string, unknown[]> {
  return rawSqlite((raw) => {
    const marks = MARKS.map((mark) => `'${mark}'`).join(', ');
    const tables = MOVED_TABLES.map((table) => {
      const filter = table.name === 'meta' ? `where name not in (${marks})` : '';
      return [
        table.name,
        raw.prepare(`select ${columnList(table)} from ${table.name} ${filter} order by ${keyOrder(table)}`).all(),
      ];
    });
    const numbers = raw.prepare('select name, seq from sqlite_sequence order by name').all();
    return Object.fromEntries([...tables, ['numbers', numbers]]) as Record<string, unknown[]>;
  }, path);
}

/** All rows as they are when the database is opened the next time: with the deltas that are fresh among the events. */
async function dumpOpened(): Promise<Record<string, unknown[]>> {
  const copy = join(directory, 'opened', 'hearth.db');
  mkdirSync(dirname(copy));
  copyFileSync(file, copy);
  await (await connect({ file: copy, version: VERSION })).close();
  return dump(copy);
}

/** Cuts the move off in the n-th page that it would write, after that page is written. */
function cutAfter(pages: number): Partial<MoveOptions> {
  const stop = new AbortController();
  let left = pages;
  const advanced = (): void => {
    left -= 1;
    if (left === 0) stop.abort(new Error('cut'));
  };
  return { signal: stop.signal, observer: observer({ advanced }) };
}

/** Cuts a move off after its first page, then after two more, and so on, until it comes to its end. @returns the cuts */
async function inPieces(attempt: (options: Partial<MoveOptions>) => Promise<Comparison[]>): Promise<number> {
  for (let cuts = 0; ; cuts += 1) {
    const outcome = await attempt(cutAfter(cuts + 1)).then(
      () => 'done',
      (error: unknown) => (error as Error).message,
    );
    if (outcome === 'done') return cuts;
    expect(outcome).toBe('cut');
  }
}

describe('the tables of a move', () => {
  test('[MOV1] are all that SQLite has, with all their columns', async () => {
    await withSqlite(() => Promise.resolve());
    const found = rawSqlite((raw) => {
      const names = raw.prepare<[], string>(`select name from sqlite_master where type = 'table'`).pluck().all();
      return names
        .filter((name) => !OWN_TABLES.includes(name))
        .map((name) => [name, raw.prepare<[], string>(`select name from pragma_table_info('${name}')`).pluck().all()]);
    });
    expect(sorted(found as [string, string[]][])).toEqual(movedColumns());
  });

  test('[MOV1] are all that PostgreSQL has, with all their columns but the machine of a process', async () => {
    await withPostgres(() => Promise.resolve());
    const rows = await database.ask<{ table_name: string; column_name: string }>(
      url,
      `select table_name, column_name from information_schema.columns where table_schema = current_schema()`,
    );
    const names = [...new Set(rows.map((row) => row.table_name))].filter((name) => !OWN_TABLES.includes(name));
    const found = names.map((name): [string, string[]] => [
      name,
      rows
        .filter((row) => row.table_name === name && !(name === 'processes' && row.column_name === 'host'))
        .map((row) => row.column_name),
    ]);
    expect(sorted(found)).toEqual(movedColumns());
  });
});

function movedColumns(): [string, string[]][] {
  return sorted(MOVED_TABLES.map(({ name, columns }) => [name, columns.map((column) => column.name)]));
}

function sorted(tables: readonly [string, string[]][]): [string, string[]][] {
  return tables
    .map(([name, columns]): [string, string[]] => [name, columns.toSorted()])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

describe('the keys of a move', () => {
  test('[MOV1] are those by which both databases tell rows apart', async () => {
    await withSqlite(() => Promise.resolve());
    await withPostgres(() => Promise.resolve());
    for (const table of MOVED_TABLES) {
      const key = keyOrder(table);
      const sqlite = rawSqlite((raw) =>
        raw
          .prepare<[], string>(`select name from pragma_table_info('${table.name}') where pk > 0 order by pk`)
          .pluck()
          .all(),
      );
      const [postgres] = await database.ask<{ key: string }>(
        url,
        `select string_agg(attname, ', ' order by at) as key
         from pg_index, unnest(indkey) with ordinality as of_key (number, at) join pg_attribute on attnum = number
         where indrelid = '${table.name}'::regclass and attrelid = indrelid and indisprimary and attname <> 'host'`,
      );
      expect([table.name, sqlite.join(', '), postgres?.key]).toEqual([table.name, key, key]);
    }
  });

  test('[MOV4] that would leave rows out are found, though both sides leave out the same', async () => {
    await fill();
    const source = await sqliteSource();
    const target = await postgresTarget();
    const forgetful = (all: MoveDatabase): MoveDatabase => ({
      ...all,
      page: async (table, after) =>
        table.name === 'tokens' && after !== null
          ? []
          : (await all.page(table, after)).slice(0, table.name === 'tokens' ? 1 : undefined),
    });

    const error = await failure(
      move(forgetful(source), forgetful(target), { now: () => NOW, newId: () => 'one', observer: observer() }),
    );
    await target.close();
    await source.close();

    expect(error.message).toMatch(/Of 2 rows of tokens in .*hearth\.db on .*, 1 were read/);
  });
});

describe('a move', () => {
  test('[MOV1] there and back leaves everything as it was', async () => {
    await fill();
    const before = await dumpOpened();
    for (const [table, rows] of Object.entries(before)) expect([table, rows.length > 0]).toEqual([table, true]);

    const told = await there();
    const back = join(directory, 'back', 'hearth.db');
    const toldBack = await run(postgresSource, sqliteTarget(back));

    expect(dump(back)).toEqual(before);
    expect(toldBack).toEqual(told);
    expect(told.map(({ table, source }) => [table, source.rows])).toContainEqual(['events', 3 * 40 + 4]);
    expect(new Set(told.map(({ source }) => source.hash)).size).toBe(told.length);
  });

  test('[MOV2] of a database that lacks what it had confirmed is refused until its numbers go on above that', async () => {
    await withPostgres((store) =>
      store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]),
    );
    await database.ask(url, `insert into meta (name, value) values ('lost_commits', $1)`, [NOW.toISOString()]);
    const back = join(directory, 'back', 'hearth.db');
    const moveBack = () => run(postgresSource, sqliteTarget(back));

    const refused = await failure(moveBack());
    await withPostgres((store) => store.check());
    await moveBack();

    expect(refused.message).toMatch(/lacks what it had confirmed/);
    expect(refused.hint).toMatch(/hearth restored/);
    await withSqlite(async (store) => {
      const { session } = (await store.sessions.load('s1')) ?? {};
      expect(session?.lastSeq).toBeGreaterThan(1_000_000);
    }, back);
  });

  test('[MOV1][STO11] what PostgreSQL has now is what its store reads, and new rows get new numbers', async () => {
    await fill();
    const highest = dump()['numbers'] as { name: string; seq: number }[];
    await there();

    await withPostgres(async (store) => {
      expect((await store.sessions.load('s2'))?.session.title).toBe(ODD_TEXT);
      expect((await store.messages.queued('s2')).map(({ content }) => content)).toEqual([ODD_TEXT]);
      expect((await store.accounts.get('a1'))?.version).toBe(Number.MAX_SAFE_INTEGER);
      expect((await store.processes.list()).map(({ pid }) => pid)).toEqual([4_000_001]);
      await store.events.append([aBatch('new', { record: aRecord('new'), messages: [aMessage('mn', 'new')] })]);
    });
    const [given] = await database.ask<{ key: string; number: string }>(
      url,
      `select key, number from sessions join messages on session_key = key where sessions.id = 'new'`,
    );
    expect(Number(given?.key)).toBeGreaterThan(highest.find(({ name }) => name === 'sessions')?.seq ?? 0);
    expect(Number(given?.number)).toBeGreaterThan(highest.find(({ name }) => name === 'messages')?.seq ?? 0);
    // What a removal had left over goes with the start, as it would have at home.
    expect(await database.ask(url, 'select 1 from events where session_key = 99')).toEqual([]);
  });

  test('[MOV3] cut off after any page goes on where it was, and ends with the same, there and back', async () => {
    await fill(3_000);
    const before = await dumpOpened();
    const back = join(directory, 'back', 'hearth.db');

    const cuts = await inPieces(there);
    const cutsBack = await inPieces((options) => run(postgresSource, sqliteTarget(back), options));

    expect(Math.min(cuts, cutsBack)).toBeGreaterThan(3);
    const resumed = (times: number) => Array.from({ length: times }, () => 'resumed');
    expect(begun).toEqual(['fresh', ...resumed(cuts), 'fresh', ...resumed(cutsBack)]);
    expect(dump(back)).toEqual(before);
  });

  test('[MOV3] copies anew when a server has used the source since', async () => {
    await fill(3_000);
    await expect(there(cutAfter(4))).rejects.toThrow('cut');
    await withSqlite((store) => store.events.append([aBatch('s2', { entries: [aNotice(3_001)] })]));

    const told = await there();

    expect(begun).toEqual(['fresh', 'anew']);
    expect(told.every(({ same }) => same)).toBe(true);
    await withPostgres(async (store) => expect((await store.events.read('s2', 3_000, 9, 999)).length).toBe(1));
  });

  test.each([
    ['a text that differs', `update messages set body = body || ' ' where id = 'm2'`, ['messages']],
    ['a row too few', `delete from events where ctid = (select ctid from events limit 1)`, ['events']],
    ['a row too many', `insert into removed_sessions values (1000)`, ['removed_sessions']],
    ['a null that is none', `update events set block_id = '' where type = 'notice' and seq = 7`, ['events']],
    ['a number that will be given again', `select setval('messages_number_seq', 1)`, ['numbers given']],
  ])('[MOV4] finds %s in the target, and leaves it refused', async (_, spoil, tables) => {
    await fill();
    let isSpoilt = false;
    const source = await sqliteSource();
    const target = await postgresTarget();
    // After the last page was copied and before the first is compared.
    const spoiling: MoveDatabase = {
      ...target,
      write: async (change) => {
        await target.write(change);
        if (change.lastNumbers !== undefined) {
          await database.ask(url, spoil);
          isSpoilt = true;
        }
      },
    };

    const error = await failure(move(source, spoiling, { now: () => NOW, newId: () => 'one', observer: observer() }));
    await target.close();
    await source.close();

    expect(isSpoilt).toBe(true);
    expect(error).toBeInstanceOf(MoveDiffers);
    const differing = (error as MoveDiffers).tables.filter(({ same }) => !same);
    expect(differing.map(({ table }) => table)).toEqual(tables);
    expect((await failure(withPostgres(() => Promise.resolve()))).message).toMatch(/is half of a move/);
    await withSqlite(async (store) => expect((await store.sessions.load('s1'))?.session.title).toBe(ODD_TEXT));
    await there({ anew: true });
    await withPostgres(async (store) => expect((await store.messages.get('s2', 'm2'))?.content).toBe(ODD_TEXT));
  });
});

describe('a server', () => {
  test('[MOV5] does not take what is half moved, nor what was moved away, until that is undone', async () => {
    await fill(3_000);
    await expect(there(cutAfter(4))).rejects.toThrow('cut');
    const half = await failure(withPostgres(() => Promise.resolve()));
    expect(half.message).toContain(`half of a move from ${file}`);
    expect(half.hint).toMatch(/Run the same move again/);

    await there();
    const away = await failure(withSqlite(() => Promise.resolve()));
    expect(away.message).toMatch(/was moved to postgres:\/\/127\.0\.0\.1:\d+\/postgres\?schema=t_\w+ \(2026-11-21/);
    expect(away.hint).toMatch(/HEARTH_DATABASE_URL.*hearth migrate-to --undo/);
    await withPostgres(() => Promise.resolve());

    const source = await sqliteSource();
    expect(await undoMove(source)).toMatch(/^postgres:/);
    expect((await failure(undoMove(source))).message).toMatch(/nothing to undo/);
    await source.close();
    await withSqlite(() => Promise.resolve());
  });

  test('[MOV5] takes neither side when the end was cut between both, and the same again ends it', async () => {
    await fill();
    const source = await sqliteSource();
    const target = await postgresTarget();
    const cut: MoveDatabase = {
      ...target,
      write: (change) => (change.marks.move_in === null ? Promise.reject(new Error('cut')) : target.write(change)),
    };
    await expect(move(source, cut, { now: () => NOW, newId: () => 'one', observer: observer() })).rejects.toThrow(
      'cut',
    );
    await target.close();
    await source.close();
    expect((await failure(withSqlite(() => Promise.resolve()))).message).toMatch(/was moved to/);
    expect((await failure(withPostgres(() => Promise.resolve()))).message).toMatch(/is half of a move/);

    await there();

    await withPostgres(() => Promise.resolve());
  });

  test('[MOV5] has the old file kept when everything comes back to the same directory', async () => {
    await fill();
    const before = await dumpOpened();
    await there();
    await run(postgresSource, sqliteTarget(file));

    expect(readdirSync(join(directory, 'data')).filter((name) => name.endsWith('.db'))).toEqual([
      'hearth-moved-2026-11-21T12-00-00-000Z.db',
      'hearth.db',
    ]);
    expect(dump()).toEqual(before);
    await withSqlite(() => Promise.resolve());
    const away = await failure(withPostgres(() => Promise.resolve()));
    expect(away.message).toContain(`was moved to ${file} on `);
    expect(away.hint).toMatch(/unset.*hearth migrate-from --undo/);
  });
});

describe('a move is refused', () => {
  test('[MOV2] from what was moved already into a directory that was moved away, whose file stays as it is', async () => {
    await fill();
    await there();
    await run(postgresSource, sqliteTarget(join(directory, 'back', 'hearth.db')));

    const error = await failure(run(postgresSource, sqliteTarget(file)));

    expect(error.message).toMatch(/was moved to .*back\/hearth\.db/);
    expect(readdirSync(join(directory, 'data')).filter((name) => name.endsWith('.db'))).toEqual(['hearth.db']);
    expect((await failure(withSqlite(() => Promise.resolve()))).message).toMatch(/was moved to postgres:/);
  });

  test('[MOV2] while a server runs on either side', async () => {
    await fill();
    const inSource = await withSqlite(() => failure(there()));
    expect(inSource.message).toMatch(new RegExp(`pid ${process.pid}\\) uses the data directory`));
    const inTarget = await withPostgres(() => failure(there()));
    expect(inTarget.message).toMatch(/uses the database postgres:/);
    expect(begun).toEqual([]);
  });

  test('[MOV2] to a target with data, or with half of another move', async () => {
    await fill();
    await withPostgres((store) =>
      store.tokens.add({ id: 'k', kind: 'api', label: '', hash: 'h', createdAt: NOW.toISOString() }),
    );
    const used = await failure(there());
    expect(used.message).toMatch(/holds data already \(tokens: 1\)/);
    expect(used.hint).toMatch(/\?schema=/);
    await withPostgres((store) => store.tokens.remove('k'));
    await withSqlite(() => Promise.resolve());

    await expect(there(cutAfter(2))).rejects.toThrow('cut');
    file = join(directory, 'other', 'hearth.db');
    await withSqlite(() => Promise.resolve());
    const foreign = await failure(there());
    expect(foreign.message).toMatch(/unfinished move from .*data\/hearth\.db/);
    expect(foreign.hint).toMatch(/--anew/);
  });

  test('[MOV2] from nothing, from what was moved already, and from what is half moved', async () => {
    expect((await failure(there())).message).toMatch(/There is no database/);
    expect((await failure(run(postgresSource, sqliteTarget(file)))).message).toMatch(/no Hearth database in postgres:/);
    expect(readdirSync(directory)).toEqual([]);

    await fill();
    await expect(there(cutAfter(2))).rejects.toThrow('cut');
    const half = await failure(run(postgresSource, sqliteTarget(join(directory, 'back', 'hearth.db'))));
    expect(half.message).toMatch(/itself half of a move/);

    await there();
    expect((await failure(there())).message).toMatch(/was moved to postgres:/);
  });

  test('[MOV2][STO7] from a database of a newer program', async () => {
    await fill();
    rawSqlite((raw) => raw.exec(`insert into schema_migrations values ('999-from-the-future', '2030')`));
    expect((await failure(there())).message).toMatch(/newer schema \(999-from-the-future\)/);
    expect(begun).toEqual([]);
  });
});
