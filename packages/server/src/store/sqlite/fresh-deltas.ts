import type { Database } from 'better-sqlite3';
import type { LogEntry } from '../store.ts';

/** Rows that one step of a merge takes: what it frees is used again by the next. */
const MERGED_PER_STEP = 10_000;

/** Where the fresh deltas of one session lie: their numbers in the log, ascending, and in the table. */
interface Places {
  readonly seqs: number[];
  readonly numbers: number[];
}

interface DeltaRow {
  seq: number;
  blockId: string;
  body: string;
}

/**
 * The deltas that were stored since the database was opened, until the end of their block makes them needless. They come by the
 * thousand, from many sessions at once, and few are ever read from the disk: so they lie in a table of their own in the order of
 * the commits, and where each lies is known here, in memory, instead of in an index of which every session of a commit changes
 * another page. They also stand for the session's last number. `mergeFreshDeltas` puts what a former process left to the others.
 */
export class FreshDeltas {
  readonly #places = new Map<number, Places>();
  readonly #insert;
  readonly #read;
  readonly #removeAll;
  readonly #removeOfBlock;
  #nextNumber = 1;
  /** What the transaction under way has changed. */
  #firstNumber = 1;
  #extended: number[] = [];
  #replaced: [key: number, before: Places][] = [];

