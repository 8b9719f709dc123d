import { openPostgresStore } from '../../../packages/server/src/store/postgres/open.ts';
import type { LogEntry, SessionBatch, Store } from '../../../packages/server/src/store/store.ts';
import { Client } from 'pg';
import { insertSessions } from '../fixtures.ts';
import { median } from '../measure/distribution.ts';
import { serveRole } from '../role.ts';

const CHARS = 200;
const EVENTS_PER_TURN = 100;
const TIMES = 100;
const PAGE = 1_000;
const PAGE_BYTES = 512 * 1024;
const WEEK_MS = 7 * 24 * 3_600_000;

export interface Size {
  events: number;
  /** Each has as many of the events, and those of all are mixed on disk, as if all had been active together. */
  sessions: number;
}

/** Median times of what a server does, ms. */
export interface Times {
  commitOne: number;
  commitTwenty: number;
  catchUp: number;
  list: number;
  usageOfWeek: number;
}

let store: Store | null = null;
let size: Size = { events: 0, sessions: 0 };
let appended = 0;

/** Makes the database, as a server would have filled it. */
async function fill(url: string, schema: string, wanted: Size): Promise<void> {
  size = wanted;
  appended = wanted.events / wanted.sessions;
  store = await openPostgresStore({ url: `${url}?schema=${schema}` });
  await insertSessions(
    store,
    Array.from({ length: wanted.sessions }, (_, index) => `session-${index}`),
  );
  const client = new Client({ connectionString: url, options: `-c search_path=${schema}` });
  await client.connect();
  await client.query(
    `insert into events (session_key, seq, type, body)
     select s.key, g, 'notice', $2::text || g from generate_series(1, $1::int) g cross join sessions s order by g, s.key`,
    [appended, `{"type":"notice","text":"${'.'.repeat(CHARS)}"}`],
  );
  await client.query('update sessions set last_seq = $1', [appended]);
  await client.query(
    `insert into turn_usage (turn_id, session_id, agent, model, account_id, user_name, time_ms, day, input_tokens,
       output_tokens, cache_read_tokens, cache_creation_tokens, cost_nano_usd)
     select 'turn-' || t, 'session-' || t % $2::int, 'claude', 'model', 'default', 'owner', at,
       to_char(to_timestamp(at / 1000), 'YYYY-MM-DD'), 100, 100, 0, 0, 1000
     from generate_series(1, $1::int) t, lateral (select $3::bigint + t::bigint * $4::bigint as at) time`,
    [
      wanted.events / EVENTS_PER_TURN,
      wanted.sessions,
      Date.UTC(2026, 0, 1),
      Math.floor((52 * WEEK_MS * EVENTS_PER_TURN) / wanted.events),
    ],
  );
  await client.query('vacuum analyze');
  await client.query('checkpoint');
  await client.end();
}

async function probe(): Promise<Times> {
  const opened = store;
  if (opened === null) throw new Error('fill it first');
  const { events, sessions, usage } = opened;
  const any = (n: number): string => `session-${(n * 7_919) % size.sessions}`;
  const append = async (n: number, count: number): Promise<void> => {
    const first = appended + 1;
    appended += 3;
    await events.append(Array.from({ length: count }, (_, index) => batch(any(n + index), first)));
  };
  const from = new Date(Date.UTC(2026, 5, 1)).toISOString();
  const to = new Date(Date.UTC(2026, 5, 1) + WEEK_MS).toISOString();
  return {
    commitOne: await timed((n) => append(n, 1)),
    commitTwenty: await timed((n) => append(n, 20)),
    catchUp: await timed((n) => events.read(any(n), Math.max(0, size.events / size.sessions - PAGE), PAGE, PAGE_BYTES)),
    list: await timed(() => sessions.list({ limit: 50 })),
    usageOfWeek: await timed(() => usage.report('day', from, to)),
  };
}

async function close(): Promise<void> {
  await store?.close();
  store = null;
}

function batch(sessionId: string, first: number): SessionBatch {
  const entries = Array.from({ length: 3 }, (_, index): LogEntry => {
    const seq = first + index;
    return { seq, type: 'notice', body: JSON.stringify({ type: 'notice', seq, text: '.'.repeat(CHARS) }) };
  });
  return { sessionId, entries, compact: [], messages: [], usage: [] };
}

async function timed(work: (n: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < TIMES; n += 1) {
    const began = performance.now();
    await work(n);
    times.push(performance.now() - began);
  }
  return median(times);
}

serveRole({ fill, probe, close });
