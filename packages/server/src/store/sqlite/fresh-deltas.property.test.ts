import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FreshDeltas, mergeFreshDeltas } from './fresh-deltas.ts';
import { openSqliteStore } from './open.ts';

interface Delta {
  seq: number;
  block: string;
}

interface Session {
  key: number;
  lastSeq: number;
  deltas: Delta[];
  /** The ids of its two blocks, each with its deltas; one that ended is followed by another. */
  blocks: [number, number];
}

type Act =
  | { type: 'add'; session: number; block: 0 | 1; count: number }
  | { type: 'end'; session: number; block: 0 | 1 }
  | { type: 'sweep'; rows: number };

type Step = { type: 'commit' | 'refused'; acts: Act[] } | { type: 'restart' } | { type: 'delete'; session: number };

const SESSIONS = 3;
const NEEDLESS_ROWS = 3;
const session = fc.nat(SESSIONS - 1);
const block = fc.constantFrom(0 as const, 1 as const);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ type: fc.constant('add' as const), session, block, count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('end' as const), session, block }),
  fc.record({ type: fc.constant('sweep' as const), rows: fc.integer({ min: 1, max: 9 }) }),
);
const acts = fc.array(act, { minLength: 1, maxLength: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('commit' as const), acts }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('refused' as const), acts }) },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), session }) },
);

/** Fresh deltas of a database beside what they should be. */
class Bed {
  readonly #raw: SqliteDatabase.Database;
  readonly #insert;
  #fresh: FreshDeltas;
  #sessions: Session[];
  /** Numbers that were given, and those that were swept. */
  #rows = { given: 0, swept: 0 };

  constructor(raw: SqliteDatabase.Database) {
    this.#raw = raw;
    this.#insert = raw.prepare('INSERT INTO events (session_key, seq, type, block_id, body) VALUES (?, ?, ?, ?, ?)');
    raw.exec('DELETE FROM events; DELETE FROM fresh_deltas; DELETE FROM sessions;');
    this.#sessions = Array.from({ length: SESSIONS }, (_, index) => this.#create(index + 1));
    this.#fresh = new FreshDeltas(raw, NEEDLESS_ROWS);
  }

  /** @returns how many rows are left that should be gone */
  run(next: Step): number {
    if (next.type === 'restart') {
      mergeFreshDeltas(this.#raw);
      this.#fresh = new FreshDeltas(this.#raw, NEEDLESS_ROWS);
      this.#rows = { given: 0, swept: 0 };
      return this.#count('fresh_deltas');
    }
    if (next.type === 'delete') {
      const { key } = this.#sessions[next.session] as Session;
      for (let after: number | null = 0; after !== null;) after = this.#fresh.remove(key, after, 3);
      const left = this.#countOf('fresh_deltas', key);
      this.#raw.prepare('DELETE FROM events WHERE session_key = ?').run(key);
      this.#raw.prepare('DELETE FROM sessions WHERE key = ?').run(key);
      this.#sessions[next.session] = this.#create(key);
      return left;
    }
    this.#commit(next.acts, next.type === 'refused');
    return 0;
  }

  /** What each session has, and whether it is time to sweep. */
  found(): unknown {
    const sessions = this.#sessions.map(({ key }) => ({
      deltas: [...this.#rowsOf(key), ...this.#freshOf(key)],
      lastSeq: this.#fresh.lastSeq(key, this.#storedLastSeq(key)),
    }));
    return { sessions, needsSweep: this.#fresh.needsSweep };
  }

  wanted(): unknown {
    const sessions = this.#sessions.map(({ deltas, lastSeq }) => ({ deltas, lastSeq }));
    const needed = this.#sessions.reduce((sum, { key }) => sum + this.#freshOf(key).length, 0);
    const { given, swept } = this.#rows;
    return { sessions, needsSweep: given - swept > 2 * needed + NEEDLESS_ROWS };
  }

