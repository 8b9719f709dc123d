import type { ProcessStore } from '../store.ts';
import type { Connection } from './connection.ts';

export function sqliteProcesses({ db, query }: Connection): ProcessStore {
  return {
    add: (record) =>
      query(async () => {
        const row = { session_id: record.sessionId, started_at: record.startedAt };
        await db
          .insertInto('processes')
          .values({ pid: record.pid, start_ticks: record.startTicks, ...row })
          .onConflict((conflict) => conflict.columns(['pid', 'start_ticks']).doUpdateSet(row))
          .execute();
      }),
    remove: (pid, startTicks) =>
      query(async () => {
        await db.deleteFrom('processes').where('pid', '=', pid).where('start_ticks', '=', startTicks).execute();
      }),
    list: () =>
      query(async () => {
        const rows = await db.selectFrom('processes').selectAll().orderBy('started_at').orderBy('pid').execute();
        return rows.map((row) => ({
          pid: row.pid,
          startTicks: row.start_ticks,
          sessionId: row.session_id,
          startedAt: row.started_at,
        }));
      }),
  };
}
