import { sqlSessions } from '../sql/sessions.ts';
import type { SessionStore } from '../store.ts';
import type { Connection } from './connection.ts';

/** Events that one step of a removal takes: a statement stays short, and vacuum can begin on what is gone. */
const REMOVED_PER_STEP = 5_000;

/** The messages and the record go with it. */
const HIDE = `
with gone as (delete from sessions where id = $1 returning key)
insert into removed_sessions (session_key) select key from gone`;

/** Each step goes on where the last one ended, so that none walks over what others have removed. */
const REMOVE_EVENTS = `
with step as materialized (
  select session_key, seq from events where session_key = $1 and seq > $2 order by seq limit ${REMOVED_PER_STEP}
), removed as (
  delete from events using step where events.session_key = step.session_key and events.seq = step.seq
)
select max(seq) as upto from step`;

export function postgresSessions(connection: Connection): SessionStore & { finishRemovals(): Promise<void> } {
  const { db, landmark, queries, query, transaction } = connection;

  async function finishRemovals(): Promise<void> {
    const removed = await query(() => db.selectFrom('removed_sessions').select('session_key').execute());
    for (const { session_key: key } of removed) {
      let after: number | null = 0;
      while (after !== null) {
        const from: number = after;
        const [step] = await query(() =>
          queries.run<{ upto: number | null }>({ name: 'remove events', text: REMOVE_EVENTS, values: [key, from] }),
        );
        after = step?.upto ?? null;
      }
      await query(() => db.deleteFrom('removed_sessions').where('session_key', '=', key).execute());
    }
  }

  return {
    ...sqlSessions(connection, 'strpos'),
    delete: async (sessionId) => {
      landmark.forget(sessionId);
      await transaction({
        run: async (inside) => {
          await inside.run({ text: HIDE, values: [sessionId] });
        },
        // A session that is gone is not removed twice.
        wasDone: () => Promise.resolve(false),
      });
      await finishRemovals();
    },
    finishRemovals,
  };
}
