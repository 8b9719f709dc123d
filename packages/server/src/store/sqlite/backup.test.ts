import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aBatch, allSeqs, aMessage, aNotice, aRecord, aTurn, failure } from '../contract/fixture.ts';
import type { Store } from '../store.ts';
import { backupDatabase } from './backup.ts';
import type { Backup, BackupOptions } from './backup.ts';
import { openSqliteStore } from './open.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');

let directory: string;
let file: string;
let destination: string;
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hearth-backup-'));
  file = join(directory, 'data', 'hearth.db');
  destination = join(directory, 'backups', 'one.db');
  store = await openSqliteStore({ path: file, version: '1.2.3' });
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

function backup(options: Partial<BackupOptions> = {}): Promise<Backup> {
  return backupDatabase({ file, destination, force: false, now: NOW, version: '1.2.3', ...options });
}

async function appendNotices(sessionId: string, from: number, to: number, text = ''): Promise<void> {
  const entries = Array.from({ length: to - from + 1 }, (_, index) => aNotice(from + index, text));
  await store.events.append([aBatch(sessionId, { record: aRecord(sessionId), entries })]);
}

describe('a backup', () => {
  test('[BAK1] holds all that is stored, in one file for its user alone', async () => {
    await appendNotices('s1', 1, 3);
    await store.events.append([aBatch('s1', { messages: [aMessage('m1', 's1')], usage: [aTurn('t1')] })]);
    const key = { projectKey: 'p', agentSessionId: 'a', subpath: '' };
    await store.transcripts.append(key, [{ type: 'user', uuid: 'u1', text: 'nul \u0000 and ü' }]);
    await store.tokens.add({ id: 'k1', kind: 'api', label: 'ci', hash: 'abc', createdAt: NOW.toISOString() });

    const made = await backup();

    expect(made.contents).toMatchObject({ sessions: 1, events: 3, messages: 1, transcript_entries: 1, tokens: 1 });
    expect(made.bytes).toBe(statSync(destination).size);
    expect(statSync(destination).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'backups'))).toEqual(['one.db']);
    await store.close();
    store = await openSqliteStore({ path: destination });
    expect(await allSeqs(store, 's1')).toEqual([1, 2, 3]);
    expect((await store.messages.get('s1', 'm1'))?.content).toBe('message m1');
    expect(await store.transcripts.load(key)).toEqual([{ type: 'user', uuid: 'u1', text: 'nul \u0000 and ü' }]);
    expect((await store.tokens.byHash('abc'))?.label).toBe('ci');
    expect((await store.usage.report('session', undefined, undefined)).total.turns).toBe(1);
  });

  test('[BAK1] is all of one moment, while the server goes on writing', async () => {
    await appendNotices('s1', 1, 2_000, 'x'.repeat(2_000));
    let seq = 2_000;
    let appending = Promise.resolve();
    const shares: number[] = [];

    const made = await backup({
      onProgress: (share) => {
        shares.push(share);
        seq += 1;
        const next = seq;
        appending = appending.then(() => appendNotices('s1', next, next));
      },
    });
    await appending;

    expect(shares.length).toBeGreaterThan(3);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(made.contents['events']).toBe(2_000);
    expect((await allSeqs(store, 's1')).length).toBe(seq);
    const raw = new SqliteDatabase(destination, { readonly: true });
    expect(raw.prepare('SELECT last_seq FROM sessions').pluck().get()).toBe(2_000);
    raw.close();
  });

  test('[BAK1] finds nothing of what it replaces, also when that was in use', async () => {
    await appendNotices('s1', 1, 3, 'old');
    mkdirSync(join(directory, 'backups'));
    // As a server that was killed leaves a file that it used.
    for (const end of ['', '-wal']) copyFileSync(file + end, destination + end);
    await appendNotices('s1', 4, 200, 'new');

    await backup({ force: true });

    expect(readdirSync(join(directory, 'backups'))).toEqual(['one.db']);
    await store.close();
    store = await openSqliteStore({ path: destination });
    expect(await allSeqs(store, 's1')).toHaveLength(200);
  });

  test('[BAK1] replaces nothing unasked', async () => {
    mkdirSync(join(directory, 'backups'));
    writeFileSync(destination, 'precious');

    const error = await failure(backup());

    expect(error.message).toBe(`${destination} exists already.`);
    expect(error.hint).toContain('--force');
    expect(readFileSync(destination, 'utf8')).toBe('precious');
    expect((await backup({ force: true })).contents['sessions']).toBe(0);
    expect(statSync(destination).mode & 0o777).toBe(0o600);
  });

  test('[BAK1] replaces no database that another server uses, and one that was left it does', async () => {
    const other = await openSqliteStore({ path: destination, version: '1.2.3' });
    await other.events.append([aBatch('theirs', { record: aRecord('theirs'), entries: [aNotice(1)] })]);

    const refused = await failure(backup({ force: true }));
    const kept = await allSeqs(other, 'theirs');
    await other.close();
    await backup({ force: true });

    expect(refused.message).toMatch(/Another Hearth server \(pid \d+\) uses .*one\.db/);
    expect(kept).toEqual([1]);
  });

  test('[BAK1] never takes the place of the database itself', async () => {
    await appendNotices('s1', 1, 3);

    expect((await failure(backup({ destination: file, force: true }))).message).toContain('is the database itself');
    expect((await failure(backup({ destination: join(directory, 'data'), force: true }))).message).toContain(
      'a folder',
    );
    expect(await allSeqs(store, 's1')).toEqual([1, 2, 3]);
  });

  test('[BAK1] that is stopped leaves nothing behind, and what was there stays', async () => {
    await appendNotices('s1', 1, 2_000, 'x'.repeat(2_000));
    await backup();
    const before = readFileSync(destination);
    const stop = new AbortController();

    const stopped = backup({ force: true, signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) });

    await expect(stopped).rejects.toThrow('enough');
    expect(readdirSync(join(directory, 'backups'))).toEqual(['one.db']);
    expect(readFileSync(destination).equals(before)).toBe(true);
    await store.check();
  });

  test('[BAK1] has the owner’s token only when asked to', async () => {
    const tokenIn = (path: string): unknown => {
      const raw = new SqliteDatabase(path, { readonly: true });
      const found = raw.prepare(`SELECT value FROM meta WHERE name = 'backup_owner_token'`).pluck().get();
      raw.close();
      return found;
    };
    await backup();
    expect(tokenIn(destination)).toBeUndefined();

    await backup({ force: true, ownerToken: 'the-token' });

    expect(tokenIn(destination)).toBe('the-token');
    expect(tokenIn(file)).toBeUndefined();
  });

  test('[STO2] that cannot be written names the file that it should be, not the database', async () => {
    // Its own name fits, and that of its draft does not.
    const name = 'n'.repeat(250);

    const error = await failure(backup({ destination: join(directory, name) }));

    expect(error.message).toMatch(/^The database .*n{250} cannot be opened for writing/);
  });

  test('[BAK1] of a database that is not there, or damaged, is refused and said why', async () => {
    const missing = await failure(backup({ file: join(directory, 'nowhere', 'hearth.db') }));
    expect(missing.message).toContain('There is no database');
    expect(missing.hint).toContain('--data-dir');

    await appendNotices('s1', 1, 500, 'y'.repeat(500));
    await store.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 8 * 4096, 40 * 4096);
    writeFileSync(file, bytes);
    const damaged = await failure(backup());
    expect(damaged.message).toMatch(/damaged/);
    expect(existsSync(destination)).toBe(false);
    expect(readdirSync(join(directory, 'backups'))).toEqual([]);

    rmSync(join(directory, 'data'), { recursive: true });
    store = await openSqliteStore({ path: file });
  });
});
