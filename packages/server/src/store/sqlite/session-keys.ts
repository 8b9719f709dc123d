import type { Database } from 'better-sqlite3';
import type { FreshDeltas } from './fresh-deltas.ts';

/** Where a session's log stands: its key in other tables, and the number of its last stored event. */
export interface SessionPlace {
  readonly key: number;
  readonly lastSeq: number;
}

type KeptPlace = { -readonly [Field in keyof SessionPlace]: SessionPlace[Field] };

/** So many places are kept; then all are forgotten, and looked up again. */
const MAX_KEPT = 10_000;

/** The places of sessions that write, remembered: nobody else writes to the database, so that they need no lookup per commit. */
export class SessionKeys {
  readonly #look: (sessionId: string) => SessionPlace | undefined;
  readonly #kept = new Map<string, KeptPlace>();

  constructor(raw: Database, freshDeltas: FreshDeltas) {
    const look = raw.prepare<[string], SessionPlace>('SELECT key, last_seq AS lastSeq FROM sessions WHERE id = ?');
    this.#look = (sessionId) => {
      const row = look.get(sessionId);
      return row && { key: row.key, lastSeq: freshDeltas.lastSeq(row.key, row.lastSeq) };
    };
  }

  find(sessionId: string): SessionPlace | undefined {
    return this.#kept.get(sessionId) ?? this.#look(sessionId);
  }

  /** The session stands there, unless the transaction that is under way fails: see `forget`. */
  keep(sessionId: string, key: number, lastSeq: number): void {
    const kept = this.#kept.get(sessionId);
    if (kept !== undefined) {
      kept.key = key;
      kept.lastSeq = lastSeq;
      return;
    }
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(sessionId, { key, lastSeq });
  }

  /** The session is deleted, or what was written to it is undone. */
  forget(sessionId: string): void {
    this.#kept.delete(sessionId);
  }
}
