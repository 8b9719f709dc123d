import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerText, assertOrdered, Bench, idle, ofType, only } from '@hearth/conformance';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './cli-process.ts';
import { modelRequests, Place, scriptedApi, serveInVain, ServerProcess } from './server-process.ts';

const SERVER = fileURLToPath(new URL('../../packages/server/', import.meta.url));
const FIXTURE = join(SERVER, 'src/store/sqlite/fixtures/001-initial.sql');

/** The part of the driver that these tests use; it belongs to the server's package. */
interface Driver {
  new (path: string): { exec(sql: string): unknown; close(): void };
}

function runSql(database: string, sql: string): void {
  const Database = createRequire(join(SERVER, 'package.json'))('better-sqlite3') as Driver;
  const raw = new Database(database);
  raw.exec(sql);
  raw.close();
}

let api: MessagesApi;
let bench: Bench;
const places: Place[] = [];
const servers: ServerProcess[] = [];

function newPlace(): Place {
  const place = new Place();
  places.push(place);
  return place;
}

async function serve(place: Place): Promise<ServerProcess> {
  const server = await ServerProcess.start(place, api, { agent: 'claude' });
  servers.push(server);
  bench = new Bench(server.target('claude', api));
  return server;
}

beforeAll(async () => {
  api = await scriptedApi();
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const place of places.splice(0)) place.remove();
  api.reset();
});

afterAll(async () => {
  await api.close();
});

describe('hearth backup and hearth restore', () => {
  test('[BAK1][BAK4] saved in mid-stream and restored elsewhere: the conversation goes on with claude, without its local files', async () => {
    const place = newPlace();
    const backup = join(place.root, 'backup.db');
    await serve(place);
    const { id } = await bench.session();
    const socket = await bench.watch(id);
    await bench.turn(socket, id, 'my name is Ada');
    await bench.send(id, '[[tokens 400 20]]');
    await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 5);
    const running = (await bench.read(id)).turnId;

    const saved = await runCli(place, ['backup', backup]);

    expect(saved).toMatchObject({ code: 0, stderr: '' });
    expect(saved.stdout).toMatch(/^saved 1 session, \d+ events, 2 messages to .*backup\.db \([\d.]+ [kM]B\)\n$/);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    const streamed = ofType(socket.of(id), 'block.delta').length;
    await socket.until('the turn to go on', () => ofType(socket.of(id), 'block.delta').length > streamed);
    const seen = socket.of(id);

    const elsewhere = newPlace();
    expect(await runCli(elsewhere, ['restore', backup])).toMatchObject({ code: 0, stderr: '' });
    await serve(elsewhere);
    const lastSeen = seen.at(-1)?.seq ?? 0;
    const after = await bench.watch(id, lastSeen);
    await idle(after, id);
    const events = await bench.turn(after, id, 'what is my name?');

    expect(answerText(events)).toBe('echo: what is my name?');
    expect(modelRequests(api).at(-1)?.userTexts[0]).toBe('my name is Ada');
    expect(modelRequests(api).at(-1)?.userTexts.at(-1)).toBe('what is my name?');
    const log = await bench.log(id);
    assertOrdered(log);
    expect(only(log, 'turn.interrupted')).toMatchObject({ turnId: running, by: 'crash' });
    expect(only(log, 'notice').code).toBe('restored');
    expect(after.of(id).every((event) => event.seq > lastSeen + 1_000_000)).toBe(true);
  });

  test('[BAK3][BAK4] restored in place: what came after the backup is gone from the log and from what the model knows', async () => {
    const place = newPlace();
    const backup = join(place.root, 'backup.db');
    const first = await serve(place);
    const { id } = await bench.session();
    const before = await bench.watch(id);
    await bench.turn(before, id, 'remember: blue');
    expect((await runCli(place, ['backup', backup])).code).toBe(0);
    await bench.turn(before, id, 'remember: red');
    const seen = before.of(id);

    const refused = await runCli(place, ['restore', backup]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`pid ${first.pid}`);
    expect(refused.stderr).toContain('End that server first');

    await first.stop();
    const restored = await runCli(place, ['restore', backup]);
    expect(restored.code).toBe(0);
    expect(restored.stdout).toMatch(/what was there before is kept as .*hearth-before-restore-/);
    await serve(place);
    const after = await bench.watch(id, seen.at(-1)?.seq ?? 0);
    await bench.turn(after, id, 'which colour?');

    expect(modelRequests(api).at(-1)?.userTexts).toEqual(['remember: blue', 'which colour?']);
    const again = after.of(id);
    expect(only(again, 'notice').code).toBe('restored');
    const numbers = new Set(seen.map((event) => event.seq));
    expect(again.filter((event) => numbers.has(event.seq))).toEqual([]);
    expect(JSON.stringify(await bench.log(id))).not.toContain('remember: red');
  });

  test('[BAK1] the owner’s token comes along when it is asked for', async () => {
    const place = newPlace();
    const backup = join(place.root, 'backup.db');
    await (await serve(place)).stop();
    mkdirSync(place.data, { recursive: true });
    const made = await runCli(place, ['run', '--agent', 'scripted', 'hello']);
    expect(made.code).toBe(0);
    const token = readFileSync(join(place.data, 'token'), 'utf8');

    expect((await runCli(place, ['backup', backup, '--with-token'])).code).toBe(0);
    expect((await runCli(place, ['backup', backup])).stderr).toContain('--force');
    rmSync(place.data, { recursive: true });
    const restored = await runCli(place, ['restore', backup, '--json']);

    expect(JSON.parse(restored.stdout)).toMatchObject({ contents: { sessions: 1 } });
    expect(restored.stdout).not.toContain(token.trim());
    expect(readFileSync(join(place.data, 'token'), 'utf8')).toBe(token);
    expect(statSync(join(place.data, 'token')).mode & 0o777).toBe(0o600);
    expect(readdirSync(place.data)).not.toContain('hearth.db.restoring');
  });
});

