import { sql } from 'kysely';
import type { Session } from '@hearth/protocol';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { SessionStanding, SessionsTable } from '../schema.ts';
import type { SessionPage, SessionRecord, SessionStore } from '../store.ts';
import type { SqlDatabase } from './database.ts';

type Resource = Omit<Session, 'queue'>;

const DEFAULT_PAGE = 50;

/**
 * @param placeOf the function of the database that finds a text in another, at 1 or above
 * @param lastSeqOf a session's last number, given its key and what its row says; default: that
 */
export function sqlSessions(
  { db, query }: SqlDatabase,
  placeOf: 'instr' | 'strpos',
  lastSeqOf: (key: number, stored: number) => number = (_, stored) => stored,
): Omit<SessionStore, 'delete'> {
  const toResource = (row: { key: number; resource: string; last_seq: number }): Resource => {
    const resource = JSON.parse(row.resource) as Resource;
    return { ...resource, lastSeq: lastSeqOf(row.key, row.last_seq) };
  };

  return {
    load: (sessionId) =>
      query(async () => {
        const row = await db
          .selectFrom('sessions')
          .innerJoin('session_records', 'session_records.session_key', 'sessions.key')
          .select(['key', 'last_seq', 'resource', 'core', 'settings'])
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
          .select(['key', 'id', 'updated_ms', 'last_seq', 'resource'])
          .orderBy('updated_ms', 'desc')
          .orderBy('id', 'desc')
          .limit(limit + 1);
        if (status !== 'all') page = page.where('archived', '=', status === 'archived' ? 1 : 0);
        if (status === 'idle' || status === 'waiting') page = page.where('standing', '=', status);
        // As text and not as parameters, so that the database sees that its partial index fits.
        if (status === 'active') page = page.where(sql<boolean>`standing in ('active', 'waiting')`);
        // Not LIKE, whose patterns have a length and an end at U+0000.
        if (q !== undefined && q !== '') {
          page = page.where(sql<boolean>`${sql.raw(placeOf)}(search, ${q.toLowerCase()}) > 0`);
        }
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
    restingSince: (beforeMs, limit) =>
      query(async () => {
        const rows = await db
          .selectFrom('sessions')
          .select('id')
          .where('updated_ms', '<', beforeMs)
          .where('standing', 'in', ['idle', 'closed'])
          .where('key', 'not in', db.selectFrom('messages').select('session_key').where('state', '=', 'queued'))
          .orderBy('updated_ms')
          .orderBy('id')
          .limit(limit)
          .execute();
        return rows.map((row) => row.id);
      }),
  };
}

/** The narrow row of a session: its place in listings follows its record. */
export function sessionRow({ session }: SessionRecord, lastSeq: number): Omit<SessionsTable, 'key'> {
  return {
    id: session.id,
    last_seq: lastSeq,
    standing: standing(session),
    archived: session.archived ? 1 : 0,
    updated_ms: Date.parse(session.updatedAt),
    search: `${session.title ?? ''}\n${session.cwd}`.toLowerCase(),
  };
}

function standing(session: Resource): SessionStanding {
  if (session.phase === 'closed' || session.phase === 'idle') return session.phase;
  return session.approvals.length > 0 ? 'waiting' : 'active';
}
