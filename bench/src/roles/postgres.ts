import { Client } from 'pg';
import { openPostgresStore } from '../../../packages/server/src/store/postgres/open.ts';
import { serveRole } from '../role.ts';
import { appendThroughLog, eventsPerSecond, plainRound } from './append-load.ts';
import type { Load } from './append-load.ts';

const PAGE = 1_000;
const PAGE_BYTES = 512 * 1024;
/** Rounds of reading that one measurement takes. */
const READS = 5;

/** Every session appends and waits until it is stored, then appends again. @returns events per second */
async function throughLog(url: string, load: Load): Promise<number> {
  const store = await openPostgresStore({ url });
  try {
    return await appendThroughLog(store, load);
  } finally {
    await store.close();
  }
}

/** The same events encoded and inserted into a table of the same key: one statement, and one commit, for each round of all sessions. */
async function plain(url: string, schema: string, load: Load): Promise<number> {
  const client = await connected(url);
  await client.query(
    `create schema ${schema}; create table ${schema}.events (session bigint, seq bigint, body text, primary key (session, seq))`,
  );
  const text = '.'.repeat(load.chars);
  const time = new Date().toISOString();
  const began = performance.now();
  for (let round = 0; round < load.appends; round += 1) {
    const [sessions, seqs, bodies]: [number[], number[], string[]] = [[], [], []];
    for (const [session, seq, body] of plainRound(load, text, time, round)) {
      sessions.push(session);
      seqs.push(seq);
      bodies.push(body);
    }
    await client.query({
      name: 'insert',
      text: `insert into ${schema}.events select * from unnest($1::bigint[], $2::bigint[], $3::text[])`,
      values: [sessions, seqs, bodies],
    });
  }
  const rate = eventsPerSecond(load, began);
  await client.end();
  return rate;
}

/** Reads the log of the first session, as a client that comes back does. @returns events per second */
async function readBack(url: string): Promise<number> {
  const store = await openPostgresStore({ url });
  let events = 0;
  const began = performance.now();
  for (let n = 0; n < READS; n += 1) {
    for (let after = 0; ;) {
      const page = await store.events.read('session-0', after, PAGE, PAGE_BYTES);
      if (page.length === 0) break;
      events += page.length;
      after = page.at(-1)?.seq ?? 0;
    }
  }
  const rate = events / ((performance.now() - began) / 1000);
  await store.close();
  return rate;
}

/** The same events from the plain table, in pages as large. */
async function plainReadBack(url: string, schema: string): Promise<number> {
  const client = await connected(url);
  let events = 0;
  const began = performance.now();
  for (let n = 0; n < READS; n += 1) {
    for (let after = 0; ;) {
      const { rows } = await client.query<{ seq: string; body: string }>({
        name: 'page',
        text: `select seq, body from ${schema}.events where session = 0 and seq > $1 order by seq limit ${PAGE}`,
        values: [after],
      });
      if (rows.length === 0) break;
      events += rows.length;
      after = Number(rows.at(-1)?.seq);
    }
  }
  const rate = events / ((performance.now() - began) / 1000);
  await client.end();
  return rate;
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

serveRole({ throughLog, plain, readBack, plainReadBack });
