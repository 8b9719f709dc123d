import type { Database } from 'better-sqlite3';
import type { StoredMessage } from '../store.ts';

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
