import type { ProcessStore } from '../store.ts';
import type { Connection } from './connection.ts';

interface Row {
  pid: number;
  start_ticks: string;
  session_id: string;
  started_at: string;
}

/**
 * Agent processes of one machine: the database may have been used from another before, whose pids mean nothing here.
 * @param host name of this machine
 */
export function postgresProcesses({ queries, query }: Connection, host: string): ProcessStore {
  return {
    add: ({ pid, startTicks, sessionId, startedAt }) =>
      query(async () => {
        await queries.run({
          text: `insert into processes (host, pid, start_ticks, session_id, started_at) values ($1, $2, $3, $4, $5)
            on conflict (host, pid, start_ticks)
              do update set session_id = excluded.session_id, started_at = excluded.started_at`,
          values: [host, pid, startTicks, sessionId, startedAt],
        });
      }),
    remove: (pid, startTicks) =>
      query(async () => {
        await queries.run({
          text: 'delete from processes where host = $1 and pid = $2 and start_ticks = $3',
          values: [host, pid, startTicks],
        });
      }),
    list: () =>
      query(async () => {
        const rows = await queries.run<Row>({
          text: `select pid, start_ticks, session_id, started_at from processes
            where host = $1 order by started_at, pid`,
          values: [host],
        });
        return rows.map((row) => ({
          pid: row.pid,
          startTicks: row.start_ticks,
          sessionId: row.session_id,
          startedAt: row.started_at,
        }));
      }),
  };
}
