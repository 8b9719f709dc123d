import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aBatch, allSeqs, aNotice, aRecord, failure } from '../contract/fixture.ts';
import { openSqliteStore } from './open.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hearth-open-'));
  path = join(directory, 'data', 'hearth.db');
});

afterEach(() => rmSync(directory, { recursive: true }));

async function withOneEvent(): Promise<void> {
  const store = await openSqliteStore({ path, version: '1.0.0' });
  await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);
  await store.close();
}

describe('opening', () => {
  test('[STO3] makes the directory and the file, for its user alone', async () => {
    const store = await openSqliteStore({ path });

    expect(statSync(join(directory, 'data')).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('[STO3] in a directory that others may read, they can neither read a file nor hold the lock', async () => {
    mkdirSync(join(directory, 'data'), { mode: 0o755 });
    const lock = join(directory, 'data', 'hearth.lock');
    const umask = process.umask(0);
    try {
      await (await openSqliteStore({ path })).close();
      expect(statSync(lock).mode & 0o777).toBe(0o600);
      // As versions before this one left it.
      chmodSync(lock, 0o644);
      const store = await openSqliteStore({ path });
      const modes = readdirSync(join(directory, 'data')).map((name) => statSync(join(directory, 'data', name)).mode);
      expect(modes.map((mode) => mode & 0o077)).toEqual(modes.map(() => 0));
      await store.close();
    } finally {
      process.umask(umask);
    }
  });

  test('[STO4] a second server is refused, and told who has the directory', async () => {
    const store = await openSqliteStore({ path });

    const error = await failure(openSqliteStore({ path }));

    expect(error.message).toContain(`pid ${process.pid}`);
    expect(error.message).toContain(join(directory, 'data'));
    expect(error.hint).toMatch(/another data directory/);
    await store.check();
    await store.close();
    await (await openSqliteStore({ path })).close();
  });

  test('[STO4] a server in another process is named as well, and its lock goes with it when it is killed', async () => {
    await withOneEvent();
    const script = `
      const Database = require(${JSON.stringify(createRequire(import.meta.url).resolve('better-sqlite3'))});
      new Database(${JSON.stringify(join(directory, 'data', 'hearth.lock'))}).exec('BEGIN EXCLUSIVE');
      require('node:fs').writeFileSync(${JSON.stringify(join(directory, 'data', 'hearth.pid'))}, process.pid + '\\n');
      console.log('locked');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));

      const error = await failure(openSqliteStore({ path }));

      expect(error.message).toContain(`pid ${child.pid}`);
    } finally {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    const store = await openSqliteStore({ path });
    expect(await allSeqs(store, 's1')).toEqual([1]);
    await store.close();
  });

  test('[STO4] a start that cannot write down who it is leaves no lock behind', async () => {
    mkdirSync(join(directory, 'data', 'hearth.pid'), { recursive: true });

    const error = await failure(openSqliteStore({ path }));

    expect(error.message).toMatch(/cannot be opened for writing/);
    rmSync(join(directory, 'data', 'hearth.pid'), { recursive: true });
    await (await openSqliteStore({ path })).close();
  });

  test('[STO5] a file that is not a database is refused and left as it is', async () => {
    mkdirSync(join(directory, 'data'));
    const content = 'my diary, not a database. '.repeat(500);
    writeFileSync(path, content);

    const error = await failure(openSqliteStore({ path }));

    expect(error.message).toContain(path);
    expect(error.message).toMatch(/not a Hearth database/);
    expect(error.hint).toMatch(/backup/);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  test('[STO5] a damaged database is refused and left as it is', async () => {
    await withOneEvent();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096, bytes.length);
    writeFileSync(path, bytes);

    const error = await failure(openSqliteStore({ path }));

    expect(error.message).toContain(path);
    expect(error.message).toMatch(/damaged/);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test('[STO6] a directory that cannot be made is named', async () => {
    writeFileSync(join(directory, 'data'), 'a file where the directory should be');

    const error = await failure(openSqliteStore({ path }));

    expect(error.message).toContain(path);
    expect(error.hint).toMatch(/another data directory/);
  });

  test('[STO6] a directory in the database’s place is named', async () => {
    mkdirSync(path, { recursive: true });

    expect((await failure(openSqliteStore({ path }))).message).toContain(path);
  });

  test('[STO7] a database of a newer program is refused by name, and nothing in it changes', async () => {
    await withOneEvent();
    const raw = new SqliteDatabase(path);
    raw.exec(`INSERT INTO schema_migrations VALUES ('999-from-the-future', '2030-01-01T00:00:00.000Z');
      UPDATE meta SET value = '9.9.9' WHERE name = 'program_version'`);
    raw.close();

    const error = await failure(openSqliteStore({ path, version: '1.0.0' }));

    expect(error.message).toMatch(/last used by Hearth 9\.9\.9/);
    expect(error.message).toContain('999-from-the-future');
    expect(error.hint).toMatch(/Hearth 9\.9\.9 or a later one/);
    const after = new SqliteDatabase(path);
    expect(after.prepare(`SELECT value FROM meta WHERE name = 'program_version'`).pluck().get()).toBe('9.9.9');
    after.close();
  });

  test('[STO7] the version of the program is recorded', async () => {
    await withOneEvent();

    const raw = new SqliteDatabase(path);
    expect(raw.prepare(`SELECT value FROM meta WHERE name = 'program_version'`).pluck().get()).toBe('1.0.0');
    raw.close();
  });

  test('[STO8] a deletion that a crash cut is finished at the next start', async () => {
    await withOneEvent();
    const raw = new SqliteDatabase(path);
    raw.exec('INSERT INTO removed_sessions SELECT key FROM sessions; DELETE FROM sessions');
    raw.close();

    const store = await openSqliteStore({ path });
    await store.close();

    const after = new SqliteDatabase(path);
    expect(after.prepare('SELECT count(*) FROM events').pluck().get()).toBe(0);
    expect(after.prepare('SELECT count(*) FROM removed_sessions').pluck().get()).toBe(0);
    after.close();
  });
});

describe('a full disk', () => {
  test('[STO9] refuses the whole commit, harms nothing, and goes on when there is room again', async () => {
    const store = await openSqliteStore({ path, maxBytes: 1024 * 1024 });
    const large = (seq: number) => aNotice(seq, 'x'.repeat(100_000));
    await store.events.append([
      aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] }),
      aBatch('other', { record: aRecord('other'), entries: [1, 2, 3, 4, 5].map(large) }),
    ]);

    const error = await failure(
      store.events.append([
        aBatch('s1', { entries: [aNotice(2)] }),
        aBatch('other', { entries: [6, 7, 8, 9, 10, 11, 12].map(large) }),
      ]),
    );

    expect(error.message).toMatch(/no room left to write to .*hearth\.db/);
    expect(error.hint).toMatch(/Free space/);
    expect(await allSeqs(store, 's1')).toEqual([1]);
    expect(await allSeqs(store, 'other')).toEqual([1, 2, 3, 4, 5]);

    await store.sessions.delete('other');
    await store.events.append([aBatch('s1', { entries: [2, 3, 4].map(large) })]);
    expect(await allSeqs(store, 's1')).toEqual([1, 2, 3, 4]);
    await store.close();
  });
});

describe('100,000 sessions', () => {
  test.each([
    ['archived = 0', 'sessions_archived_updated'],
    ['archived = 1', 'sessions_archived_updated'],
    ['true', 'sessions_updated'],
    [`archived = 0 AND standing = 'idle'`, 'sessions_standing_updated'],
    [`archived = 0 AND standing in ('active', 'waiting')`, 'sessions_busy_updated'],
  ])('[SES2] a page where %s comes from the index %s, unsorted', async (where, index) => {
    await withOneEvent();
    const raw = new SqliteDatabase(path);
    const plan = (condition: string) =>
      raw
        .prepare<[], { detail: string }>(
          `EXPLAIN QUERY PLAN SELECT id, updated_ms, last_seq, resource FROM sessions
             JOIN session_records ON session_records.session_key = sessions.key
             WHERE ${condition} ORDER BY updated_ms DESC, id DESC LIMIT 51`,
        )
        .all()
        .map((row) => row.detail)
        .join('; ');

    expect(plan(`${where} AND (updated_ms, id) < (5, 'x')`)).toContain(`SEARCH sessions USING INDEX ${index} `);
    expect(plan(where)).not.toMatch(/TEMP B-TREE/);
    raw.close();
  });
});
