import type { Database } from 'better-sqlite3';
import { restoredLog } from '../restored-log.ts';
import type { PresentAccount } from './restored-accounts.ts';

/** What a restored database must know of the one in whose place it comes. */
export interface Present {
  /** By session id. */
  lastSeqs: ReadonlyMap<string, number>;
  /** Agent processes of this machine that may still live. */
  processes: readonly { pid: number; start_ticks: string; session_id: string; started_at: string }[];
  accounts: readonly PresentAccount[];
}

export const NOTHING_PRESENT: Present = { lastSeqs: new Map(), processes: [], accounts: [] };

export interface Renewal {
  now: Date;
  newId: () => string;
  madeAt: string | undefined;
  present: Present;
}

/**
 * Makes a copy of a former state fit to go on from.
 * - Numbers: every log goes on above all that clients can have seen (see `restoredLog`).
 * - Conversations get new ids, or the agent would find its own local files, which know what came after the backup.
 * - Of agent processes only those count that this machine has.
 */
export function renewSessions(copy: Database, renewal: Renewal): void {
  const sessions = copy
    .prepare<[], { key: number; id: string; lastSeq: number; standing: string }>(
      'SELECT key, id, last_seq AS lastSeq, standing FROM sessions',
    )
    .all();
  const append = copy.prepare<[number, number, string, string]>(
    'INSERT INTO events (session_key, seq, type, body) VALUES (?, ?, ?, ?)',
  );
  const advance = copy.prepare<[number, number]>('UPDATE sessions SET last_seq = ? WHERE key = ?');
  const conversations = renameConversations(copy, renewal.newId);
  for (const { key, ...session } of sessions) {
    const log = restoredLog(
      {
        ...session,
        lastKnown: Math.max(session.lastSeq, renewal.present.lastSeqs.get(session.id) ?? 0),
        agentSessionId: conversations.get(key),
      },
      renewal.now,
      renewal.madeAt,
    );
    for (const { seq, type, body } of log.events) append.run(key, seq, type, body);
    advance.run(log.lastSeq, key);
  }
  copy.exec('DELETE FROM processes');
  const addProcess = copy.prepare(
    'INSERT INTO processes (pid, start_ticks, session_id, started_at) VALUES (@pid, @start_ticks, @session_id, @started_at)',
  );
  for (const process of renewal.present.processes) addProcess.run(process);
}

/** Gives each stored conversation a new id. @returns the new ids by the session's key */
function renameConversations(copy: Database, newId: () => string): Map<number, string> {
  const ids = copy.prepare<[], string>('SELECT DISTINCT agent_session_id FROM transcripts').pluck().all();
  const renameTranscripts = copy.prepare<[string, string, string, string]>(
    'UPDATE transcripts SET agent_session_id = ?, summary = replace(summary, ?, ?) WHERE agent_session_id = ?',
  );
  const renameEntries = copy.prepare<[string, string, string]>(
    `UPDATE transcript_entries SET body = json_set(body, '$.sessionId', ?)
     WHERE transcript_key IN (SELECT key FROM transcripts WHERE agent_session_id = ?)
       AND json_extract(body, '$.sessionId') = ?`,
  );
  const renameSession = copy.prepare<{ id: string; old: string }, { key: number }>(
    `UPDATE session_records SET core = json_set(core, '$.agentSessionId', @id),
       resource = json_set(resource, '$.agentSessionId', @id)
     WHERE json_extract(core, '$.agentSessionId') = @old
     RETURNING session_key AS key`,
  );
  const renamed = new Map<number, string>();
  for (const old of ids) {
    const id = newId();
    renameEntries.run(id, old, old);
    renameTranscripts.run(id, old, id, old);
    for (const { key } of renameSession.all({ id, old })) renamed.set(key, id);
  }
  return renamed;
}
