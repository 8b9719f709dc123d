import type { SessionBatch } from '../store.ts';
import type { Queryable } from './pool.ts';

/** The row of `meta` by which a database says that it lacks what it had confirmed, so that the next start goes on above it. */
export const LOST_COMMITS = 'lost_commits';

/**
 * The newest number that the database has confirmed. A database that loses something, because a standby that was behind
 * took over or an earlier state was put back, loses its newest commits: when the newest one is there, all are.
 */
export class Landmark {
  #last: { sessionId: string; seq: number } | null = null;

  /** The batches are stored. */
  confirmed(batches: readonly SessionBatch[]): void {
    const batch = batches.findLast(({ entries }) => entries.length > 0);
    const seq = batch?.entries.at(-1)?.seq;
    if (batch !== undefined && seq !== undefined) this.#last = { sessionId: batch.sessionId, seq };
  }

  /** The session is about to be deleted. */
  forget(sessionId: string): void {
    if (this.#last?.sessionId === sessionId) this.#last = null;
  }

  /** Whether the database behind this connection has it, or nothing was confirmed; when not, that is marked in the database. */
  async isIn(connection: Queryable): Promise<boolean> {
    const expected = this.#last;
    if (expected === null) return true;
    const [session] = await connection.run<{ last_seq: number }>({
      text: 'select last_seq from sessions where id = $1',
      values: [expected.sessionId],
    });
    if ((session?.last_seq ?? 0) >= expected.seq || this.#last !== expected) return true;
    await connection.run({
      text: 'insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
      values: [LOST_COMMITS, new Date().toISOString()],
    });
    return false;
  }
}
