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
const NEWEST = 100;
const LONG = 'long';
const YEAR = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 3_600_000;
const YEAR_MS = 364 * 24 * 3_600_000;
/** Turns come as fast in a small database as in a large one, of which this many make a year. */
const TURNS_IN_YEAR = 100_000;

export interface Size {
  /** Each has `eventsEach`, and those of all are mixed on disk, as if all had been active together. */
  sessions: number;
  eventsEach: number;
  /** Events of one more session, which lie together. */
  long: number;
}

/** Median times of what a server does, ms. */
export interface Times {
  commitOne: number;
  commitTwenty: number;
  /** The last 1,000 events of the long session. */
  endOfLong: number;
  /** The last 100 events of one of the others. */
  newest: number;
  /** The last 1,000 events of one of the others, which lie on as many pages. */
  scattered: number;
  list: number;
  usageOfDay: number;
  usageOfYear: number;
}

let store: Store | null = null;
let size: Size = { sessions: 0, eventsEach: 0, long: 0 };
let appended = 0;

/** Makes the database, as a server would have filled it. */
async function fill(url: string, schema: string, wanted: Size): Promise<void> {
  size = wanted;
  appended = wanted.eventsEach;
  store = await openPostgresStore({ url: `${url}?schema=${schema}` });
  await insertSessions(store, [...Array.from({ length: wanted.sessions }, (_, index) => `session-${index}`), LONG]);
  const client = new Client({ connectionString: url, options: `-c search_path=${schema}` });
  await client.connect();
  const insert = `insert into events (session_key, seq, type, body) select s.key, g, 'notice', $2::text || g
    from generate_series(1, $1::int) g cross join sessions s`;
  const body = `{"type":"notice","text":"${'.'.repeat(CHARS)}"}`;
  await client.query(`${insert} where s.id = $3 order by g`, [wanted.long, body, LONG]);
  await client.query(`${insert} where s.id <> $3 order by g, s.key`, [wanted.eventsEach, body, LONG]);
  await client.query('update sessions set last_seq = case when id = $1 then $2::int else $3::int end', [
    LONG,
    wanted.long,
    wanted.eventsEach,
  ]);
  await client.query(
    `insert into turn_usage (turn_id, session_id, agent, model, account_id, user_name, time_ms, day, input_tokens,
       output_tokens, cache_read_tokens, cache_creation_tokens, cost_nano_usd)
     select 'turn-' || t, 'session-' || t % $2::int, 'claude', 'model', 'default', 'owner', at,
       to_char(to_timestamp(at / 1000) at time zone 'UTC', 'YYYY-MM-DD'), 100, 100, 0, 0, 1000
     from generate_series(1, $1::int) t, lateral (select $3::bigint + t::bigint * $4::bigint as at) time`,
    [
      (wanted.sessions * wanted.eventsEach + wanted.long) / EVENTS_PER_TURN,
      wanted.sessions,
      YEAR,
      Math.floor(YEAR_MS / TURNS_IN_YEAR),
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
  const read = async (sessionId: string, last: number, count: number): Promise<void> => {
    const wanted = Math.min(count, last);
    const got = await events.read(sessionId, last - wanted, wanted, PAGE_BYTES);
    if (got.length !== wanted) throw new Error(`${got.length} events of ${sessionId}, not ${wanted}`);
  };
  const usageOf = (days: number) => async (): Promise<void> => {
    await usage.report('day', new Date(YEAR).toISOString(), new Date(YEAR + days * DAY_MS).toISOString());
  };
  return {
    commitOne: await timed((n) => append(n, 1)),
    commitTwenty: await timed((n) => append(n, 20)),
    endOfLong: await timed(() => read(LONG, size.long, PAGE)),
    newest: await timed((n) => read(any(n), size.eventsEach, NEWEST)),
    scattered: await timed((n) => read(any(n), size.eventsEach, PAGE)),
    list: await timed(() => sessions.list({ limit: 20 })),
    usageOfDay: await timed(usageOf(1)),
    usageOfYear: await timed(usageOf(364), 10),
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

async function timed(work: (n: number) => Promise<unknown>, times = TIMES): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const began = performance.now();
    await work(n);
    took.push(performance.now() - began);
  }
  return median(took);
}

serveRole({ fill, probe, close });
