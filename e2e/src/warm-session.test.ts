import { answerText, Bench, ofType } from '@hearth/conformance';
import type { MessagesApi } from '@hearth/testkit';
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { modelRequests, Place, scriptedApi, ServerProcess } from './server-process.ts';

describe('a Claude session over the real binary', () => {
  let api: MessagesApi;
  let bench: Bench;
  const places: Place[] = [];
  const servers: ServerProcess[] = [];

  async function serve(place: Place, flags: string[] = []): Promise<ServerProcess> {
    const server = await ServerProcess.start(place, api, { agent: 'claude', flags });
    servers.push(server);
    bench = new Bench(server.target('claude', api));
    return server;
  }

  function newPlace(): Place {
    const place = new Place();
    places.push(place);
    return place;
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

  test('[AGT1] ten turns in one session use one claude process', async () => {
    const server = await serve(newPlace());
    const { id } = await bench.session();
    const socket = await bench.watch(id);
    const pids = new Set<number>();
    for (let turn = 1; turn <= 10; turn += 1) {
      const events = await bench.turn(socket, id, `[[say answer ${turn}]]`);
      expect(answerText(events)).toBe(`answer ${turn}`);
      for (const pid of server.children()) pids.add(pid);
    }
    expect(pids.size).toBe(1);
    expect(modelRequests(api).at(-1)?.userTexts).toEqual(
      Array.from({ length: 10 }, (_, index) => `[[say answer ${index + 1}]]`),
    );
  });

  test('[RES1] the server stopped and started between two turns: the conversation goes on, also without local transcripts', async () => {
    const place = newPlace();
    const first = await serve(place);
    const { id } = await bench.session();
    const before = await bench.watch(id);
    await bench.turn(before, id, 'my name is Ada');
    const lastSeq = (await bench.read(id)).lastSeq;
    expect(await first.stop()).toBe(0);

    rmSync(`${place.claudeConfig}/projects`, { recursive: true, force: true });
    await serve(place);
    const after = await bench.watch(id, lastSeq);
    const events = await bench.turn(after, id, 'what is my name?');
    expect(answerText(events)).toBe('echo: what is my name?');
    expect(modelRequests(api).at(-1)?.userTexts).toEqual(['my name is Ada', 'what is my name?']);
    expect(events.every((event) => event.seq > lastSeq)).toBe(true);
  });

  test('[RES2] the server killed in mid-answer: the turn ends as crash, its text is kept, and the conversation goes on', async () => {
    const place = newPlace();
    const first = await serve(place);
    const { id } = await bench.session();
    const before = await bench.watch(id);
    await bench.turn(before, id, 'remember: blue');
    await bench.send(id, '[[tokens 200 20]]');
    await before.until('some text', () => ofType(before.of(id), 'block.delta').length > 5);
    const waiting = await bench.send(id, '[[say after the crash]]', { priority: 'later' });
    const [orphan] = first.children();
    await first.stop('SIGKILL');
    const seen = before.of(id);

    const second = await serve(place);
    const after = await bench.watch(id, seen.at(-1)?.seq ?? 0);
    await after.until('the queued message to end', () =>
      ofType(after.of(id), 'message.completed').some((event) => event.messageId === waiting.id),
    );
    const all = [...seen, ...after.of(id)];
    const interrupted = ofType(all, 'turn.interrupted');
    expect(interrupted.map((turn) => turn.by)).toEqual(['crash']);
    const torn = ofType(all, 'block.completed').find((block) => block.partial === true);
    const shown = ofType(seen, 'block.delta').filter((delta) => delta.blockId === torn?.blockId);
    expect(torn?.text.startsWith(shown.map((delta) => delta.text).join(''))).toBe(true);
    expect(answerText(after.of(id))).toContain('after the crash');
    expect(new Set(all.map((event) => event.seq)).size).toBe(all.length);
    expect(second.children()).not.toContain(orphan);

    const asked = modelRequests(api).at(-1)?.userTexts ?? [];
    for (const text of ['remember: blue', '[[tokens 200 20]]', '[[say after the crash]]']) {
      expect(asked.join('\n').split(text).length - 1, `${text} once in ${JSON.stringify(asked)}`).toBe(1);
    }
  });

  test('[RES3] the agent killed in mid-answer fails the turn with a hint; the next turn has the conversation', async () => {
    const server = await serve(newPlace());
    const { id } = await bench.session();
    const socket = await bench.watch(id);
    await bench.turn(socket, id, 'first');
    const [pid] = server.children();
    await bench.send(id, '[[tokens 500 20]]');
    await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 3);
    process.kill(pid ?? 0, 'SIGKILL');
    await socket.until('the failure', () => ofType(socket.of(id), 'turn.failed').length === 1);
    const [failed] = ofType(socket.of(id), 'turn.failed');
    expect(failed?.error.code).toBe('agent_crashed');
    expect(failed?.error.hint).toBeTruthy();
    await bench.turn(socket, id, '[[say whole again]]');
    const asked = modelRequests(api).at(-1)?.userTexts.join('\n') ?? '';
    for (const text of ['first', '[[tokens 500 20]]', '[[say whole again]]'])
      expect(asked.split(text).length - 1).toBe(1);
  });

  test('[AGT2] an evicted session wakes with its conversation, and no more processes live than allowed', async () => {
    const server = await serve(newPlace(), ['--max-processes', '2']);
    const sessions = await Promise.all([1, 2, 3].map(() => bench.session()));
    for (const round of ['one', 'two']) {
      for (const { id } of sessions) {
        const socket = await bench.watch(id, -1);
        const events = await bench.turn(socket, id, `[[say ${round}]]`);
        expect(answerText(events)).toBe(round);
        expect(server.children().length).toBeLessThanOrEqual(2);
        expect(modelRequests(api).at(-1)?.userTexts).toEqual(
          round === 'one' ? ['[[say one]]'] : ['[[say one]]', '[[say two]]'],
        );
      }
    }
  });

  test('[AGT3] a deleted session takes its process along', async () => {
    const server = await serve(newPlace());
    const { id } = await bench.session();
    const socket = await bench.watch(id);
    await bench.turn(socket, id, 'hello');
    expect(server.children()).toHaveLength(1);
    expect((await bench.http('DELETE', `/v1/sessions/${id}`)).status).toBe(204);
    expect(server.children()).toHaveLength(0);
  });
});
