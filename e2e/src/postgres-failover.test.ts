import { answerText, assertOrdered, Bench, blockTexts, idle, ofType } from '@hearth/conformance';
import { startPostgres } from '@hearth/testkit';
import type { MessagesApi, PostgresServer } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isAlive, Place, scriptedApi, ServerProcess } from './server-process.ts';

let api: MessagesApi;
let place: Place;
let server: ServerProcess;
let primary: PostgresServer;
let standby: PostgresServer;
let bench: Bench;

beforeAll(async () => {
  api = await scriptedApi();
});

afterEach(async () => {
  if (isAlive(server.pid)) await server.stop();
  place.remove();
  await primary.close();
  await standby.close();
});

afterAll(() => api.close());

/** @param isSynchronous whether a commit waits until the standby has it */
async function serve(agent: string, isSynchronous: boolean): Promise<void> {
  const settings = isSynchronous ? { synchronous_standby_names: '*' } : {};
  primary = await startPostgres({ fsync: true, settings });
  standby = await startPostgres({ fsync: true, standbyOf: primary });
  place = new Place();
  await start(agent);
}

async function start(agent: string): Promise<void> {
  const { host } = new URL(standby.url);
  const url = primary.url.replace('@', `@${host},`);
  server = await ServerProcess.start(place, api, { agent, env: { HEARTH_DATABASE_URL: url } });
  bench = new Bench(server.target(agent, api));
}

test('[STO14][LOG1] a standby is promoted in mid-turn: the turn of a Claude session comes to its end there, and so does the next', async () => {
  await serve('claude', true);
  const { id } = await bench.session();
  const socket = await bench.watch(id);
  await bench.send(id, '[[tokens 150 10]]');
  await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 5);

  await primary.kill();
  await standby.promote();
  await idle(socket, id);

  const whole = Array.from({ length: 150 }, (_each, index) => `w${index} `).join('');
  const events = await bench.turn(socket, id, 'still there?');
  expect(answerText(events)).toBe('echo: still there?');
  const log = await bench.log(id);
  assertOrdered(log);
  const lost = socket
    .of(id)
    .filter(({ type, seq }) => type !== 'block.delta' && !log.some((event) => event.seq === seq));
  expect(lost).toEqual([]);
  expect(ofType(log, 'turn.completed')).toHaveLength(2);
  expect([...blockTexts(log).values()][0]?.trimEnd()).toBe(whole.trimEnd());
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

test('[STO14] a standby that was behind is promoted: the server ends with words that say why, and the next one goes on', async () => {
  await serve('scripted', false);
  const { id } = await bench.session();
  const socket = await bench.watch(id);
  await bench.turn(socket, id, '[[say one]]');
  await standby.catchUp();
  await standby.stop();
  await bench.turn(socket, id, '[[say two]]');

  await primary.kill();
  await standby.start();
  await standby.promote();
  await bench.send(id, '[[say three]]').catch(() => undefined);

  await expect.poll(() => isAlive(server.pid), { timeout: 30_000 }).toBe(false);
  expect(server.output).toMatch(/has lost what it had confirmed/);
  await start('scripted');
  const events = await bench.turn(await bench.watch(id), id, '[[say four]]');
  expect(answerText(events)).toBe('four');
  expect([...blockTexts(await bench.log(id)).values()]).toEqual(['one', 'four']);
});
