import type { Database } from 'better-sqlite3';
import type { PresentAccount } from './restored-accounts.ts';

/** Least distance from every number that is known to have been given. */
const JUMP = 1_000_000;
/** Numbers per ms that no session reaches, so that a time stands for more numbers than were given until then. */
const NUMBERS_PER_MS = 1_000;

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
 * - Numbers: between the backup and now each session may have given out numbers that the backup does not know, and clients
 *   have seen them. Every log goes on above all of them (see `floor`), with a notice that says what happened.
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
  const time = renewal.now.toISOString();
  for (const { key, id, lastSeq, standing } of sessions) {
    let seq = floor(Math.max(lastSeq, renewal.present.lastSeqs.get(id) ?? 0), renewal.now);
    const tell = (event: { type: string; [field: string]: unknown }): void => {
      append.run(key, seq, event.type, JSON.stringify({ sessionId: id, seq, time, ...event }));
      seq += 1;
    };
    const agentSessionId = conversations.get(key);
    // Nothing follows the end of a session.
    if (standing !== 'closed') {
      if (agentSessionId !== undefined) tell({ type: 'session.updated', changes: { agentSessionId } });
      tell(notice(renewal.madeAt));
    }
    advance.run(Math.max(lastSeq, seq - 1), key);
  }
  copy.exec('DELETE FROM processes');
  const addProcess = copy.prepare(
    'INSERT INTO processes (pid, start_ticks, session_id, started_at) VALUES (@pid, @start_ticks, @session_id, @started_at)',
  );
  for (const process of renewal.present.processes) addProcess.run(process);
}

/**
 * A number above every one that was given out before `now`, also by a server that went on from an earlier restore of the
 * same backup in another place: the time in µs, which no session's numbers reach, and never less than what is known.
 */
export function floor(lastSeq: number, now: Date): number {
  return Math.max(lastSeq + JUMP, now.getTime() * NUMBERS_PER_MS);
}

function notice(madeAt: string | undefined): { type: string; [field: string]: unknown } {
  const when = madeAt === undefined ? '' : ` of ${madeAt}`;
  return {
    type: 'notice',
    level: 'warning',
    code: 'restored',
    text: `This session was restored from a backup${when}. What came after that is gone: whoever has seen it reads the session again from its beginning.`,
  };
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
