import type { Database } from 'better-sqlite3';
import { sql } from 'kysely';
import type { Session } from '@hearth/protocol';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { SessionStanding } from '../schema.ts';
import type { SessionPage, SessionRecord, SessionStore } from '../store.ts';
import type { Connection } from './connection.ts';

type Resource = Omit<Session, 'queue'>;

const DEFAULT_PAGE = 50;
/** Events that one step of a removal takes, so that removing a long log does not hold up the other sessions. */
const REMOVED_PER_STEP = 2_000;

export function sqliteSessions(connection: Connection): SessionStore & { finishRemovals(): Promise<void> } {
  const { raw, db, query } = connection;
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
      while ((await query(() => removeEvents.run(key, key).changes)) > 0) await nextMacrotask();
      await query(() => db.deleteFrom('removed_sessions').where('session_key', '=', key).execute());
    }
  }

  return {
    load: (sessionId) =>
      query(async () => {
        const row = await db
          .selectFrom('sessions')
          .innerJoin('session_records', 'session_records.session_key', 'sessions.key')
          .select(['last_seq', 'resource', 'core', 'settings'])
          .where('id', '=', sessionId)
          .executeTakeFirst();
        if (row === undefined) return null;
        return { session: toResource(row), core: row.core, settings: row.settings };
      }),
    list: ({ status, q, cursor, limit = DEFAULT_PAGE }) =>
      query(async (): Promise<SessionPage> => {
        let page = db
          .selectFrom('sessions')
          .innerJoin('session_records', 'session_records.session_key', 'sessions.key')
          .select(['id', 'updated_ms', 'last_seq', 'resource'])
          .orderBy('updated_ms', 'desc')
          .orderBy('id', 'desc')
          .limit(limit + 1);
        if (status !== 'all') page = page.where('archived', '=', status === 'archived' ? 1 : 0);
        if (status === 'idle' || status === 'waiting') page = page.where('standing', '=', status);
        // As text and not as parameters, so that the database sees that its partial index fits.
        if (status === 'active') page = page.where(sql<boolean>`standing in ('active', 'waiting')`);
        if (q !== undefined && q !== '') page = page.where(sql<boolean>`search like ${likePattern(q)} escape '\\'`);
        if (cursor !== undefined) {
          const [updatedMs, id] = decodeCursor(cursor, ['number', 'string']);
          page = page.where(sql<boolean>`(updated_ms, id) < (${updatedMs}, ${id})`);
        }
        const rows = await page.execute();
        const items = rows.slice(0, limit);
        const last = items.at(-1);
        const more = rows.length > limit && last !== undefined;
        return {
          items: items.map(toResource),
          ...(more ? { nextCursor: encodeCursor([last.updated_ms, last.id]) } : {}),
        };
      }),
    unsettled: () =>
      query(async () => {
        const rows = await db
          .selectFrom('sessions')
          .select('id')
          .where((where) =>
            where.or([
              where('standing', 'in', ['active', 'waiting']),
              where('key', 'in', db.selectFrom('messages').select('session_key').where('state', '=', 'queued')),
            ]),
          )
          .orderBy('key')
          .execute();
        return rows.map((row) => row.id);
      }),
    delete: async (sessionId) => {
      await query(() => hide.immediate(sessionId));
      await finishRemovals();
    },
    finishRemovals,
  };
}

/** Writes a session's record and its last number; gives its key. The row's place in listings follows the record. */
export function recordWriter(raw: Database): (record: SessionRecord, lastSeq: number) => number {
  const upsert = raw.prepare<[string, number, SessionStanding, number, number, string], { key: number }>(
    `INSERT INTO sessions (id, last_seq, standing, archived, updated_ms, search) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET last_seq = excluded.last_seq, standing = excluded.standing,
       archived = excluded.archived, updated_ms = excluded.updated_ms, search = excluded.search
     RETURNING key`,
  );
  const upsertRecord = raw.prepare<[number, string, string, string]>(
    `INSERT INTO session_records (session_key, resource, core, settings) VALUES (?, ?, ?, ?)
     ON CONFLICT (session_key) DO UPDATE SET resource = excluded.resource, core = excluded.core,
       settings = excluded.settings`,
  );
  return ({ session, core, settings }, lastSeq) => {
    const row = upsert.get(
      session.id,
      lastSeq,
      standing(session),
      session.archived ? 1 : 0,
      Date.parse(session.updatedAt),
      `${session.title ?? ''}\n${session.cwd}`.toLowerCase(),
    );
    if (row === undefined) throw new Error(`SQLite gave no key for session ${session.id}`);
    upsertRecord.run(row.key, JSON.stringify(session), core, settings);
    return row.key;
  };
}

function standing(session: Resource): SessionStanding {
  if (session.phase === 'closed' || session.phase === 'idle') return session.phase;
  return session.approvals.length > 0 ? 'waiting' : 'active';
}

function toResource(row: { resource: string; last_seq: number }): Resource {
  const resource = JSON.parse(row.resource) as Resource;
  return { ...resource, lastSeq: row.last_seq };
}

/** A pattern for the substring, with what LIKE takes as wildcards taken literally. */
function likePattern(q: string): string {
  return `%${q.toLowerCase().replaceAll(/[\\%_]/g, (wildcard) => `\\${wildcard}`)}%`;
}

function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
