import { initialState } from '../../packages/server/src/session/state.ts';
import { openSqliteStore } from '../../packages/server/src/store/sqlite/open.ts';
import type { LogEntry, SessionBatch, SessionRecord, Store } from '../../packages/server/src/store/store.ts';
import { silentLog } from '../../packages/server/src/telemetry/log.ts';

/** Sessions and events that one transaction inserts. */
const AT_ONCE = 5_000;
const MINUTE_MS = 60_000;

/** Fills a data directory that no server uses. */
export async function fill(dataDir: string, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openSqliteStore({ path: `${dataDir}/hearth.db`, log: silentLog() });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** Sessions that are idle and had one turn long ago. */
export async function insertSessions(store: Store, ids: readonly string[], cwd = '/'): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    await store.events.append(some.map((id, index) => batchOf(id, { record: aSession(id, cwd, from + index) })));
  }
}

/** Events that are not deltas, so that each comes to a client as it is, after the last that the session has. */
export async function insertEvents(store: Store, sessionId: string, count: number, chars: number): Promise<void> {
  const text = '.'.repeat(chars);
  for (let from = 1; from <= count; from += AT_ONCE) {
    const entries = Array.from({ length: Math.min(AT_ONCE, count - from + 1) }, (_, index) =>
      anEntry(sessionId, from + index, text),
    );
    await store.events.append([batchOf(sessionId, { entries })]);
  }
}

function batchOf(sessionId: string, rest: Partial<SessionBatch>): SessionBatch {
  return { sessionId, entries: [], compact: [], messages: [], usage: [], ...rest };
}

function anEntry(sessionId: string, seq: number, text: string): LogEntry {
  const event = {
    sessionId,
    seq,
    time: new Date(seq).toISOString(),
    type: 'notice',
    level: 'info',
    code: 'bench',
    text,
  };
  return { seq, type: 'notice', body: JSON.stringify(event) };
}

function aSession(id: string, cwd: string, number: number): SessionRecord {
  const time = new Date(Date.UTC(2026, 0, 1) + number * MINUTE_MS).toISOString();
  return {
    session: {
      id,
      agent: 'scripted',
      cwd,
      title: `Session number ${number}`,
      model: null,
      permissionMode: 'default',
      accountId: null,
      phase: 'idle',
      lastSeq: 0,
      approvals: [],
      usage: { inputTokens: 120, outputTokens: 480, cacheReadTokens: 0, cacheCreationTokens: 0, costUsd: 0.01 },
      createdAt: time,
      updatedAt: time,
      archived: false,
      metadata: {},
    },
    core: JSON.stringify(initialState(0, 'user')),
    settings: '{}',
  };
}
