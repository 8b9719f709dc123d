import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@hearth/client';
import type { Hearth } from '@hearth/client';
import { answerText, Bench, ofType } from '@hearth/conformance';
import { reply } from '@hearth/testkit';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { modelRequests, Place, scriptedApi, ServerProcess } from './server-process.ts';

const AGENT = 'claude';

describe('accounts of the Claude agent', () => {
  let api: MessagesApi;
  let bench: Bench;
  let client: Hearth;
  let server: ServerProcess;
  const places: Place[] = [];

  async function serve(place: Place, env: Record<string, string> = {}): Promise<void> {
    const delays = { HEARTH_RETRY_DELAYS_MS: '200,400,800' };
    server = await ServerProcess.start(place, api, { agent: AGENT, env: { ...delays, ...env } });
    const target = server.target(AGENT, api);
    bench = new Bench(target);
    client = connect({ url: target.baseUrl, token: target.token });
  }

  function newPlace(): Place {
    const place = new Place();
    places.push(place);
    return place;
  }

  const key = (apiKey: string, priority: number) =>
    client.accounts.create({ kind: 'api_key', apiKey, label: apiKey, priority, baseUrl: api.url });

  beforeAll(async () => {
    api = await scriptedApi();
  });

  afterEach(async () => {
    client.close();
    await server.stop();
    for (const place of places.splice(0)) place.remove();
    api.reset();
  });

  afterAll(async () => {
    await api.close();
  });

  test('[WAIT1] [WAIT2] [ACC8] [ACC11] an account added, used, spent and used again after its reset, watched live, over a server that was killed meanwhile', async () => {
    const place = newPlace();
    await serve(place);
    const states: string[] = [];
    client.accounts.watch(([account]) => {
      if (account !== undefined && states.at(-1) !== account.state) states.push(account.state);
    });
    await key('key-one', 1);
    const { id } = await bench.session({ allowedTools: ['Bash'] });
    const socket = await bench.watch(id);
    expect(answerText(await bench.turn(socket, id, '[[say used]]'))).toBe('used');

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
    await expect.poll(async () => (await client.session(id).get()).phase, { timeout: 60_000 }).toBe('retrying');
    await expect.poll(() => server.children().length, { timeout: 60_000 }).toBe(0);
    expect((await client.accounts.list()).map(({ state }) => state)).toEqual(['cooling']);
    await expect.poll(() => states).toEqual(['ready', 'cooling']);

    client.close();
    await server.stop('SIGKILL');
    await serve(place);
    const waiting = await client.session(id).get();
    expect([waiting.phase, waiting.queue.length]).toEqual(['retrying', 1]);

    await expect.poll(async () => (await client.session(id).get()).phase, { timeout: 60_000 }).toBe('idle');
    const items = await bench.log(id);
    expect(ofType(items, 'turn.started')).toHaveLength(3);
    expect(ofType(items, 'turn.completed')).toHaveLength(3);
    expect(answerText(items.filter((event) => event.turnId === waiting.turnId))).toContain('tool said: hello');
    expect(readFileSync(join(place.workspace, 'ran.txt'), 'utf8')).toBe('ran\n');
    for (const { userTexts } of modelRequests(api)) expect(new Set(userTexts).size).toBe(userTexts.length);
    expect(modelRequests(api).at(-1)?.userTexts).toHaveLength(3);
    expect((await client.accounts.list()).map(({ state }) => state)).toEqual(['ready']);
  });

  test('[SEL8] [SEL9] a session goes on with another account, and its usage is told by account', async () => {
    await serve(newPlace());
    const one = await key('key-one', 1);
    const two = await key('key-two', 2);
    const { id } = await bench.session();
    const socket = await bench.watch(id);
    await bench.turn(socket, id, '[[say by one]]');
    api.setScript(({ apiKey }) => (apiKey === 'key-one' ? reply().status(401) : undefined));

    const events = await bench.turn(socket, id, '[[say by two]]');

    expect(answerText(events)).toBe('by two');
    expect(ofType(events, 'account.selected')).toMatchObject([
      { accountId: two.id, label: 'key-two', reason: 'rotated' },
    ]);
    expect((await client.session(id).get()).activeAccountId).toBe(two.id);
    expect((await client.accounts.get(one.id)).problem).toMatchObject({ code: 'agent_unauthorized' });
    const usage = await client.usage({ groupBy: 'account' });
    expect(usage.items.map((item) => item.key).toSorted((a, b) => a.localeCompare(b))).toEqual(
      [one.id, two.id].toSorted((a, b) => a.localeCompare(b)),
    );
    const billedTokens = api.bills.reduce((sum, bill) => sum + bill.usage.input_tokens + bill.usage.output_tokens, 0);
    expect(usage.total.inputTokens + usage.total.outputTokens).toBe(billedTokens);
  });

  test('[RLY9] [BUD2] a turn that has spent the budget of the day makes no further call of the model, and none begins', async () => {
    await serve(newPlace(), { HEARTH_MAX_USD_PER_DAY: '0.0001' });
    await key('key-one', 1);
    const { id } = await bench.session({ allowedTools: ['Bash'] });
    const socket = await bench.watch(id);

    const first = await bench.turn(socket, id, '[[tool Bash {"command":"echo hello"}]] [[say never]]');
    const second = await bench.turn(socket, id, '[[say neither]]');

    for (const events of [first, second]) {
      const [failed] = ofType(events, 'turn.failed');
      expect(failed?.error).toMatchObject({ code: 'budget_exceeded', retryable: false });
    }
    expect(modelRequests(api)).toHaveLength(1);
  });

  test('[CALL1] [RLY2] turns, a fork, a rewind, another model and an interrupt cost together what was billed', async () => {
    await serve(newPlace());
    await key('key-one', 1);
    const { id } = await bench.session({ model: 'claude-sonnet-4-5' });
    const socket = await bench.watch(id);
    await bench.turn(socket, id, '[[say one]]');
    const { lastSeq } = await bench.read(id);
    await bench.turn(socket, id, '[[say two]]');
    const fork = await client.session(id).fork({ atSeq: lastSeq });
    await bench.turn(await bench.watch(fork.id, -1), fork.id, '[[say three]]');
    await client.session(id).rewind({ toSeq: lastSeq });
    await client.session(id).update({ model: 'claude-haiku-4-5' });
    await bench.turn(socket, id, '[[say four]]');
    await bench.send(id, '[[tokens 500 20]]');
    await expect.poll(async () => (await client.session(id).get()).phase).toBe('streaming');
    await client.session(id).interrupt();
    await expect.poll(async () => (await client.session(id).get()).phase).toBe('idle');

    const { total } = await client.usage({ groupBy: 'model' });
    const billed = (of: (usage: (typeof api.bills)[number]['usage']) => number): number =>
      api.bills.reduce((sum, { usage }) => sum + of(usage), 0);
    expect(api.bills.length).toBeGreaterThan(4);
    expect(total.inputTokens).toBe(billed((usage) => usage.input_tokens));
    expect(total.cacheReadTokens).toBe(billed((usage) => usage.cache_read_input_tokens));
    expect(total.cacheCreationTokens).toBe(billed((usage) => usage.cache_creation_input_tokens));
    // Of an answer that was cut only what had come by then is known, and the last words may have been on their way.
    const cut = api.bills.filter(({ outcome }) => outcome !== 'whole').length;
    expect(cut).toBe(1);
    expect(billed((usage) => usage.output_tokens) - total.outputTokens).toBeLessThan(5);
  });

  test('[RLY9] [BUD3] [BUD4] the budget of an account for a day is that of whichever account the session uses', async () => {
    await serve(newPlace(), { HEARTH_MAX_ACCOUNT_USD_PER_DAY: '0.0001' });
    const { id: accountId } = await key('key-one', 1);
    const { id } = await bench.session();
    const socket = await bench.watch(id);

    const first = await bench.turn(socket, id, '[[say one]]');
    const second = await bench.turn(socket, id, '[[say two]]');

    expect(ofType(first, 'turn.completed')).toHaveLength(1);
    const told = [...first, ...second].filter((event) => event.type === 'notice' && event.code === 'budget_near');
    expect(told).toMatchObject([{ text: expect.stringContaining('of this account for today') }]);
    expect(ofType(second, 'turn.failed')[0]?.error.code).toBe('budget_exceeded');
    expect(modelRequests(api)).toHaveLength(1);
    expect((await bench.http('GET', '/v1/budgets')).body).toMatchObject({
      items: [{ scope: 'account', key: accountId }],
    });
  });

  test('[SEL7] a session is pinned to an account that there is', async () => {
    await serve(newPlace());
    await key('key-one', 1);
    const two = await key('key-two', 2);
    const { id } = await bench.session({ accountId: two.id });
    const socket = await bench.watch(id);
    const events = await bench.turn(socket, id, 'hello');
    expect(ofType(events, 'account.selected')).toMatchObject([{ accountId: two.id, reason: 'pinned' }]);
    await expect(client.session(id).update({ accountId: 'nobody' })).rejects.toMatchObject({ code: 'invalid_request' });
    await client.session(id).update({ accountId: null });
    expect(api.requests.map((request) => request.apiKey)).toEqual(['key-two']);
  });
});
