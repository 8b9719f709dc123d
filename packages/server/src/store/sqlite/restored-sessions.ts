import type { Database, Statement } from 'better-sqlite3';
import { restoredLog } from '../restored-log.ts';
import type { PresentAccount } from './restored-accounts.ts';

/** Texts that are in memory at once, UTF-16 code units. */
const PAGE_LENGTH = 4 * 1024 * 1024;

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
  const transcripts = copy
    .prepare<[], { key: number; id: string }>('SELECT key, agent_session_id AS id FROM transcripts ORDER BY key')
    .all();
  const newIds = new Map([...new Set(transcripts.map(({ id }) => id))].map((id) => [id, newId()]));
  const olds = new Map(transcripts.map(({ key, id }) => [key, id]));
  renameEntries(copy, olds, newIds);
  const rename = copy.prepare<[string, string, string, number]>(
    'UPDATE transcripts SET agent_session_id = ?, summary = replace(summary, ?, ?) WHERE key = ?',
  );
  for (const { key, id } of transcripts) {
    const renamed = newIds.get(id) ?? id;
    rename.run(renamed, id, renamed, key);
  }
  return renameRecords(copy, newIds);
}

/** JSON is read here, not by SQLite, which takes none that is nested deeply. */
function renameEntries(copy: Database, olds: ReadonlyMap<number, string>, newIds: ReadonlyMap<string, string>): void {
  const next = copy.prepare<[number], { place: number; key: number; body: string }>(
    'SELECT rowid AS place, transcript_key AS key, body FROM transcript_entries WHERE rowid > ? ORDER BY rowid',
  );
  const rename = copy.prepare<[string, number]>('UPDATE transcript_entries SET body = ? WHERE rowid = ?');
  for (const rows of pages(next)) {
    for (const { place, key, body } of rows) {
      const old = olds.get(key);
      const entry = JSON.parse(body) as { sessionId?: unknown };
      if (old === undefined || entry.sessionId !== old) continue;
      rename.run(JSON.stringify({ ...entry, sessionId: newIds.get(old) }), place);
    }
  }
}

function renameRecords(copy: Database, newIds: ReadonlyMap<string, string>): Map<number, string> {
  const next = copy.prepare<[number], { place: number; body: string; resource: string }>(
    'SELECT session_key AS place, core AS body, resource FROM session_records WHERE session_key > ? ORDER BY session_key',
  );
  const rename = copy.prepare<[string, string, number]>(
    'UPDATE session_records SET core = ?, resource = ? WHERE session_key = ?',
  );
  const renamed = new Map<number, string>();
  for (const rows of pages(next)) {
    for (const { place: key, body: core, resource } of rows) {
      const state = JSON.parse(core) as { agentSessionId?: string };
      const agentSessionId = newIds.get(state.agentSessionId ?? '');
      if (agentSessionId === undefined) continue;
      const session = JSON.parse(resource) as object;
      rename.run(JSON.stringify({ ...state, agentSessionId }), JSON.stringify({ ...session, agentSessionId }), key);
      renamed.set(key, agentSessionId);
    }
  }
  return renamed;
}

/** All rows by their place, so many at a time as memory bears; nothing can be written while they are read. */
function* pages<Found extends { place: number; body: string }>(next: Statement<[number], Found>): Generator<Found[]> {
  for (let after = 0; ;) {
    const rows: Found[] = [];
    let length = 0;
    for (const row of next.iterate(after)) {
      rows.push(row);
      length += row.body.length;
      if (length >= PAGE_LENGTH) break;
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.place;
  }
}
