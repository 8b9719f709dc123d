import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { answerText, assertOrdered, Bench, blockTexts, idle, ofType } from '@hearth/conformance';
import { startPostgres } from '@hearth/testkit';
import type { MessagesApi, PostgresServer } from '@hearth/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './cli-process.ts';
import { isAlive, modelRequests, Place, scriptedApi, serveInVain, ServerProcess } from './server-process.ts';

let postgres: PostgresServer;
let api: MessagesApi;
let bench: Bench;
const places: Place[] = [];
const servers: ServerProcess[] = [];
let schemas = 0;

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
  return `${postgres.url}?schema=s${schemas}`;
}

async function serve(
  place: Place,
  url: string,
  { agent = 'claude', flags = [] }: { agent?: string; flags?: string[] } = {},
): Promise<ServerProcess> {
  const server = await ServerProcess.start(place, api, { agent, flags, env: { HEARTH_DATABASE_URL: url } });
  servers.push(server);
  bench = new Bench(server.target(agent, api));
  return server;
}

async function ready(server: ServerProcess): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${server.url}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

async function ask(text: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(text);
  await client.end();
}

describe('a server over PostgreSQL', () => {
  test('[RES1][RES2] stopped, killed and started on another machine: the conversation goes on', async () => {
    const url = freshUrl();
    const place = newPlace();
    const first = await serve(place, url);
    const { id } = await bench.session();
    await bench.turn(await bench.watch(id), id, 'my name is Ada');
    expect(await first.stop()).toBe(0);

    const second = await serve(place, url);
    const socket = await bench.watch(id);
    await bench.send(id, '[[tokens 200 20]]');
    await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 5);
    await second.stop('SIGKILL');
    const seen = socket.of(id);

    // Neither the data directory nor the binary's own files come along.
    rmSync(`${place.claudeConfig}/projects`, { recursive: true, force: true });
    const elsewhere = newPlace();
    await serve(elsewhere, url, { flags: ['--workspace', place.workspace] });
    const after = await bench.watch(id, seen.at(-1)?.seq ?? 0);
    await idle(after, id);
    const events = await bench.turn(after, id, 'what is my name?');

    expect(answerText(events)).toBe('echo: what is my name?');
    expect(modelRequests(api).at(-1)?.userTexts[0]).toBe('my name is Ada');
    const log = await bench.log(id);
    assertOrdered(log);
    expect(ofType(log, 'turn.interrupted').map((event) => event.by)).toEqual(['crash']);
    expect(seen.every((event) => event.type === 'block.delta' || log.some(({ seq }) => seq === event.seq))).toBe(true);
  });

  test.each([
    ['is killed', () => postgres.kill(), () => postgres.start()],
    ['is restarted', () => postgres.stop(), () => postgres.start()],
    [
      'stands still',
      () => {
        postgres.pause();
        return Promise.resolve();
      },
      () => {
        postgres.resume();
        return Promise.resolve();
      },
    ],
  ])(
    '[STO13][LOG1] PostgreSQL %s in mid-turn: nothing is told that is not stored, and the turn comes to its end',
    async (_, away, back) => {
      const server = await serve(newPlace(), freshUrl(), { agent: 'scripted' });
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.send(id, '[[tokens 150 10]]');
      await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 5);

      await away();
      const unready = await ready(server);
      const waiting = bench.send(id, '[[say after that]]', { priority: 'later' });
      await back();
      await waiting;
      await idle(socket, id);

      expect(unready.status).toBe(503);
      expect(unready.text).toMatch(/postgres:\/\/127\.0\.0\.1:\d+\/postgres/);
      expect(unready.text).not.toContain(postgres.password);
      await expect.poll(async () => (await ready(server)).status).toBe(200);
      const log = await bench.log(id);
      assertOrdered(log);
      const told = socket.of(id);
      const lost = told.filter(({ type, seq }) => type !== 'block.delta' && !log.some((event) => event.seq === seq));
      expect(lost).toEqual([]);
      expect(ofType(log, 'turn.completed')).toHaveLength(2);
      const whole = Array.from({ length: 150 }, (_each, index) => `w${index} `).join('');
      expect([...blockTexts(log).values()].map((text) => text.trimEnd())).toEqual([whole.trimEnd(), 'after that']);
      expect(server.output).not.toContain(postgres.password);
    },
  );

  test('[STO4] a second server is refused, and lets the first one be; a killed one makes room at once', async () => {
    const url = freshUrl();
    const first = await serve(newPlace(), url, { agent: 'scripted' });
    const { id } = await bench.session();

    const { code, output } = await serveInVain(newPlace(), api, {
      agent: 'scripted',
      env: { HEARTH_DATABASE_URL: url },
    });
    expect(code).toBe(1);
    expect(output).toContain(`pid ${first.pid} on `);
    expect(output).not.toContain(postgres.password);
    expect((await ready(first)).status).toBe(200);

    await first.stop('SIGKILL');
    await serve(newPlace(), url, { agent: 'scripted' });
    expect((await bench.read(id)).id).toBe(id);
  });

  test('[STO12] a server that stood still while another took over writes nothing and ends', async () => {
    const url = freshUrl();
    const first = await serve(newPlace(), url, { agent: 'scripted' });
    const { id } = await bench.session();
    const firstBench = bench;
    process.kill(first.pid, 'SIGSTOP');
    // As the database does with a machine that is gone.
    await ask(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hearth'`);

    await serve(newPlace(), url, { agent: 'scripted' });
    await bench.turn(await bench.watch(id), id, '[[say mine]]');
    const before = await bench.log(id);
    const late = firstBench.send(id, '[[say stale]]').then(
      () => 'accepted',
      () => 'refused',
    );
    process.kill(first.pid, 'SIGCONT');

    await expect.poll(() => isAlive(first.pid)).toBe(false);
    expect(await late).toBe('refused');
    expect(first.output).toMatch(/taken over/);
    expect(await bench.log(id)).toEqual(before);
  });

  test('[STO10] a password on the command line is warned of, hidden, and in no output', async () => {
    const place = newPlace();
    const server = await ServerProcess.start(place, api, {
      agent: 'scripted',
      flags: ['--database-url', freshUrl(), '--log-level', 'debug'],
    });
    servers.push(server);

    expect(server.output).toMatch(/HEARTH_DATABASE_URL/);
    expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain(postgres.password);
    await server.stop();
    expect(server.output).not.toContain(postgres.password);
  });

  test('[BAK3][BAK4] put back with pg_restore: what came after is gone from the log and from what the model knows', async () => {
    const url = freshUrl();
    const place = newPlace();
    const env = { HEARTH_DATABASE_URL: url };
    const first = await serve(place, url);
    const { id } = await bench.session();
    const before = await bench.watch(id);
    await bench.turn(before, id, 'remember: blue');
    const schema = `s${schemas}`;
    const dump = join(place.root, 'hearth.dump');
    execFileSync('pg_dump', ['-Fc', '-n', schema, '-f', dump, postgres.url]);
    await bench.turn(before, id, 'remember: red');
    const seen = before.of(id);
    const refused = await runCli(place, ['restored'], { env });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`pid ${first.pid}`);
    await first.stop();
    execFileSync('pg_restore', ['--clean', '--if-exists', '-d', postgres.url, dump]);

    const done = await runCli(place, ['restored'], { env });

    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/: sessions 1, conversations with new ids 1\n$/);
    expect(done.stdout).not.toContain(postgres.password);
    await serve(place, url);
    const after = await bench.watch(id, seen.at(-1)?.seq ?? 0);
    await bench.turn(after, id, 'which colour?');
    expect(modelRequests(api).at(-1)?.userTexts).toEqual(['remember: blue', 'which colour?']);
    const again = after.of(id);
    expect(ofType(again, 'notice').map(({ code }) => code)).toEqual(['restored']);
    const numbers = new Set(seen.map((event) => event.seq));
    expect(again.filter((event) => numbers.has(event.seq))).toEqual([]);
    expect(JSON.stringify(await bench.log(id))).not.toContain('remember: red');
  });

  test('doctor, run and backup know where the sessions are', async () => {
    const place = newPlace();
    const url = freshUrl();
    const env = { HEARTH_DATABASE_URL: url };

    const told = await runCli(place, ['run', '--agent', 'scripted', '[[say Hello]]'], { env });
    expect(told).toMatchObject({ code: 0 });
    expect(told.stdout).toContain('Hello');
    const doctor = await runCli(place, ['doctor'], { env });
    expect(doctor.stdout).toMatch(
      /postgres\s+postgres:\/\/127\.0\.0\.1:\d+\/postgres\?schema=s\d+, version \d+.*1 sessions/,
    );
    const backup = await runCli(place, ['backup', 'somewhere.db'], { env });
    expect(backup.code).not.toBe(0);
    expect(backup.stderr).toMatch(/pg_dump/);
    for (const { stdout, stderr } of [told, doctor, backup]) {
      expect(stdout + stderr).not.toContain(postgres.password);
    }
  });
});
