import type { SessionBatch } from '../store.ts';
import type { Queryable } from './pool.ts';

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

  /** Whether the database behind this connection has it; true when nothing was confirmed. */
  async isIn(connection: Queryable): Promise<boolean> {
    const expected = this.#last;
    if (expected === null) return true;
    const [session] = await connection.run<{ last_seq: number }>({
      text: 'select last_seq from sessions where id = $1',
      values: [expected.sessionId],
    });
    return (session?.last_seq ?? 0) >= expected.seq || this.#last !== expected;
  }
}
