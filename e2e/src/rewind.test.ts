import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bench, codeOf, idle, ofType } from '@hearth/conformance';
import type { Session, SessionRewindResult } from '@hearth/protocol';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { modelRequests, Place, scriptedApi, ServerProcess } from './server-process.ts';

const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('forks and rewinds over the real binary', () => {
  let api: MessagesApi;
  let bench: Bench;
  let place: Place;
  let server: ServerProcess;

  async function serve(): Promise<void> {
    server = await ServerProcess.start(place, api, { agent: 'claude' });
    bench = new Bench(server.target('claude', api));
  }

  async function restart(signal: NodeJS.Signals): Promise<void> {
    await server.stop(signal);
    await serve();
  }

  beforeAll(async () => {
    api = await scriptedApi();
  });

  afterEach(async () => {
    await server.stop();
    place.remove();
    api.reset();
  });

  afterAll(async () => {
    await api.close();
  });

  async function begin(): Promise<Session> {
    place = new Place();
    await serve();
    return bench.session({ permissionMode: 'acceptEdits', allowedTools: ['Bash'] });
  }

  /** One turn. @returns the last seq of it */
  async function turn(id: string, content: string): Promise<number> {
    const after = (await bench.read(id)).lastSeq;
    const socket = await bench.watch(id, after);
    const events = await bench.turn(socket, id, content);
    expect(ofType(events, 'turn.completed')).toHaveLength(1);
    return ofType(events, 'message.completed').at(-1)?.seq ?? 0;
  }

  async function rewind(id: string, body: object): Promise<SessionRewindResult> {
    const answer = await bench.http('POST', `/v1/sessions/${id}/rewind`, { body });
    expect([answer.status, codeOf(answer)]).toEqual([200, undefined]);
    return answer.body as SessionRewindResult;
  }

  const lastSeen = (): readonly string[] | undefined => modelRequests(api).at(-1)?.userTexts;
  const file = (name: string): string => join(place.workspace, name);
  const text = (name: string): string | null => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : null);
  const write = (name: string, content: string): string =>
    `[[tool Write ${JSON.stringify({ file_path: file(name), content })}]]`;

  test.each(['SIGTERM', 'SIGKILL'] as const)('[REW1] a rewind outlives its server, ended by %s', async (signal) => {
    const { id } = await begin();
    const first = await turn(id, 'one');
    await turn(id, 'two');
    await rewind(id, { toSeq: first });
    await restart(signal);
    await turn(id, 'three');
    expect(lastSeen()).toEqual(['one', 'three']);
    await restart(signal);
    await turn(id, 'four');
    expect(lastSeen()).toEqual(['one', 'three', 'four']);
  });

  test('[REW1] a server killed in the first turn after a rewind does not bring back what was taken back', async () => {
    const { id } = await begin();
    const first = await turn(id, 'one');
    await turn(id, 'two');
    await rewind(id, { toSeq: first });
    const socket = await bench.watch(id, -1);
    await bench.send(id, '[[tokens 400 20]]');
    await socket.until('text to stream', () => ofType(socket.of(id), 'block.delta').length > 3);
    await restart('SIGKILL');
    const recovered = await bench.watch(id);
    await recovered.until('the crash to be told', () =>
      ofType(recovered.of(id), 'turn.interrupted').some(({ by }) => by === 'crash'),
    );
    await turn(id, 'three');
    expect(lastSeen()?.filter((said) => said !== '[[tokens 400 20]]')).toEqual(['one', 'three']);
    expect(lastSeen()?.filter((said) => said === '[[tokens 400 20]]')).toHaveLength(1);
  });

  test('[REW5] files and conversation go back together, over restarts, through a cut, and in a fork', async () => {
    const { id } = await begin();
    writeFileSync(file('old.txt'), 'original');
    const first = await turn(id, 'one');
    const second = await turn(id, write('new.txt', 'v1'));
    await turn(id, write('old.txt', 'refused, for it was not read'));
    await turn(id, `[[tool Read ${JSON.stringify({ file_path: file('old.txt') })}]]`);
    await turn(id, write('old.txt', 'changed'));
    await turn(id, write('new.txt', 'v2'));
    expect([text('old.txt'), text('new.txt')]).toEqual(['changed', 'v2']);
    await restart('SIGKILL');

    expect(await rewind(id, { toSeq: second, files: true, dryRun: true })).toMatchObject({ turns: 4 });
    expect(text('old.txt')).toBe('changed');
    const result = await rewind(id, { toSeq: second, files: true });
    expect(result.files?.toSorted()).toEqual([file('new.txt'), file('old.txt')]);
    expect([text('old.txt'), text('new.txt')]).toEqual(['original', 'v1']);

    await turn(id, 'after');
    expect(lastSeen()?.at(0)).toBe('one');
    expect(lastSeen()?.at(-1)).toBe('after');
    expect(lastSeen()).toHaveLength(3);
    await restart('SIGTERM');
    const { body } = await bench.http('POST', `/v1/sessions/${id}/fork`, { body: {} });
    const fork = body as Session;
    expect(await rewind(id, { toSeq: first, files: true })).toMatchObject({ files: [file('new.txt')], turns: 2 });
    expect(text('new.txt')).toBeNull();
    writeFileSync(file('new.txt'), 'by hand');
    const forkFirst = ofType(await bench.log(fork.id), 'message.completed')[0]?.seq ?? 0;
    expect(await rewind(fork.id, { toSeq: forkFirst, files: true })).toMatchObject({ files: [file('new.txt')] });
    expect(text('new.txt')).toBeNull();

    await bench.http('DELETE', `/v1/sessions/${id}`);
    await bench.http('DELETE', `/v1/sessions/${fork.id}`);
    const history = join(place.claudeConfig, 'file-history');
    expect(existsSync(history) ? readdirSync(history) : []).toEqual([]);
  });

  test('[REW6] a rewind whose checkpoints are gone changes nothing', async () => {
    const { id } = await begin();
    writeFileSync(file('old.txt'), 'original');
    await turn(id, `[[tool Read ${JSON.stringify({ file_path: file('old.txt') })}]]`);
    await turn(id, write('old.txt', 'changed'));
    await server.stop();
    rmSync(join(place.claudeConfig, 'file-history'), { recursive: true });
    await serve();
    const before = await bench.log(id);
    const refused = await bench.http('POST', `/v1/sessions/${id}/rewind`, { body: { toSeq: 0, files: true } });
    expect([refused.status, codeOf(refused)]).toEqual([400, 'invalid_request']);
    expect(text('old.txt')).toBe('changed');
    expect(await bench.log(id)).toEqual(before);
    await turn(id, 'goes on');
    expect(lastSeen()).toHaveLength(3);
  });

  test('[FORK1] the model of a fork has the images of its history', async () => {
    const { id } = await begin();
    const socket = await bench.watch(id);
    const content = [
      { type: 'text', text: 'look' },
      { type: 'image', mediaType: 'image/png', data: PICTURE },
    ];
    await bench.http('POST', `/v1/sessions/${id}/messages`, { body: { content } });
    await idle(socket, id);
    await turn(id, 'two');
    const { body } = await bench.http('POST', `/v1/sessions/${id}/fork`, { body: {} });
    const fork = body as Session;
    await turn(fork.id, 'three');
    const sent = JSON.stringify(api.requests.findLast((request) => !request.isSideRequest)?.body?.messages);
    expect(sent).toContain(PICTURE);
    expect(lastSeen()?.slice(-2)).toEqual(['two', 'three']);
    expect((await bench.log(fork.id)).filter((event) => JSON.stringify(event).includes(PICTURE))).toHaveLength(1);
  });
});