  /** @returns how many rows are left */
  sweepAll(): number {
    this.#fresh.transaction(() => this.#fresh.sweep(Number.MAX_SAFE_INTEGER));
    this.#rows.swept = this.#rows.given;
    return this.#count('fresh_deltas');
  }

  #rowsOf(key: number): Delta[] {
    const query = `SELECT seq, block_id AS block FROM events WHERE session_key = ? AND type = 'block.delta' ORDER BY seq`;
    return this.#raw.prepare<[number], Delta>(query).all(key);
  }

  #freshOf(key: number): Delta[] {
    return [...this.#fresh.after(key, 0)].map(({ seq, blockId = '' }) => ({ seq, block: blockId }));
  }

  #commit(acts: Act[], refused: boolean): void {
    const before = structuredClone({ sessions: this.#sessions, rows: this.#rows });
    const inTransaction = this.#raw.transaction(() => {
      for (const one of acts) this.#act(one);
      if (refused) throw new Error('refused');
    });
    const commit = (): void => this.#fresh.transaction(() => inTransaction.immediate());
    if (!refused) {
      commit();
      return;
    }
    try {
      commit();
    } catch {
      // As it should be.
    }
    this.#sessions = before.sessions;
    this.#rows = before.rows;
  }

  #act(one: Act): void {
    if (one.type === 'sweep') {
      this.#fresh.sweep(one.rows);
      this.#rows.swept = Math.min(this.#rows.swept + one.rows, this.#rows.given);
      return;
    }
    const of = this.#sessions[one.session] as Session;
    const id = `${one.session}.${one.block}.${of.blocks[one.block]}`;
    if (one.type === 'add') {
      for (let n = 0; n < one.count; n += 1) {
        of.lastSeq += 1;
        this.#rows.given += 1;
        this.#fresh.add(of.key, of.lastSeq, id, '{}');
        of.deltas.push({ seq: of.lastSeq, block: id });
      }
      return;
    }
    of.lastSeq += 1;
    this.#insert.run(of.key, of.lastSeq, 'block.completed', id, '{}');
    this.#fresh.compact(of.key, id, 1, of.lastSeq);
    this.#raw
      .prepare(`DELETE FROM events WHERE session_key = ? AND block_id = ? AND type = 'block.delta'`)
      .run(of.key, id);
    this.#raw.prepare('UPDATE sessions SET last_seq = ? WHERE key = ?').run(of.lastSeq, of.key);
    of.deltas = of.deltas.filter((delta) => delta.block !== id);
    of.blocks[one.block] += 1;
  }

  #create(key: number): Session {
    this.#raw
      .prepare(
        `INSERT INTO sessions (key, id, last_seq, standing, archived, updated_ms, search) VALUES (?, ?, 0, 'active', 0, 0, '')`,
      )
      .run(key, `s${key}`);
    return { key, lastSeq: 0, deltas: [], blocks: [0, 0] };
  }

  #storedLastSeq(key: number): number {
    return this.#raw.prepare<[number], number>('SELECT last_seq FROM sessions WHERE key = ?').pluck().get(key) ?? 0;
  }

  #count(table: string): number {
    return this.#raw.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  }

  #countOf(table: string, key: number): number {
    return (
      this.#raw.prepare<[number], number>(`SELECT count(*) FROM ${table} WHERE session_key = ?`).pluck().get(key) ?? 0
    );
  }
}

test('[LOG1] [LOG6] whatever is swept, refused, deleted or killed, each session has its deltas and no others', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hearth-deltas-'));
  const file = join(directory, 'hearth.db');
  await (await openSqliteStore({ path: file })).close();
  const raw = new SqliteDatabase(file);
  raw.pragma('synchronous = OFF');
  try {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const bed = new Bed(raw);
        for (const next of steps) {
          expect(bed.run(next)).toBe(0);
          expect(bed.found()).toEqual(bed.wanted());
        }
        expect(bed.sweepAll()).toBe(0);
        expect(bed.found()).toEqual(bed.wanted());
      }),
      { numRuns: 300 },
    );
  } finally {
    raw.close();
    rmSync(directory, { recursive: true });
  }
});