  /** @param raw without fresh deltas of a former process */
  constructor(raw: Database) {
    this.#insert = raw.prepare<[number, number, number, string, string]>(
      'INSERT INTO fresh_deltas (number, session_key, seq, block_id, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.#read = raw.prepare<[number], DeltaRow>(
      'SELECT seq, block_id AS blockId, body FROM fresh_deltas WHERE number = ?',
    );
    const remove = raw.prepare<[number]>('DELETE FROM fresh_deltas WHERE number = ?');
    this.#removeAll = raw.transaction((numbers: readonly number[]) => {
      for (const number of numbers) remove.run(number);
    });
    this.#removeOfBlock = raw.prepare<[number, string]>('DELETE FROM fresh_deltas WHERE number = ? AND block_id = ?');
  }

  /** Runs a transaction. When it fails nothing has changed here either. */
  transaction(run: () => void): void {
    this.#firstNumber = this.#nextNumber;
    this.#extended = [];
    this.#replaced = [];
    try {
      run();
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  /** In a transaction; `seq` is above all that the session has. */
  add(key: number, seq: number, blockId: string, body: string): void {
    const number = this.#nextNumber;
    this.#insert.run(number, key, seq, blockId, body);
    this.#nextNumber = number + 1;
    if (this.#extended.at(-1) !== key) this.#extended.push(key);
    const places = this.#places.get(key);
    if (places === undefined) {
      this.#places.set(key, { seqs: [seq], numbers: [number] });
    } else {
      places.seqs.push(seq);
      places.numbers.push(number);
    }
  }

  /** In a transaction: removes the deltas of a block with `seq` in the range (inclusive). */
  compact(key: number, blockId: string, fromSeq: number, toSeq: number): void {
    const places = this.#places.get(key);
    if (places === undefined) return;
    const left: Places = { seqs: [], numbers: [] };
    for (const [index, seq] of places.seqs.entries()) {
      const number = places.numbers[index] ?? 0;
      if (seq >= fromSeq && seq <= toSeq && this.#removeOfBlock.run(number, blockId).changes > 0) continue;
      left.seqs.push(seq);
      left.numbers.push(number);
    }
    this.#replaced.push([key, places]);
    this.#set(key, left);
  }

  /** Removes at most so many of a session that is deleted, in one transaction. @returns how many there were */
  removeSome(key: number, limit: number): number {
    const places = this.#places.get(key);
    if (places === undefined) return 0;
    const gone = places.numbers.slice(0, limit);
    this.#removeAll.immediate(gone);
    this.#set(key, { seqs: places.seqs.slice(limit), numbers: places.numbers.slice(limit) });
    return gone.length;
  }

  /** The session's last number, given that of its row, which deltas do not move. */
  lastSeq(key: number, stored: number): number {
    return Math.max(stored, this.#places.get(key)?.seqs.at(-1) ?? 0);
  }

  body(key: number, seq: number): string | undefined {
    const places = this.#places.get(key);
    if (places === undefined) return undefined;
    const index = firstAfter(places.seqs, seq - 1);
    return places.seqs[index] === seq ? this.#read.get(places.numbers[index] ?? 0)?.body : undefined;
  }

  /** In order, those with `seq > after`; nothing may be written while they are read. */
  *after(key: number, after: number): Generator<LogEntry> {
    const numbers = this.#places.get(key)?.numbers ?? [];
    for (let index = firstAfter(this.#places.get(key)?.seqs ?? [], after); index < numbers.length; index += 1) {
      const row = this.#read.get(numbers[index] ?? 0);
      if (row !== undefined) yield { seq: row.seq, type: 'block.delta', blockId: row.blockId, body: row.body };
    }
  }

  #set(key: number, places: Places): void {
    if (places.seqs.length === 0) this.#places.delete(key);
    else this.#places.set(key, places);
  }

  #undo(): void {
    for (const [key, before] of this.#replaced.toReversed()) this.#places.set(key, before);
    for (const key of this.#extended) {
      const { seqs = [], numbers = [] } = this.#places.get(key) ?? {};
      const kept = firstAfter(numbers, this.#firstNumber - 1);
      this.#set(key, { seqs: seqs.slice(0, kept), numbers: numbers.slice(0, kept) });
    }
    this.#nextNumber = this.#firstNumber;
  }
}

/**
 * Puts the deltas that a former process left as fresh to the other events, and moves each session's last number to what they say;
 * in one transaction, and nothing in a database whose schema does not know them yet.
 */
export function mergeFreshDeltas(raw: Database): void {
  if (!knowsFreshDeltas(raw)) return;
  const merge = raw.transaction(() => {
    raw.exec(
      `UPDATE sessions SET last_seq = max(last_seq, fresh.seq)
       FROM (SELECT session_key, max(seq) AS seq FROM fresh_deltas GROUP BY session_key) AS fresh
       WHERE sessions.key = fresh.session_key`,
    );
    const step = raw
      .prepare<[], number | null>(
        `SELECT max(number) FROM (SELECT number FROM fresh_deltas ORDER BY number LIMIT ${MERGED_PER_STEP})`,
      )
      .pluck();
    const copy = raw.prepare<[number]>(
      `INSERT INTO events (session_key, seq, type, block_id, body)
       SELECT session_key, seq, 'block.delta', block_id, body FROM fresh_deltas WHERE number <= ?`,
    );
    const remove = raw.prepare<[number]>('DELETE FROM fresh_deltas WHERE number <= ?');
    for (let upTo = step.get() ?? null; upTo !== null; upTo = step.get() ?? null) {
      copy.run(upTo);
      remove.run(upTo);
    }
  });
  merge.immediate();
}

/** The number of each session's last event, whatever version made the database and whether or not it was closed. */
export function storedLastSeqs(raw: Database): Map<string, number> {
  const query = knowsFreshDeltas(raw)
    ? `SELECT id, max(last_seq, coalesce(fresh.seq, 0)) AS lastSeq FROM sessions
       LEFT JOIN (SELECT session_key, max(seq) AS seq FROM fresh_deltas GROUP BY session_key) AS fresh
         ON fresh.session_key = sessions.key`
    : 'SELECT id, last_seq AS lastSeq FROM sessions';
  const rows = raw.prepare<[], { id: string; lastSeq: number }>(query).all();
  return new Map(rows.map(({ id, lastSeq }) => [id, lastSeq]));
}

function knowsFreshDeltas(raw: Database): boolean {
  const found = raw.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'fresh_deltas'`).get();
  return found !== undefined;
}

/** Index of the first that is greater, in an ascending list. */
function firstAfter(ascending: readonly number[], value: number): number {
  let from = 0;
  let to = ascending.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ascending[middle] ?? 0) <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}
