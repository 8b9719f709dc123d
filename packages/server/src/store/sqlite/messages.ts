import type { Database } from 'better-sqlite3';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { MessageStore, StoredMessage } from '../store.ts';
import type { Connection } from './connection.ts';

export function sqliteMessages({ db, query }: Connection): MessageStore {
  const ofSession = (sessionId: string) =>
    db
      .selectFrom('sessions')
      .innerJoin('messages', 'messages.session_key', 'sessions.key')
      .select(['messages.number', 'messages.body'])
      .where('sessions.id', '=', sessionId);

  return {
    get: (sessionId, messageId) =>
      query(async () => toMessage(await ofSession(sessionId).where('messages.id', '=', messageId).executeTakeFirst())),
    byClientMessageId: (sessionId, clientMessageId) =>
      query(async () =>
        toMessage(
          await ofSession(sessionId).where('messages.client_message_id', '=', clientMessageId).executeTakeFirst(),
        ),
      ),
    queued: (sessionId) =>
      query(async () => {
        const rows = await ofSession(sessionId)
          .where('messages.state', '=', 'queued')
          .orderBy('messages.place')
          .orderBy('messages.number')
          .execute();
        return rows.map(parseMessage);
      }),
    list: (sessionId, cursor, limit) =>
      query(async () => {
        const [after] = cursor === undefined ? [0] : decodeCursor(cursor, ['number']);
        const rows = await ofSession(sessionId)
          .where('messages.number', '>', after)
          .orderBy('messages.number')
          .limit(limit + 1)
          .execute();
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        const more = rows.length > limit && last !== undefined;
        return { items: page.map(parseMessage), ...(more ? { nextCursor: encodeCursor([last.number]) } : {}) };
      }),
  };
}

/** Writes a message as it is now. A new one gets the next number; a known one keeps its own. */
export function messageWriter(raw: Database): (sessionKey: number, message: StoredMessage) => void {
  const upsert = raw.prepare<[number, string, string | null, string, number, string]>(
    `INSERT INTO messages (session_key, id, client_message_id, state, place, body) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (session_key, id) DO UPDATE SET client_message_id = excluded.client_message_id,
       state = excluded.state, place = excluded.place, body = excluded.body`,
  );
  return (key, message) => {
    const { id, clientMessageId = null, state, place } = message;
    upsert.run(key, id, clientMessageId, state, place, JSON.stringify(message));
  };
}

function toMessage(row: { body: string } | undefined): StoredMessage | null {
  return row === undefined ? null : parseMessage(row);
}

function parseMessage(row: { body: string }): StoredMessage {
  return JSON.parse(row.body) as StoredMessage;
}