describe('upgrades', () => {
  test('[UPG1] a conversation of the first release goes on with claude', async () => {
    const place = newPlace();
    const sql = readFileSync(FIXTURE, 'utf8')
      .replaceAll('/tmp/hearth-fixture/workspace', place.workspace)
      .replaceAll('-tmp-hearth-fixture-workspace', place.workspace.replaceAll(/[^a-zA-Z0-9]/g, '-'));
    runSql(join(place.data, 'hearth.db'), sql);

    await serve(place);
    const { body } = await bench.http('GET', '/v1/sessions?q=a%20conversation');
    const [session] = (body as { items: { id: string; lastSeq: number }[] }).items;
    const { id, lastSeq } = session ?? { id: '', lastSeq: 0 };
    const socket = await bench.watch(id, lastSeq);
    const events = await bench.turn(socket, id, 'what is my name?');

    expect(answerText(events)).toBe('echo: what is my name?');
    expect(modelRequests(api).at(-1)?.userTexts).toEqual([
      'my name is Ada',
      '[[think let me see]] [[tool Bash {"command":"echo from a tool"}]]',
      'what is my name?',
    ]);
  });

  test('[STO7] a database of a newer program ends the start with exit code 1 and a word what to do', async () => {
    const place = newPlace();
    await (await serve(place)).stop();
    runSql(
      join(place.data, 'hearth.db'),
      `INSERT INTO schema_migrations VALUES ('999-from-the-future', '2030-01-01T00:00:00.000Z');
       UPDATE meta SET value = '9.9.9' WHERE name = 'program_version'`,
    );

    const { code, output } = await serveInVain(place, api, { agent: 'claude' });

    expect(code).toBe(1);
    expect(output).toMatch(/was last used by Hearth 9\.9\.9 and has a newer schema \(999-from-the-future\)/);
    expect(output).toMatch(/→ Start Hearth 9\.9\.9 or a later one again/);
    expect(output).not.toMatch(/ at .*\.js:\d+/);
  });
});
