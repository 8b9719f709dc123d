import { answerText, Bench, ofType, only } from '@hearth/conformance';
import type { RpcSocket } from '@hearth/conformance';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { childrenOf, isAlive, modelRequests, Place, scriptedApi, ServerProcess } from './server-process.ts';

const WAIT = { timeout: 60_000, interval: 20 };
const FIRST_OUTPUT_MS = 3_000;
const SILENCE_MS = 2_000;
const IMPATIENT = ['--first-output-timeout-ms', String(FIRST_OUTPUT_MS), '--silence-timeout-ms', String(SILENCE_MS)];

describe('an agent that does not move', () => {
  let api: MessagesApi;
  let bench: Bench;
  const places: Place[] = [];
  const servers: ServerProcess[] = [];

  async function serve(flags: string[] = []): Promise<ServerProcess> {
    const place = new Place();
    places.push(place);
    const server = await ServerProcess.start(place, api, { agent: 'claude', flags });
    servers.push(server);
    bench = new Bench(server.target('claude', api));
    return server;
  }

  async function session(): Promise<{ id: string; socket: RpcSocket }> {
    const { id } = await bench.session({ allowedTools: ['Bash'] });
    return { id, socket: await bench.watch(id) };
  }

  /** The process of the only session, once it is there. */
  async function agentOf(server: ServerProcess, not?: number): Promise<number> {
    await expect.poll(() => server.children().filter((pid) => pid !== not), WAIT).toHaveLength(1);
    return server.children().find((pid) => pid !== not) ?? 0;
  }

  async function asked(text: string, times = 1): Promise<void> {
    const count = (): number =>
      modelRequests(api).filter((request) => request.userTexts.at(-1)?.includes(text) === true).length;
    await expect.poll(count, WAIT).toBeGreaterThanOrEqual(times);
  }

  /** The conversation goes on, and the model is told of each earlier message once; it may answer an earlier one as well. */
  async function goesOn(id: string, socket: RpcSocket, earlier: readonly string[]): Promise<void> {
    expect(answerText(await bench.turn(socket, id, '[[say going on]]'))).toMatch(/going on$/);
    seenOnce([...earlier, '[[say going on]]']);
  }

  /** In the conversation that the model was last given. */
  function seenOnce(texts: readonly string[]): void {
    const seen = modelRequests(api).at(-1)?.userTexts.join('\n') ?? '';
    for (const text of texts) expect(seen.split(text).length - 1, `${text} once in ${seen}`).toBe(1);
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

  test('[INT6] stopped in mid-text: an interrupt settles, its process is ended, and the next turn has the conversation', async () => {
    const server = await serve();
    const { id, socket } = await session();
    await bench.turn(socket, id, 'my name is Ada');
    const agent = await agentOf(server);
    await bench.send(id, '[[tokens 1000 10]]');
    await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 3);
    process.kill(agent, 'SIGSTOP');
    expect((await bench.http('POST', `/v1/sessions/${id}/interrupt`)).status).toBe(202);
    await socket.until('the end of the turn', () => ofType(socket.of(id), 'turn.interrupted').length === 1);
    expect(only(socket.of(id), 'turn.interrupted').by).toBe('user');
    expect(ofType(socket.of(id), 'block.completed').at(-1)).toMatchObject({ partial: true, reason: 'interrupted' });
    await expect.poll(() => isAlive(agent), WAIT).toBe(false);
    await goesOn(id, socket, ['my name is Ada', '[[tokens 1000 10]]']);
  });

  test('[INT6] stopped in a tool: an interrupt settles, and the tool is ended with the agent', async () => {
    const server = await serve();
    const { id, socket } = await session();
    const prompt = '[[tool Bash {"command":"tail -f /dev/null"}]]';
    await bench.send(id, prompt);
    const agent = await agentOf(server);
    await expect.poll(() => childrenOf(agent).length, WAIT).toBeGreaterThan(0);
    const tools = childrenOf(agent);
    process.kill(agent, 'SIGSTOP');
    await bench.http('POST', `/v1/sessions/${id}/interrupt`);
    await socket.until('the end of the turn', () => ofType(socket.of(id), 'turn.interrupted').length === 1);
    await expect.poll(() => [agent, ...tools].filter(isAlive), WAIT).toEqual([]);
    // The binary joins the next prompt to the one that came to nothing, so the scripted model may call the tool again.
    await bench.send(id, 'and now?');
    await asked('and now?');
    seenOnce([prompt, 'and now?']);
    await bench.http('POST', `/v1/sessions/${id}/interrupt`);
  });

  test('[WD1] silent from the beginning, once: another process answers, and clients see one turn', async () => {
    const server = await serve(IMPATIENT);
    const { id, socket } = await session();
    await bench.send(id, '[[hang 1000]] [[say there]]');
    const first = await agentOf(server);
    await asked('[[say there]]');
    process.kill(first, 'SIGSTOP');
    await socket.until('the answer', () => ofType(socket.of(id), 'turn.completed').length === 1);
    const events = socket.of(id);
    expect(answerText(events)).toBe('there');
    expect(ofType(events, 'turn.started')).toHaveLength(1);
    expect(ofType(events, 'retry.scheduled').map((retry) => retry.error.code)).toEqual(['agent_silent']);
    expect(isAlive(first)).toBe(false);
    await goesOn(id, socket, ['[[say there]]']);
  });

  test('[WD1] silent from the beginning, always: the turn fails with a hint after one more try', async () => {
    const server = await serve(IMPATIENT);
    const { id, socket } = await session();
    await bench.send(id, '[[hang]]');
    const first = await agentOf(server);
    await socket.until('the failure', () => ofType(socket.of(id), 'turn.failed').length === 1);
    const { error } = only(socket.of(id), 'turn.failed');
    expect(error).toMatchObject({ code: 'agent_silent', hint: expect.stringMatching(/\S/) as unknown });
    expect(ofType(socket.of(id), 'retry.scheduled')).toHaveLength(1);
    await expect.poll(() => server.children(), WAIT).toEqual([]);
    expect(isAlive(first)).toBe(false);
    expect((await bench.read(id)).phase).toBe('idle');
    await goesOn(id, socket, ['[[hang]]']);
  });

  test('[WD2] silent in the middle of its text: the turn fails with a hint, and its text is kept', async () => {
    await serve(IMPATIENT);
    const { id, socket } = await session();
    await bench.send(id, '[[tokens 3 0]] [[stall]]');
    await socket.until('the failure', () => ofType(socket.of(id), 'turn.failed').length === 1);
    const events = socket.of(id);
    expect(only(events, 'turn.failed').error).toMatchObject({
      code: 'agent_silent',
      hint: expect.stringMatching(/\S/) as unknown,
    });
    expect(ofType(events, 'block.completed').at(-1)).toMatchObject({ text: 'w0 w1 w2 ', reason: 'interrupted' });
    expect(ofType(events, 'retry.scheduled')).toEqual([]);
    await goesOn(id, socket, ['[[stall]]']);
  });

  test('[WD3] nobody is impatient while a tool runs or an approval waits', async () => {
    await serve(IMPATIENT);
    const tool = await session();
    await bench.send(tool.id, '[[tool Bash {"command":"tail -f /dev/null"}]]');
    await tool.socket.until('the tool', () => ofType(tool.socket.of(tool.id), 'tool.called').length === 1);
    const asking = await bench.session();
    const asks = await bench.watch(asking.id);
    await bench.send(asking.id, '[[tool Bash {"command":"touch asked"}]]');
    await asks.until('the question', () => ofType(asks.of(asking.id), 'approval.requested').length === 1);

    const silent = await session();
    await bench.send(silent.id, '[[hang]]');
    await silent.socket.until('its failure', () => ofType(silent.socket.of(silent.id), 'turn.failed').length === 1);
    expect((await bench.read(tool.id)).phase).toBe('tool');
    const { phase, approvals } = await bench.read(asking.id);
    expect([phase, approvals.length]).toEqual(['awaiting_approval', 1]);
    const path = `/v1/sessions/${asking.id}/approvals/${approvals[0]?.approvalId}`;
    expect((await bench.http('POST', path, { body: { decision: 'allow' } })).status).toBe(200);
    await asks.until('its end', () => ofType(asks.of(asking.id), 'turn.completed').length === 1);
    await bench.http('POST', `/v1/sessions/${tool.id}/interrupt`);
    await tool.socket.until('the tool’s end', () => ofType(tool.socket.of(tool.id), 'turn.interrupted').length === 1);
  });

  test.each(['before it is ready', 'before its first output'])(
    '[WD7] killed %s: another process answers, and clients see one turn',
    async (when) => {
      const server = await serve();
      const { id, socket } = await session();
      await bench.send(id, '[[hang 1000]] [[say there]]');
      const first = await agentOf(server);
      if (when === 'before its first output') await asked('[[say there]]');
      process.kill(first, 'SIGKILL');
      await socket.until('the answer', () => ofType(socket.of(id), 'turn.completed').length === 1);
      const events = socket.of(id);
      expect(answerText(events)).toBe('there');
      expect(ofType(events, 'turn.started')).toHaveLength(1);
      expect(ofType(events, 'retry.scheduled')).toHaveLength(1);
      await goesOn(id, socket, ['[[say there]]']);
    },
  );

  test('[WD7] killed twice before its first output: the turn fails with a hint', async () => {
    const server = await serve();
    const { id, socket } = await session();
    await bench.send(id, '[[hang 6000]]');
    const first = await agentOf(server);
    await asked('[[hang 6000]]');
    process.kill(first, 'SIGKILL');
    const second = await agentOf(server, first);
    await asked('[[hang 6000]]', 2);
    process.kill(second, 'SIGKILL');
    await socket.until('the failure', () => ofType(socket.of(id), 'turn.failed').length === 1);
    expect(only(socket.of(id), 'turn.failed').error).toMatchObject({
      code: 'agent_crashed',
      hint: expect.stringMatching(/\S/) as unknown,
    });
    await goesOn(id, socket, ['[[hang 6000]]']);
  });
});
