import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { MessageStore, StoredMessage } from '../store.ts';
import type { SqlDatabase } from './database.ts';

export function sqlMessages({ db, query }: SqlDatabase): MessageStore {
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

function toMessage(row: { body: string } | undefined): StoredMessage | null {
  return row === undefined ? null : parseMessage(row);
}

function parseMessage(row: { body: string }): StoredMessage {
  return JSON.parse(row.body) as StoredMessage;
}
