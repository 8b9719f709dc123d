import type { Database } from 'better-sqlite3';
import type { SessionsTable } from '../schema.ts';
import { sessionRow, sqlSessions } from '../sql/sessions.ts';
import type { SessionRecord, SessionStore } from '../store.ts';
import type { Connection } from './connection.ts';

/** Events that one step of a removal takes, so that removing a long log does not hold up the other sessions. */
const REMOVED_PER_STEP = 2_000;
/** Fresh deltas of all sessions that one step looks at. */
const SEEN_PER_STEP = 20_000;

export function sqliteSessions(connection: Connection): SessionStore & { finishRemovals(): Promise<void> } {
  const { raw, keys, freshDeltas, db, query } = connection;
  const markRemoved = raw.prepare<[string]>(
    'INSERT INTO removed_sessions (session_key) SELECT key FROM sessions WHERE id = ?',
  );
  const removeSession = raw.prepare<[string]>('DELETE FROM sessions WHERE id = ?');
  const removeEvents = raw.prepare<[number, number]>(
    `DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE session_key = ? LIMIT ${REMOVED_PER_STEP})
     AND session_key = ?`,
  );
  const hide = raw.transaction((sessionId: string) => {
    markRemoved.run(sessionId);
    removeSession.run(sessionId);
  });

  async function finishRemovals(): Promise<void> {
    const removed = await query(() => db.selectFrom('removed_sessions').select('session_key').execute());
    for (const { session_key: key } of removed) {
      for (let next: number | null = 0; next !== null; await nextMacrotask()) {
        const from: number = next;
        next = await query(() => freshDeltas.remove(key, from, SEEN_PER_STEP));
      }
      while ((await query(() => removeEvents.run(key, key).changes)) > 0) await nextMacrotask();
      await query(() => db.deleteFrom('removed_sessions').where('session_key', '=', key).execute());
    }
  }

  return {
    ...sqlSessions(connection, 'instr', (key, stored) => freshDeltas.lastSeq(key, stored)),
    delete: async (sessionId) => {
      keys.forget(sessionId);
      await query(() => hide.immediate(sessionId));
      await finishRemovals();
    },
    finishRemovals,
  };
}

/** Writes a session's record and its last number; gives its key. The row's place in listings follows the record. */
export function recordWriter(raw: Database): (record: SessionRecord, lastSeq: number) => number {
  const upsert = raw.prepare<[Omit<SessionsTable, 'key'>], { key: number }>(
    `INSERT INTO sessions (id, last_seq, standing, archived, updated_ms, search)
     VALUES (@id, @last_seq, @standing, @archived, @updated_ms, @search)
     ON CONFLICT (id) DO UPDATE SET last_seq = excluded.last_seq, standing = excluded.standing,
       archived = excluded.archived, updated_ms = excluded.updated_ms, search = excluded.search
     RETURNING key`,
  );
  const upsertRecord = raw.prepare<[number, string, string, string]>(
    `INSERT INTO session_records (session_key, resource, core, settings) VALUES (?, ?, ?, ?)
     ON CONFLICT (session_key) DO UPDATE SET resource = excluded.resource, core = excluded.core,
       settings = excluded.settings`,
  );
  return (record, lastSeq) => {
    const row = upsert.get(sessionRow(record, lastSeq));
    if (row === undefined) throw new Error(`SQLite gave no key for session ${record.session.id}`);
    upsertRecord.run(row.key, JSON.stringify(record.session), record.core, record.settings);
    return row.key;
  };
}

function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
