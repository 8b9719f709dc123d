import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { claimForServer } from '../move/marks.ts';
import { keyOf, MOVED_TABLES } from '../move/tables.ts';
import type { MovedTable, Row } from '../move/tables.ts';
import { restoredLog } from '../restored-log.ts';
import type { RestoredLog } from '../restored-log.ts';
import { postgresAddress } from './address.ts';
import { claimDatabase } from './claim.ts';
import type { Connection } from './connection.ts';
import { LOST_COMMITS } from './landmark.ts';
import { refuseEmpty } from './move-database.ts';
import { readPage } from './page.ts';
import type { Queryable } from './pool.ts';

export interface RestoredOptions {
  url: string;
  version: string;
  now: Date;
  newId?: () => string;
}

export interface RenewedDatabase {
  database: string;
  sessions: number;
  conversations: number;
  accounts: number;
}

/**
 * Makes a database that was put back to a former state by PostgreSQL's own means fit to go on from, as `hearth restore` does
 * with a file: numbers go on above all that clients can have seen, conversations get new ids, and no account is being renewed.
 * All of it in one transaction; done twice it does no harm.
 * @throws HearthError when a server uses the database, and as a server's start does
 */
export async function renewRestored({
  url,
  version,
  now,
  newId = randomUUID,
}: RestoredOptions): Promise<RenewedDatabase> {
  const address = postgresAddress(url);
  await refuseEmpty(address);
  const { connection, close } = await claimDatabase({ address, version, onDeposed: () => {} });
  try {
    await claimForServer(connection);
    return await renew(connection, now, newId);
  } finally {
    await close();
  }
}

/** Does the same when a server has found that the database lacks what it had confirmed. @returns whether that was so */
export async function renewAfterLoss(connection: Connection): Promise<boolean> {
  const { queries, query } = connection;
  const marked = await query(() =>
    queries.run({ text: 'select 1 as found from meta where name = $1', values: [LOST_COMMITS] }),
  );
  if (marked.length === 0) return false;
  await renew(connection, new Date(), randomUUID);
  return true;
}

function renew(connection: Connection, now: Date, newId: () => string): Promise<RenewedDatabase> {
  const restoredAt = now.toISOString();
  return connection.transaction({
    run: async (inside) => {
      const renewed = await renewConversations(inside, newId);
      const sessions = await renewLogs(inside, renewed.bySession, now);
      const accounts = await inside.run({
        text: 'update accounts set refresh_holder = null, refresh_until_ms = null returning id',
      });
      await inside.run({ text: 'delete from meta where name = $1', values: [LOST_COMMITS] });
      await inside.run({
        text: `insert into meta (name, value) values ('restored_at', $1)
          on conflict (name) do update set value = excluded.value`,
        values: [restoredAt],
      });
      return {
        database: connection.name,
        sessions,
        conversations: renewed.conversations,
        accounts: accounts.length,
      };
    },
    wasDone: async (inside) => {
      const found = await inside.run({
        text: `select 1 as found from meta where name = 'restored_at' and value = $1`,
        values: [restoredAt],
      });
      return found.length > 0;
    },
  });
}

/** Gives each stored conversation a new id. @returns the new ids by the session's key */
async function renewConversations(
  inside: Queryable,
  newId: () => string,
): Promise<{ bySession: Map<number, string>; conversations: number }> {
  const transcripts = await inside.run<{ key: number; id: string }>({
    text: 'select key, agent_session_id as id from transcripts order by key',
  });
  const newIds = new Map([...new Set(transcripts.map(({ id }) => id))].map((id) => [id, newId()]));
  const olds = new Map(transcripts.map(({ key, id }) => [key, id]));
  for await (const rows of pages(inside, 'transcript_entries')) {
    const renewed = rows.flatMap(([key, number, , body]) => {
      const old = olds.get(Number(key));
      const entry = JSON.parse(String(body)) as { sessionId?: unknown };
      if (old === undefined || entry.sessionId !== old) return [];
      return [{ key, number, body: JSON.stringify({ ...entry, sessionId: newIds.get(old) }) }];
    });
    await inside.run({
      text: `update transcript_entries t set body = n.body
        from unnest($1::bigint[], $2::bigint[], $3::text[]) as n (transcript_key, number, body)
        where t.transcript_key = n.transcript_key and t.number = n.number`,
      values: [renewed.map((each) => each.key), renewed.map((each) => each.number), renewed.map((each) => each.body)],
    });
  }
  await inside.run({
    text: `update transcripts t set agent_session_id = n.new, summary = replace(t.summary, n.old, n.new)
      from unnest($1::text[], $2::text[]) as n (old, new) where t.agent_session_id = n.old`,
    values: [[...newIds.keys()], [...newIds.values()]],
  });
  const bySession = new Map<number, string>();
  for await (const rows of pages(inside, 'session_records')) {
    const renewed = rows.flatMap(([key, resource, core]) => {
      const state = JSON.parse(String(core)) as { agentSessionId?: string };
      const agentSessionId = newIds.get(state.agentSessionId ?? '');
      if (agentSessionId === undefined) return [];
      bySession.set(Number(key), agentSessionId);
      const session = JSON.parse(String(resource)) as object;
      return [
        {
          key,
          resource: JSON.stringify({ ...session, agentSessionId }),
          core: JSON.stringify({ ...state, agentSessionId }),
        },
      ];
    });
    await inside.run({
      text: `update session_records r set resource = n.resource, core = n.core
        from unnest($1::bigint[], $2::text[], $3::text[]) as n (key, resource, core) where r.session_key = n.key`,
      values: [renewed.map((each) => each.key), renewed.map((each) => each.resource), renewed.map((each) => each.core)],
    });
  }
  return { bySession, conversations: newIds.size };
}

/** @returns how many sessions there are */
async function renewLogs(inside: Queryable, conversations: ReadonlyMap<number, string>, now: Date): Promise<number> {
  let sessions = 0;
  for await (const rows of pages(inside, 'sessions')) {
    sessions += rows.length;
    const logs = rows.map(([key, id, lastSeq, standing]): RestoredLog & { key: number } => ({
      key: Number(key),
      ...restoredLog(
        {
          id: String(id),
          standing: String(standing),
          lastSeq: Number(lastSeq),
          lastKnown: Number(lastSeq),
          agentSessionId: conversations.get(Number(key)),
        },
        now,
        undefined,
      ),
    }));
    const events = logs.flatMap(({ key, events: some }) => some.map((event) => ({ key, ...event })));
    await inside.run({
      text: `insert into events (session_key, seq, type, body)
        select n.key, n.seq, n.type, n.body
        from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as n (key, seq, type, body)`,
      values: [
        events.map((event) => event.key),
        events.map((event) => event.seq),
        events.map((event) => event.type),
        events.map((event) => event.body),
      ],
    });
    await inside.run({
      text: `update sessions s set last_seq = n.last_seq from unnest($1::bigint[], $2::bigint[]) as n (key, last_seq)
        where s.key = n.key`,
      values: [logs.map(({ key }) => key), logs.map(({ lastSeq }) => lastSeq)],
    });
  }
  return sessions;
}

/** All rows of a table, so many at a time as memory bears. */
async function* pages(inside: Queryable, name: MovedTable['name']): AsyncGenerator<Row[]> {
  const table = MOVED_TABLES.find((each) => each.name === name);
  if (table === undefined) throw new Error(`no table is called ${name}`);
  let after: Row | null = null;
  let rows: Row[];
  while ((rows = await readPage(inside, table, after, hostname())).length > 0) {
    after = keyOf(table, rows.at(-1) ?? []);
    yield rows;
  }
}
