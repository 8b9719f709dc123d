import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerText, assertOrdered, Bench, ofType } from '@hearth/conformance';
import { reply, startPostgres } from '@hearth/testkit';
import type { MessagesApi, PostgresServer } from '@hearth/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CliProcess, runCli } from './cli-process.ts';
import { isAlive, modelRequests, Place, scriptedApi, serveInVain, ServerProcess } from './server-process.ts';

const SERVER = fileURLToPath(new URL('../../packages/server/', import.meta.url));

/** The part of the driver that these tests use; it belongs to the server's package. */
interface Driver {
  new (path: string): { exec(sql: string): unknown; close(): void };
}

let postgres: PostgresServer;
let api: MessagesApi;
let bench: Bench;
let schemas = 0;
const places: Place[] = [];
const servers: ServerProcess[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ fsync: true });
  api = await scriptedApi();
});

afterEach(async () => {
  for (const server of servers.splice(0)) if (isAlive(server.pid)) await server.stop();
  for (const place of places.splice(0)) place.remove();
  api.reset();
});

afterAll(async () => {
  await api.close();
  await postgres.close();
});

function newPlace(): Place {
  const place = new Place();
  places.push(place);
  return place;
}

function freshUrl(): string {
  schemas += 1;
  return `${postgres.url}?schema=m${schemas}`;
}

async function serve(place: Place, url?: string, flags: string[] = []): Promise<ServerProcess> {
  const server = await ServerProcess.start(place, api, {
    agent: 'claude',
    flags,
    env: { HEARTH_RETRY_DELAYS_MS: '200,400', ...(url === undefined ? {} : { HEARTH_DATABASE_URL: url }) },
  });
  servers.push(server);
  bench = new Bench(server.target('claude', api));
  return server;
}

async function cli(place: Place, args: string[], env: Record<string, string> = {}) {
  const done = await runCli(place, args, { env });
  expect(done.stdout + done.stderr).not.toContain(postgres.password);
  return done;
}

async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const address = new URL(url);
  const schema = address.searchParams.get('schema');
  address.search = '';
  const client = new Client({ connectionString: address.href, options: `-c search_path=${schema}` });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

function runSql(database: string, sql: string): void {
  const Database = createRequire(join(SERVER, 'package.json'))('better-sqlite3') as Driver;
  const raw = new Database(database);
  raw.exec(sql);
  raw.close();
}

