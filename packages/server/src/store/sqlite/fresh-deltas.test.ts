import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aBatch, aCompleted, aDelta, allSeqs, aNotice, aRecord } from '../contract/fixture.ts';
import type { LogEntry, Store } from '../store.ts';
import { backupDatabase } from './backup.ts';
import { storedLastSeqs } from './fresh-deltas.ts';
import { openSqliteStore } from './open.ts';
import { restoreDatabase } from './restore.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');

let directory: string;
let file: string;
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hearth-deltas-'));
  file = join(directory, 'data', 'hearth.db');
  store = await openSqliteStore({ path: file });
  await append('s1', [aNotice(1), aDelta(2, 'a'), aDelta(3, 'b')]);
  await append('s2', [aNotice(1), aDelta(2, 'c')]);
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

async function append(sessionId: string, entries: LogEntry[], compact: string[] = []): Promise<void> {
  const toSeq = entries.at(-1)?.seq ?? 0;
  const record = aRecord(sessionId);
  await store.events.append([
    aBatch(sessionId, { record, entries, compact: compact.map((blockId) => ({ blockId, fromSeq: 1, toSeq })) }),
  ]);
}

/** `session_key/seq` of a table's rows, in the order in which they lie there, as another connection sees them. */
function rows(table: 'events' | 'fresh_deltas', path = file): string[] {
  return looking(path, (raw) =>
    raw.prepare<[], string>(`SELECT session_key || '/' || seq FROM ${table} ORDER BY rowid`).pluck().all(),
  );
}

function looking<Result>(path: string, look: (raw: SqliteDatabase.Database) => Result): Result {
  const raw = new SqliteDatabase(path, { readonly: true });
  try {
    return look(raw);
  } finally {
    raw.close();
  }
}

test('[LOG6] deltas lie in the order of their commits, and nobody is given those of a block that has ended', async () => {
  await store.events.append([aBatch('s2', { entries: [aDelta(3, 'c')] }), aBatch('s1', { entries: [aDelta(4, 'a')] })]);
  expect(rows('fresh_deltas')).toEqual(['1/2', '1/3', '2/2', '2/3', '1/4']);
  expect(rows('events')).toEqual(['1/1', '2/1']);

  await append('s1', [aCompleted(5, 'a')], ['a']);
  await append('s2', [aCompleted(4, 'c')], ['c']);
  expect(await allSeqs(store, 's1')).toEqual([1, 3, 5]);
  expect(await allSeqs(store, 's2')).toEqual([1, 4]);
  expect(await store.events.blockDeltas('s1', 'a')).toEqual([]);
});

test('[LOG6] those of ended blocks are swept away together, and what is needed among them goes to the other events', async () => {
  const end = 12_003;
  const deltas = Array.from({ length: end - 3 }, (_, index) => aDelta(3 + index, 'x'));
  await store.events.append([aBatch('s2', { entries: deltas })]);
  await append('s2', [aCompleted(end, 'x')], ['x']);
  await store.events.append([aBatch('s1', { entries: [aDelta(4, 'b')] })]);
  await expect.poll(() => rows('fresh_deltas').length).toBeLessThan(5_000);

  expect(rows('events')).toEqual(expect.arrayContaining(['1/2', '1/3', '2/2']));
  expect(await allSeqs(store, 's1')).toEqual([1, 2, 3, 4]);
  expect(await allSeqs(store, 's2')).toEqual([1, 2, end]);
  expect((await store.events.blockDeltas('s1', 'b')).map(({ seq }) => seq)).toEqual([3, 4]);
  await append('s1', [aCompleted(5, 'b')], ['b']);
  expect(await allSeqs(store, 's1')).toEqual([1, 2, 5]);
  // What was left in the table is not put to the events.
  await store.close();
  store = await openSqliteStore({ path: file });
  expect(rows('fresh_deltas')).toEqual([]);
  expect(await allSeqs(store, 's1')).toEqual([1, 2, 5]);
  expect(await allSeqs(store, 's2')).toEqual([1, 2, end]);
});

test('[LOG1] the next start finds those of a server that was killed, and puts them to the other events', async () => {
  await store.events.append([aBatch('s1', { entries: [aDelta(4, 'a')] })]);
  // A close leaves them where they lie, as a kill does.
  await store.close();
  expect(rows('fresh_deltas')).toEqual(['1/2', '1/3', '2/2', '1/4']);
  expect(Object.fromEntries(looking(file, storedLastSeqs))).toEqual({ s1: 4, s2: 2 });

  store = await openSqliteStore({ path: file });

  expect(rows('fresh_deltas')).toEqual([]);
  expect(rows('events')).toEqual(['1/1', '2/1', '1/2', '1/3', '2/2', '1/4']);
  expect((await store.sessions.load('s1'))?.session.lastSeq).toBe(4);
  expect((await store.sessions.load('s2'))?.session.lastSeq).toBe(2);
});

test('[BAK1] [BAK2] a backup has them with the other events, and what it becomes goes on above all of them', async () => {
  const backup = join(directory, 'backup.db');
  const made = await backupDatabase({ file, destination: backup, force: false, now: NOW, version: '1.2.3' });
  expect(made.contents).toMatchObject({ events: 5, fresh_deltas: 0 });
  expect(rows('events', backup)).toEqual(['1/1', '2/1', '1/2', '1/3', '2/2']);

  // Far ahead, so that what a restore adds by itself does not reach it.
  const far = NOW.getTime() * 1000 + 5_000_000_000;
  await store.events.append([aBatch('s1', { entries: [aDelta(far, 'a')] })]);
  await store.close();
  await restoreDatabase({ backup, file, now: NOW, newId: () => 'new', version: '1.2.3' });
  store = await openSqliteStore({ path: file });
  expect((await store.sessions.load('s1'))?.session.lastSeq).toBeGreaterThan(far);
});

test('those of a deleted session go with it, needless or not', async () => {
  await append('s1', [aCompleted(4, 'a')], ['a']);
  expect(rows('fresh_deltas')).toContain('1/2');
  await store.sessions.delete('s1');
  expect(rows('fresh_deltas')).toEqual(['2/2']);
  expect(rows('events')).toEqual(['2/1']);
});
