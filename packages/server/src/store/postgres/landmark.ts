import type { SessionBatch } from '../store.ts';
import type { Queryable } from './pool.ts';

/** The row of `meta` by which a database says that it lacks what it had confirmed, so that the next start goes on above it. */
export const LOST_COMMITS = 'lost_commits';

/** So many sessions can be deleted after their commits until nothing is known of what came before. */
const KEPT = 100;

/**
 * The newest number that the database has confirmed. A database that loses something, because a standby that was behind
 * took over or an earlier state was put back, loses its newest commits: when the newest one is there, all are. The newest of some
 * sessions are kept, for when that of the newest is deleted.
 */
export class Landmark {
  /** By session, the newest last. */
  readonly #newest = new Map<string, { sessionId: string; seq: number }>();

  /** The batches are stored. */
  confirmed(batches: readonly SessionBatch[]): void {
    const batch = batches.findLast(({ entries }) => entries.length > 0);
    const seq = batch?.entries.at(-1)?.seq;
    if (batch !== undefined && seq !== undefined) this.#keep(batch.sessionId, seq);
  }

  /** Learns what was confirmed to the server before. */
  async learn(connection: Queryable): Promise<void> {
    const sessions = await connection.run<{ id: string; seq: number }>({
      text: `select id, last_seq as seq from sessions order by updated_ms desc, id desc limit ${KEPT}`,
    });
    for (const { id, seq } of sessions.toReversed()) this.#keep(id, seq);
  }

  #keep(sessionId: string, seq: number): void {
    this.#newest.delete(sessionId);
    this.#newest.set(sessionId, { sessionId, seq });
    const [oldest] = this.#newest.keys();
    if (this.#newest.size > KEPT && oldest !== undefined) this.#newest.delete(oldest);
  }

  /** The session is about to be deleted. */
  forget(sessionId: string): void {
    this.#newest.delete(sessionId);
  }

  /** Whether the database behind this connection has it (also when nothing was confirmed), or where its session stands instead. */
  async lookIn(connection: Queryable): Promise<'there' | 'behind' | 'gone'> {
    const expected = this.#last();
    if (expected === undefined) return 'there';
    const [session] = await connection.run<{ last_seq: number }>({
      text: 'select last_seq from sessions where id = $1',
      values: [expected.sessionId],
    });
    if (this.#last() !== expected) return 'there';
    if (session === undefined) return 'gone';
    return session.last_seq >= expected.seq ? 'there' : 'behind';
  }

  #last(): { sessionId: string; seq: number } | undefined {
    return [...this.#newest.values()].at(-1);
  }
}

/** Says in the database that it lacks what it had confirmed. */
export async function markLost(connection: Queryable): Promise<void> {
  await connection.run({
    text: 'insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
    values: [LOST_COMMITS, new Date().toISOString()],
  });
}
