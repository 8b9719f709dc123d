import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { systemClock } from '../../../packages/server/src/concurrency/clock.ts';
import { EventLog } from '../../../packages/server/src/event-log/event-log.ts';
import { openSqliteStore } from '../../../packages/server/src/store/sqlite/open.ts';
import { silentLog } from '../../../packages/server/src/telemetry/log.ts';
import { insertSessions } from '../fixtures.ts';
import { serveRole } from '../role.ts';

/** What is appended: by so many sessions at once, each so many times, so many events at a time. */
export interface Load {
  sessions: number;
  appends: number;
  eventsAtOnce: number;
  chars: number;
}

const FIRST_BLOCK = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const SECOND_BLOCK = '9b2e3c1a-1f4d-4c35-9a55-0d9a1c1b2f10';
const TURN = '550e8400-e29b-41d4-a716-446655440000';

/** Deltas of two blocks in turn, as when a subagent writes too: neighbours of one block would be merged into one event. */
function bodies(load: Load, text: string, from: number) {
  return Array.from({ length: load.eventsAtOnce }, (_, index) => {
    const blockId = (from + index) % 2 === 0 ? FIRST_BLOCK : SECOND_BLOCK;
    return { type: 'block.delta' as const, blockId, offset: (from + index) * load.chars, text, turnId: TURN };
  });
}

/** Every session appends and waits until it is stored, then appends again. @returns events per second */
async function throughLog(folder: string, load: Load): Promise<number> {
  const path = join(fresh(folder), 'hearth.db');
  const store = await openSqliteStore({ path, log: silentLog() });
  const ids = Array.from({ length: load.sessions }, (_, index) => `session-${index}`);
  await insertSessions(store, ids);
  const log = new EventLog({ store: store.events, clock: systemClock, log: silentLog() });
  for (const id of ids) {
    log.open(id, 0, {
      project: () => ({ messages: [], usage: [] }),
      committed: () => undefined,
      failed: () => undefined,
    });
  }
  const text = '.'.repeat(load.chars);
  const began = performance.now();
  await Promise.all(
    ids.map(async (id) => {
      for (let n = 0; n < load.appends; n += 1) await log.append(id, bodies(load, text, n * load.eventsAtOnce));
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  await store.close();
  return (load.sessions * load.appends * load.eventsAtOnce) / seconds;
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
    for (let session = 0; session < load.sessions; session += 1) {
      const first = round * load.eventsAtOnce;
      for (const [index, body] of bodies(load, text, first).entries()) {
        const seq = first + index + 1;
        insert.run(session, seq, JSON.stringify({ sessionId: `session-${session}`, seq, time, ...body }));
      }
    }
  });
  const began = performance.now();
  for (let round = 0; round < load.appends; round += 1) write.immediate(round);
  const seconds = (performance.now() - began) / 1000;
  db.close();
  return (load.sessions * load.appends * load.eventsAtOnce) / seconds;
}

function fresh(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

serveRole({ throughLog, plain });
