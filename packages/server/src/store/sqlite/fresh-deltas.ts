import type { Database } from 'better-sqlite3';
import type { LogEntry } from '../store.ts';

/** Rows that one step of a merge takes: what it frees is used again by the next. */
const MERGED_PER_STEP = 10_000;
const NEEDLESS_ROWS = 4_000;

/** Where the fresh deltas of one session lie: their numbers in the log, ascending, and in the table, and their blocks. */
interface Places {
  readonly seqs: number[];
  readonly numbers: number[];
  readonly blocks: string[];
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
 * another page. They also stand for the session's last number.
 *
 * Those that are needless stay where they lie, among those of other sessions: to remove a block's from as many pages as it had
 * commits would cost more than all else that a stream costs. `sweep` removes the oldest rows together, and takes what is needed among
 * them to the other events. `mergeFreshDeltas` does so with all that a former process left.
 */
export class FreshDeltas {
  readonly #places = new Map<number, Places>();
  readonly #insert;
  readonly #read;
  readonly #take;
  readonly #advance;
  readonly #removeBelow;
  readonly #removeOfSession;
  readonly #needlessRows: number;
  #nextNumber = 1;
  /** Below it the table has no rows. */
  #head = 1;
  /** Rows that are needed. */
  #needed = 0;
  /** What the transaction under way has changed. */
  #before = { nextNumber: 1, head: 1 };
  #extended: number[] = [];
  #replaced: [key: number, before: Places][] = [];

  /**
   * @param raw without fresh deltas of a former process
   * @param needlessRows so many may lie in the table beside as many as are needed: what is swept together is swept cheaply
   */
  constructor(raw: Database, needlessRows = NEEDLESS_ROWS) {
    this.#needlessRows = needlessRows;
    this.#insert = raw.prepare<[number, number, number, string, string]>(
      'INSERT INTO fresh_deltas (number, session_key, seq, block_id, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.#read = raw.prepare<[number], DeltaRow>(
      'SELECT seq, block_id AS blockId, body FROM fresh_deltas WHERE number = ?',
    );
    this.#take = raw.prepare<[number]>(
      `INSERT INTO events (session_key, seq, type, block_id, body)
       SELECT session_key, seq, 'block.delta', block_id, body FROM fresh_deltas WHERE number = ?`,
    );
    this.#advance = raw.prepare<[number, number]>('UPDATE sessions SET last_seq = max(last_seq, ?) WHERE key = ?');
    this.#removeBelow = raw.prepare<[number]>('DELETE FROM fresh_deltas WHERE number < ?');
    this.#removeOfSession = raw.prepare<[number, number, number]>(
      'DELETE FROM fresh_deltas WHERE number >= ? AND number < ? AND session_key = ?',
    );
  }

  /** There are so many needless rows that it is time to sweep. */
  get needsSweep(): boolean {
    return this.#nextNumber - this.#head > 2 * this.#needed + this.#needlessRows;
  }

  /** Runs a transaction. When it fails nothing has changed here either. */
  transaction(run: () => void): void {
    this.#before = { nextNumber: this.#nextNumber, head: this.#head };
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
    this.#needed += 1;
    if (this.#extended.at(-1) !== key) this.#extended.push(key);
    const places = this.#places.get(key);
    if (places === undefined) {
      this.#places.set(key, { seqs: [seq], numbers: [number], blocks: [blockId] });
    } else {
      places.seqs.push(seq);
      places.numbers.push(number);
      places.blocks.push(blockId);
    }
  }

  /** In a transaction: the deltas of a block with `seq` in the range (inclusive) are needless. */
  compact(key: number, blockId: string, fromSeq: number, toSeq: number): void {
    const places = this.#places.get(key);
    if (places === undefined) return;
    const left: Places = { seqs: [], numbers: [], blocks: [] };
    for (const [index, seq] of places.seqs.entries()) {
      const block = places.blocks[index] ?? '';
      if (block === blockId && seq >= fromSeq && seq <= toSeq) continue;
      left.seqs.push(seq);
      left.numbers.push(places.numbers[index] ?? 0);
      left.blocks.push(block);
    }
    this.#replace(key, places, left);
  }

  /** In a transaction: removes so many of the oldest rows; what is needed of them goes to the other events. */
  sweep(rows: number): void {
    const head = Math.min(this.#head + rows, this.#nextNumber);
    for (const [key, places] of this.#places) {
      const count = firstAfter(places.numbers, head - 1);
      if (count === 0) continue;
      for (const number of places.numbers.slice(0, count)) this.#take.run(number);
      this.#advance.run(places.seqs[count - 1] ?? 0, key);
      this.#replace(key, places, placesFrom(places, count));
    }
    this.#removeBelow.run(head);
    this.#head = head;
  }

  /**
   * Removes those of a session that is deleted from at most so many rows.
   * @param from what the last call gave; the first one: 0
   * @returns null: that were all rows
   */
  remove(key: number, from: number, rows: number): number | null {
    const places = this.#places.get(key);
    if (places !== undefined) this.#needed -= places.seqs.length;
    this.#places.delete(key);
    const first = Math.max(from, this.#head);
    const end = Math.min(first + rows, this.#nextNumber);
    this.#removeOfSession.run(first, end, key);
    return end < this.#nextNumber ? end : null;
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

  #replace(key: number, before: Places, places: Places): void {
    this.#replaced.push([key, before]);
    this.#needed += places.seqs.length - before.seqs.length;
    if (places.seqs.length === 0) this.#places.delete(key);
    else this.#places.set(key, places);
  }

  #undo(): void {
    for (const [key, before] of this.#replaced.toReversed()) this.#places.set(key, before);
    const { nextNumber, head } = this.#before;
    for (const key of this.#extended) {
      const places = this.#places.get(key);
      if (places === undefined) continue;
      const kept = firstAfter(places.numbers, nextNumber - 1);
      for (const list of [places.seqs, places.numbers, places.blocks]) list.length = kept;
      if (kept === 0) this.#places.delete(key);
    }
    this.#nextNumber = nextNumber;
    this.#head = head;
    this.#needed = [...this.#places.values()].reduce((sum, { seqs }) => sum + seqs.length, 0);
  }
}

function placesFrom({ seqs, numbers, blocks }: Places, index: number): Places {
  return { seqs: seqs.slice(index), numbers: numbers.slice(index), blocks: blocks.slice(index) };
}

/**
 * Puts the deltas that a former process left as fresh to the other events, but for those of blocks that have ended, and moves each
 * session's last number to what they say; in one transaction, and nothing in a database whose schema does not know them yet.
 */
export function mergeFreshDeltas(raw: Database): void {
  if (!knowsFreshDeltas(raw)) return;
  const merge = raw.transaction(() => {
    raw.exec(REMOVE_NEEDLESS);
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

const REMOVE_NEEDLESS = `
  WITH
    first AS MATERIALIZED (SELECT session_key, min(seq) AS seq FROM fresh_deltas GROUP BY session_key),
    ended AS MATERIALIZED (
      SELECT events.session_key, events.block_id, events.seq FROM first
      CROSS JOIN events ON events.session_key = first.session_key AND events.seq > first.seq
      WHERE events.type = 'block.completed'
    )
  DELETE FROM fresh_deltas WHERE EXISTS (
    SELECT 1 FROM ended
    WHERE ended.session_key = fresh_deltas.session_key AND ended.block_id = fresh_deltas.block_id AND ended.seq > fresh_deltas.seq
  )`;

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
