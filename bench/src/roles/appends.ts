import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { openSqliteStore } from '../../../packages/server/src/store/sqlite/open.ts';
import { silentLog } from '../../../packages/server/src/telemetry/log.ts';
import { serveRole } from '../role.ts';
import { appendThroughLog, eventsPerSecond, plainRound } from './append-load.ts';
import type { Load } from './append-load.ts';

async function throughLog(folder: string, load: Load): Promise<number> {
  const store = await openSqliteStore({ path: join(fresh(folder), 'hearth.db'), log: silentLog() });
  const rate = await appendThroughLog(store, load);
  await store.close();
  return rate;
}

/**
 * The same events encoded and inserted into a table of the same key, in transactions of the same number of events, with
 * the same durability; nothing else is done.
 */
function plain(folder: string, load: Load): number {
  const db = new SqliteDatabase(join(fresh(folder), 'plain.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    'CREATE TABLE events (session INTEGER NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (session, seq))',
  );
  const insert = db.prepare('INSERT INTO events (session, seq, body) VALUES (?, ?, ?)');
  const text = '.'.repeat(load.chars);
  const time = new Date().toISOString();
  const write = db.transaction((round: number) => {
    for (const row of plainRound(load, text, time, round)) insert.run(...row);
  });
  const began = performance.now();
  for (let round = 0; round < load.appends; round += 1) write.immediate(round);
  const rate = eventsPerSecond(load, began);
  db.close();
  return rate;
}

function fresh(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

serveRole({ throughLog, plain });