describe('hearth migrate-to and hearth migrate-from', () => {
  test('[MOV6] a conversation with an account goes on in PostgreSQL with the turn that waits and the queue, and then at home again', async () => {
    const url = freshUrl();
    const place = newPlace();
    const first = await serve(place);
    const account = { kind: 'api_key', apiKey: 'key-one', label: 'one', baseUrl: api.url };
    expect((await bench.http('POST', '/v1/accounts', { body: account })).status).toBe(201);
    const { id } = await bench.session({ allowedTools: ['Bash'] });
    const before = await bench.watch(id);
    await bench.turn(before, id, 'my name is Ada');
    let resetsAt = 0;
    api.setScript((request) => {
      const hasResult = JSON.stringify(request.body.messages.at(-1)).includes('tool_result');
      if (!request.isSideRequest && hasResult && resetsAt === 0) resetsAt = Math.ceil(Date.now() / 1000) + 30;
      if (resetsAt * 1000 <= Date.now()) return undefined;
      return reply().status(429, {
        headers: {
          'anthropic-ratelimit-unified-status': 'rejected',
          'anthropic-ratelimit-unified-representative-claim': 'five_hour',
          'anthropic-ratelimit-unified-reset': String(resetsAt),
        },
      });
    });
    await bench.send(id, '[[tool Bash {"command":"echo ran >> ran.txt; echo hello"}]] [[say done]]');
    await bench.send(id, '[[say and this]]', { priority: 'later' });
    await expect.poll(async () => (await bench.read(id)).phase, { timeout: 60_000 }).toBe('retrying');
    const refused = await cli(place, ['migrate-to'], { HEARTH_DATABASE_URL: url });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`pid ${first.pid}`);
    await first.stop();
    const { seq: lastSeen = 0 } = before.of(id).at(-1) ?? {};

    const moved = await cli(place, ['migrate-to'], { HEARTH_DATABASE_URL: url });

    expect(moved.stderr).toMatch(/^compared events: \d+ rows$/m);
    expect(moved).toMatchObject({ code: 0 });
    expect(moved.stdout).toMatch(/^events +\d+ +\d+ +(\w{16}) +\1 +the same$/m);
    expect(moved.stdout).toMatch(/^moved 1 session, \d+ events, 3 messages from .*hearth\.db on \S+ to postgres:/m);
    expect(moved.stdout).toMatch(/HEARTH_DATABASE_URL[\s\S]*token and secret\.key[\s\S]*migrate-to --undo/);
    const old = await serveInVain(place, api, { agent: 'claude' });
    expect(old.code).toBe(1);
    expect(old.output).toMatch(/was moved to postgres:.*\n.*→ Set HEARTH_DATABASE_URL/);
    expect((await cli(place, ['doctor'])).stdout).toMatch(/✗ database .* was moved to postgres:/);
    rmSync(`${place.claudeConfig}/projects`, { recursive: true, force: true });
    const inPostgres = await serve(place, url);
    const waiting = await bench.read(id);
    expect([waiting.phase, waiting.queue.length]).toEqual(['retrying', 1]);
    const after = await bench.watch(id, lastSeen);
    await expect.poll(async () => (await bench.read(id)).phase, { timeout: 60_000 }).toBe('idle');
    expect(readFileSync(join(place.workspace, 'ran.txt'), 'utf8')).toBe('ran\n');
    expect(answerText(await bench.turn(after, id, 'what is my name?'))).toBe('echo: what is my name?');
    expect(api.requests.at(-1)?.apiKey).toBe('key-one');
    expect(modelRequests(api).at(-1)?.userTexts[0]).toBe('my name is Ada');
    await inPostgres.stop();

    const elsewhere = newPlace();
    const back = await cli(elsewhere, ['migrate-from'], { HEARTH_DATABASE_URL: url });
    expect(back).toMatchObject({ code: 0 });
    expect(back.stdout).toMatch(/copy secret\.key/);
    const away = await serveInVain(place, api, { agent: 'claude', env: { HEARTH_DATABASE_URL: url } });
    expect(away.output).toMatch(/was moved to .*hearth\.db/);
    const doctor = await cli(place, ['doctor'], { HEARTH_DATABASE_URL: url });
    expect(doctor.stdout).toMatch(/✗ postgres .* was moved to .*hearth\.db/);
    const home = await cli(place, ['migrate-from', '--undo'], { HEARTH_DATABASE_URL: url });
    expect(home.stdout).toMatch(/can be used again/);
    const again = await cli(place, ['migrate-from'], { HEARTH_DATABASE_URL: url });
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toMatch(/kept as .*hearth-moved-/);

    await serve(place);
    const { seq: lastThere = 0 } = after.of(id).at(-1) ?? {};
    const last = await bench.watch(id, lastThere);
    expect(answerText(await bench.turn(last, id, 'and now?'))).toBe('echo: and now?');
    expect(api.requests.at(-1)?.apiKey).toBe('key-one');
    expect(modelRequests(api).at(-1)?.userTexts).toEqual([
      'my name is Ada',
      '[[tool Bash {"command":"echo ran >> ran.txt; echo hello"}]] [[say done]]',
      '[[say and this]]',
      'what is my name?',
      'and now?',
    ]);
    const log = await bench.log(id);
    assertOrdered(log);
    expect(ofType(log, 'turn.completed')).toHaveLength(5);
    expect(existsSync(join(elsewhere.data, 'hearth.db'))).toBe(true);
  });

  test('[MOV3] killed while it copies and while it compares, the same command goes on and ends it', async () => {
    const url = freshUrl();
    const place = newPlace();
    const env = { HEARTH_DATABASE_URL: url };
    await cli(place, ['run', '--agent', 'scripted', '[[say Hello]]']);
    runSql(
      join(place.data, 'hearth.db'),
      `with recursive numbers (n) as (select 1000 union all select n + 1 from numbers where n < 200000)
       insert into events (session_key, seq, type, body)
       select 1, n, 'notice', json_object('seq', n, 'text', printf('%.300c', 'x')) from numbers;
       update sessions set last_seq = 200000`,
    );
    const copied = async (): Promise<number> => {
      const rows = await ask<{ value: string }>(url, `select value from meta where name = 'move_in'`).catch(() => []);
      const { copied: tables = {} } = JSON.parse(rows[0]?.value ?? '{}') as { copied?: Record<string, number> };
      return tables['events'] ?? 0;
    };

    const first = new CliProcess(place, ['migrate-to', url]);
    await first.wrote('stderr', 'copying events: ');
    expect(first.stderr).toMatch(/password in the address could be seen/);
    expect(readFileSync(`/proc/${first.pid}/cmdline`, 'utf8')).not.toContain(postgres.password);
    await expect.poll(copied, { interval: 10, timeout: 30_000 }).toBeGreaterThan(10_000);
    first.kill('SIGKILL');
    await first.ended;
    const atFirst = await copied();
    expect(atFirst).toBeLessThan(199_001);
    const half = await serveInVain(place, api, { agent: 'scripted', env });
    expect(half.output).toMatch(/is half of a move from .*hearth\.db.*\n.*→ Run the same move again/);

    const second = new CliProcess(place, ['migrate-to'], { env });
    await second.wrote('stderr', 'going on where the last run stopped');
    await second.wrote('stderr', 'comparing events: ');
    second.kill('SIGKILL');
    await second.ended;
    expect(second.stderr).toMatch(/copying events: [\d,]+ rows, [\d,]+ of them done/);
    const stopped = new CliProcess(place, ['migrate-to'], { env });
    await stopped.wrote('stderr', 'comparing events: ');
    stopped.kill('SIGTERM');
    expect(await stopped.ended).toBe(1);
    expect(stopped.stderr).toMatch(/Stopped\.\n.*the same command goes on/i);
    const third = await cli(place, ['migrate-to', '--json'], env);
    for (const { stderr } of [first, second, stopped]) expect(stderr).not.toContain(postgres.password);

    expect(third.code).toBe(0);
    const { tables } = JSON.parse(third.stdout) as {
      tables: { table: string; source: { rows: number }; same: boolean }[];
    };
    expect(tables.every(({ same }) => same)).toBe(true);
    const [{ count } = { count: '' }] = await ask<{ count: string }>(url, 'select count(*) as count from events');
    expect(Number(count)).toBe(tables.find(({ table }) => table === 'events')?.source.rows);
    expect(Number(count)).toBeGreaterThan(199_001);
    await serve(place, url);
  });

  test('[MOV2] says what to do when an address is wrong, and shows no password', async () => {
    const place = newPlace();
    const { password } = postgres;
    const none = await cli(place, ['migrate-to']);
    expect(none.stderr).toMatch(/No PostgreSQL database is named[\s\S]*HEARTH_DATABASE_URL/);
    const other = await cli(place, ['migrate-to', `mysql://root:${password}@localhost/x`]);
    expect(other.stderr).toMatch(/not one of PostgreSQL/);
    const odd = await cli(place, ['migrate-to', `postgres://root:${password}@localhost/x?speed=9`]);
    expect(odd.stderr).toMatch(/parameter "speed"/);
    const away = await cli(place, ['migrate-from', `postgres://root:${password}@127.0.0.1:9/x`]);
    expect(away.stderr).toMatch(/does not answer/);
    expect(away.stderr).toMatch(/could be seen by others/);
    expect(existsSync(join(place.data, 'hearth.db'))).toBe(false);
    for (const { code } of [none, other, odd, away]) expect(code).toBe(1);
  });
});
