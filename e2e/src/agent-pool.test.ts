import { answerText, Bench, idle, ofType } from '@hearth/conformance';
import type { RpcSocket } from '@hearth/conformance';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { modelRequests, Place, scriptedApi, ServerProcess } from './server-process.ts';

const WAIT = { timeout: 60_000, interval: 20 };
const MB = 1024 * 1024;

function isIdle(socket: RpcSocket, id: string): boolean {
  return ofType(socket.of(id), 'phase.changed').at(-1)?.phase === 'idle';
}

describe('the pool of real agent processes', () => {
  let api: MessagesApi;
  let bench: Bench;
  const places: Place[] = [];
  const servers: ServerProcess[] = [];

  async function serve(flags: string[]): Promise<ServerProcess> {
    const place = new Place();
    places.push(place);
    const server = await ServerProcess.start(place, api, { agent: 'claude', flags });
    servers.push(server);
    bench = new Bench(server.target('claude', api));
    return server;
  }

  async function session(): Promise<{ id: string; socket: RpcSocket }> {
    const { id } = await bench.session();
    return { id, socket: await bench.watch(id) };
  }

  /** A number that the server tells; 0 when it does not tell it. */
  async function metric(name: string): Promise<number> {
    const text = String((await bench.http('GET', '/metrics')).body);
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? 0);
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

  test('[AGT5] two agents that do not fit into the memory together take turns, and keep their conversations', async () => {
    const server = await serve(['--max-agent-memory-mb', '100']);
    const sessions = [await session(), await session()];
    for (const round of ['one', 'two']) {
      for (const { id, socket } of sessions) {
        expect(answerText(await bench.turn(socket, id, `[[say ${round}]]`))).toBe(round);
        expect(server.children().length).toBeLessThanOrEqual(1);
      }
    }
    expect(modelRequests(api).at(-1)?.userTexts).toEqual(['[[say one]]', '[[say two]]']);
    expect(await metric('hearth_agent_evictions_total{cause="memory"}')).toBeGreaterThanOrEqual(3);
    await expect.poll(async () => metric('hearth_agent_processes{agent="claude"}'), WAIT).toBeLessThanOrEqual(1);
  });

  test('[AGT2] fifty sessions that are used at once share four processes, and every conversation is whole', async () => {
    const server = await serve(['--max-processes', '4']);
    const sessions = await Promise.all(Array.from({ length: 50 }, async () => session()));
    let most = 0;
    const look = setInterval(() => {
      most = Math.max(most, server.children().length);
    }, 20);
    for (const round of ['one', 'two']) {
      await Promise.all(
        sessions.map(async ({ id, socket }, index) => {
          const answer = `${round} of ${index}`;
          await bench.send(id, `[[say ${answer}]]`);
          const answered = (): boolean => answerText(socket.of(id)).endsWith(answer);
          await socket.until(answer, () => answered() && isIdle(socket, id), 120_000);
        }),
      );
    }
    clearInterval(look);
    expect(most).toBe(4);
    const last = modelRequests(api).map((request) => request.userTexts);
    for (const index of sessions.keys()) {
      expect(last).toContainEqual([`[[say one of ${index}]]`, `[[say two of ${index}]]`]);
    }
  }, 240_000);

  test('[AGT2] with all busy a session waits in its place; an interrupt ends its waiting, and a free place lets it in', async () => {
    const server = await serve(['--max-processes', '1']);
    const busy = await session();
    await bench.send(busy.id, '[[tool Bash {"command":"tail -f /dev/null"}]]');
    await busy.socket.until('the tool', () => ofType(busy.socket.of(busy.id), 'tool.called').length === 1);
    expect(await metric('hearth_agent_memory_bytes')).toBeGreaterThan(20 * MB);

    const waits = await session();
    await bench.send(waits.id, '[[say never told]]');
    await expect.poll(async () => metric('hearth_sessions_waiting'), WAIT).toBe(1);
    await bench.http('POST', `/v1/sessions/${waits.id}/interrupt`);
    await idle(waits.socket, waits.id);
    expect(await metric('hearth_sessions_waiting')).toBe(0);

    const before = waits.socket.of(waits.id).length;
    await bench.send(waits.id, '[[say at last]]');
    await expect.poll(async () => metric('hearth_sessions_waiting'), WAIT).toBe(1);
    await bench.http('POST', `/v1/sessions/${busy.id}/interrupt`);
    await idle(waits.socket, waits.id, before);
    expect(answerText(waits.socket.of(waits.id).slice(before))).toContain('at last');
    expect(server.children()).toHaveLength(1);
    expect(await metric('hearth_agent_evictions_total{cause="place"}')).toBe(1);
    expect(await metric('hearth_turns_total{outcome="interrupted"}')).toBe(2);
    expect(await metric('hearth_sessions{phase="idle"}')).toBe(2);
  });
});
