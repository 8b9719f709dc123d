import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { reply } from '@hearth/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Reply } from '@hearth/testkit';
import { ask, startRelayBed } from './testing/relay-bed.ts';
import type { RelayBed } from './testing/relay-bed.ts';
import type { TestAccount } from './testing/memory-accounts.ts';
import type { LaneEvent } from './lane.ts';
import type { RelayAddress } from './relay.ts';

let bed: RelayBed;
let odd: Server | undefined;

afterEach(async () => {
  await bed.close();
  odd?.closeAllConnections();
  odd?.close();
  odd = undefined;
});

/** A relay before a model API that answers as it likes. */
async function startOddBed(answer: RequestListener, given: Record<string, TestAccount> = { one: {} }): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  odd = server;
  bed = await startRelayBed(given, {}, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** The beginning of a streamed answer, with so many deltas. */
function beginning(deltas: number): string {
  const usage = { input_tokens: 10, output_tokens: 1 };
  const start = { type: 'message_start', message: { id: 'msg_1', model: 'claude-sonnet-4-5', usage } };
  const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ä' } };
  return [start, ...Array.from({ length: deltas }, () => delta)]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('');
}

const ENDING = 'event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":7}}\n\n';
const STREAM = { 'content-type': 'text/event-stream' };

const HOUR_MS = 3_600_000;

/** A refusal of a subscription whose window is spent until then. */
function spent(window: string, resetsAtMs: number): Reply {
  return reply().status(429, {
    headers: {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-representative-claim': window,
      'anthropic-ratelimit-unified-reset': String(Math.round(resetsAtMs / 1000)),
    },
  });
}

const deltasIn = (stream: string): number => stream.split('event: content_block_delta').length - 1;
const tokens = (told: readonly LaneEvent[]): { inputTokens: number; outputTokens: number } =>
  told.reduce(
    (sum, event) =>
      event.type === 'call.counted'
        ? {
            inputTokens: sum.inputTokens + event.usage.inputTokens,
            outputTokens: sum.outputTokens + event.usage.outputTokens,
          }
        : sum,
    { inputTokens: 0, outputTokens: 0 },
  );
const keysAsked = (): (string | undefined)[] => bed.api.requests.map((request) => request.apiKey);

/** Asks with the very target that is given, and gives the whole answer. */
async function askRaw({ url, lane }: RelayAddress, target: string, token = lane.token): Promise<string> {
  const messages = [{ role: 'user', content: 'hi' }];
  const body = JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 100, messages });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const head = [
    `POST ${target} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    `x-api-key: ${token}`,
    'anthropic-version: 2023-06-01',
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return textOf(socket);
}

describe('the relay', () => {
  test('[RLY1] [RLY2] makes a call with the secret of the account, which the agent never has, and counts it', async () => {
    bed = await startRelayBed({ one: {} });
    const way = await bed.lane();

    const answer = await ask(way, '[[say hello there]]');

    expect(await answer.text()).toContain('hello');
    expect(way.lane.token).not.toContain('one');
    expect(keysAsked()).toEqual(['one']);
    expect(way.told.filter(({ type }) => type === 'account.selected')).toMatchObject([
      { accountId: 'one', reason: 'selected' },
    ]);
    const counted = way.told.flatMap((event) => (event.type === 'call.counted' ? [event] : []));
    const [bill] = bed.api.bills;
    expect(counted.reduce((sum, { usage }) => sum + usage.inputTokens, 0)).toBe(bill?.usage.input_tokens);
    expect(counted.reduce((sum, { usage }) => sum + usage.outputTokens, 0)).toBe(bill?.usage.output_tokens);
    expect(counted.every(({ costUsd }) => costUsd > 0)).toBe(true);
  });

  test('[RLY2] counts an answer that does not stream, and one that breaks off, with the output that came by then', async () => {
    bed = await startRelayBed({ one: {} });
    const way = await bed.lane();

    await (await ask(way, 'hi', { stream: false })).json();
    let text = '';
    bed.api.setBeforeCut(async () => vi.waitFor(() => expect(deltasIn(text)).toBe(3), { timeout: 30_000 }));
    const torn = await ask(way, '[[cut 3]] [[tokens 6 0]]');
    const reading = torn.body?.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write: (part) => {
          text += part;
        },
      }),
    );
    await expect(reading).rejects.toThrow();
    expect(deltasIn(text)).toBe(3);

    await expect.poll(() => bed.api.bills.length).toBe(2);
    await expect
      .poll(() =>
        way.told.reduce((sum, event) => {
          if (event.type !== 'call.counted') return sum;
          return sum + event.usage.inputTokens + event.usage.outputTokens;
        }, 0),
      )
      .toBe(bed.api.bills.reduce((sum, { usage }) => sum + usage.input_tokens + usage.output_tokens, 0));
  });

  test('[RLY1] knows no token but those of living processes, and no call but those that an agent needs', async () => {
    bed = await startRelayBed({ one: {} });
    const way = await bed.lane();

    const strange = await ask(way, 'hi', { headers: { 'x-api-key': 'made-up' } });
    const elsewhere = await ask(way, 'hi', { path: '/v1/organizations/me' });
    way.lane.close();
    const late = await ask(way, 'hi');

    expect([strange.status, elsewhere.status, late.status]).toEqual([401, 404, 401]);
    expect(bed.api.requests).toEqual([]);
  });

  test.each([
    'munity://x/v1/messages',
    'http://127.0.0.1/v1/messages',
    '//',
    '//host/v1/messages',
    '/\\host/v1/messages',
    '*',
    '/v1/messages/../organizations',
  ])('[RLY1] [ACC12] refuses the target %s before any secret is looked at', async (target) => {
    bed = await startRelayBed({ 'the-real-key': {} });
    const way = await bed.lane();
    const secrets = vi.spyOn(bed.accounts, 'credentials');

    const known = await askRaw(way, target);
    const unknown = await askRaw(way, target, 'made-up');

    expect(known).toMatch(/^HTTP\/1\.1 404 /);
    expect(known).toContain('{"type":"error","error":{"type":"not_found_error","message":"Not found: ');
    expect(unknown).toMatch(/^HTTP\/1\.1 401 /);
    expect(known + unknown).not.toContain('the-real-key');
    expect(secrets).not.toHaveBeenCalled();
    expect(bed.api.requests).toEqual([]);
  });

  test('[RLY1] makes the call of a target that is a path, with its query', async () => {
    bed = await startRelayBed({ one: {} });
    const way = await bed.lane();

    const answer = await askRaw(way, '/v1/messages?beta=true');

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('echo: hi');
    expect(keysAsked()).toEqual(['one']);
  });

  test('[RLY3] goes over to another account when a quota is spent, inside the same call, and stays there', async () => {
    bed = await startRelayBed({ one: { priority: 1 }, two: { priority: 2 } });
    const resetsAtMs = bed.clock.now() + HOUR_MS;
    bed.answer((key) => (key === 'one' ? spent('five_hour', resetsAtMs) : undefined));
    const way = await bed.lane();

    await (await ask(way, '[[say a]]')).text();
    await (await ask(way, '[[say b]]')).text();

    expect(keysAsked()).toEqual(['one', 'two', 'two']);
    expect(bed.accounts.health('one').cooldown).toMatchObject({ window: 'five_hour', code: 'account_exhausted' });
    const told = way.told.filter(({ type }) => type !== 'call.counted');
    expect(told).toMatchObject([
      { type: 'account.selected', accountId: 'one', reason: 'selected' },
      { type: 'retry.scheduled', delayMs: 0, error: { code: 'account_exhausted', status: 429 }, accountId: 'one' },
      { type: 'account.selected', accountId: 'two', reason: 'rotated' },
    ]);
  });

  test('[RLY3] leaves a window of one kind of model alone for that kind only', async () => {
    bed = await startRelayBed({ one: { priority: 1 }, two: { priority: 2 } });
    const resetsAtMs = bed.clock.now() + HOUR_MS;
    bed.answer((key, { body }) =>
      key === 'one' && body.model.includes('opus') ? spent('seven_day_opus', resetsAtMs) : undefined,
    );
    const opus = await bed.lane();
    const sonnet = await bed.lane();

    await (await ask(opus, 'a', { model: 'claude-opus-4-5' })).text();
    await (await ask(sonnet, 'b', { model: 'claude-sonnet-4-5' })).text();
    await bed.clock.advance(2 * HOUR_MS);
    bed.answer(() => undefined);
    await (await ask(await bed.lane(), 'c', { model: 'claude-opus-4-5' })).text();

    expect(keysAsked()).toEqual(['one', 'two', 'one', 'one']);
  });

  test('[RLY4] waits for a busy model API with the same account: as long as it asks for, or longer each time', async () => {
    bed = await startRelayBed({ one: { priority: 1 }, two: { priority: 2 } });
    const failures = [
      reply().status(429, { headers: { 'retry-after': '7' } }),
      reply().status(529),
      reply().status(500),
    ];
    bed.answer(() => failures.shift());
    const way = await bed.lane();

    const answering = ask(way, '[[say at last]]');
    for (const waitMs of [7_000, 30_000, 60_000]) {
      const before = bed.api.requests.length;
      await expect.poll(() => way.told.at(-1)).toMatchObject({ type: 'retry.scheduled', accountId: 'one' });
      await expect.poll(() => bed.clock.pendingTimers).toBeGreaterThan(0);
      await bed.clock.advance(waitMs);
      await expect.poll(() => bed.api.requests.length).toBe(before + 1);
    }

    expect(await (await answering).text()).toContain('last');
    expect(keysAsked()).toEqual(['one', 'one', 'one', 'one']);
    const waits = way.told.flatMap((event) =>
      event.type === 'retry.scheduled' ? [[event.attempt, event.delayMs]] : [],
    );
    expect(waits).toEqual([
      [1, 7_000],
      [2, 30_000],
      [3, 60_000],
    ]);
  });

  test('[RLY4] gives up after the last attempt, and says why', async () => {
    bed = await startRelayBed({ one: {} }, { retry: { delaysMs: [1_000], jitter: 0 } });
    bed.answer(() => reply().status(529));
    const way = await bed.lane();

    const answering = ask(way, 'hi');
    await expect.poll(() => way.told.at(-1)?.type).toBe('retry.scheduled');
    await expect.poll(() => bed.clock.pendingTimers).toBeGreaterThan(0);
    await bed.clock.advance(1_000);
    const answer = await answering;

    expect(answer.status).toBe(529);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(way.lane.verdict).toMatchObject({ code: 'overloaded', status: 529, retryable: true });
    expect(bed.api.requests).toHaveLength(2);
  });

  test('[RLY5] renews a refused token once, then takes the account as broken and another one', async () => {
    const oauth = { kind: 'oauth' as const, accessToken: 'old', refreshToken: 'r' };
    bed = await startRelayBed({
      sub: { kind: 'oauth', priority: 1, credentials: oauth, renewed: { accessToken: 'new' } },
      two: { priority: 2 },
    });
    bed.answer((key) => (key === 'old' ? reply().status(401) : undefined));
    const way = await bed.lane();
    await (await ask(way, 'a')).text();
    expect(keysAsked()).toEqual(['old', 'new']);

    bed.answer((key) => (key === 'new' ? reply().status(401) : undefined));
    bed.accounts.all.set('sub', { ...bed.accounts.all.get('sub'), renewed: 'refused' });
    await (await ask(way, 'b')).text();

    expect(keysAsked()).toEqual(['old', 'new', 'new', 'two']);
    expect(bed.accounts.renewals).toEqual(['sub', 'sub']);
    expect(bed.accounts.health('sub').problem).toMatchObject({ code: 'agent_unauthorized' });
    expect(way.told).toContainEqual(expect.objectContaining({ type: 'notice', code: 'account_broken' }));
  });

  test('[RLY5] takes an account that has to be paid for as broken', async () => {
    bed = await startRelayBed({ one: { priority: 1 }, two: { priority: 2 } });
    bed.answer((key) => (key === 'one' ? reply().status(402) : undefined));
    await (await ask(await bed.lane(), 'a')).text();
    expect(keysAsked()).toEqual(['one', 'two']);
    expect(bed.accounts.health('one').problem).toMatchObject({ code: 'account_exhausted' });
  });

  test('[RLY6] hands on a refusal of the request as it came: no other account would take it', async () => {
    bed = await startRelayBed({ one: { priority: 1 }, two: { priority: 2 } });
    bed.answer(() => reply().status(400, { message: 'no such thing' }));
    const answer = await ask(await bed.lane(), 'a');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error', message: 'no such thing' } });
    expect(keysAsked()).toEqual(['one']);
  });

  test('[RLY7] waits for the first reset when every account is spent, and says until when', async () => {
    bed = await startRelayBed({ one: {}, two: {} }, { waitForResetMs: 2 * HOUR_MS });
    const start = bed.clock.now();
    bed.answer((key) => {
      if (bed.clock.now() - start >= HOUR_MS) return undefined;
      return spent('five_hour', start + (key === 'one' ? 2 : 1) * HOUR_MS);
    });
    const way = await bed.lane();

    const answering = ask(way, '[[say back]]');
    await expect
      .poll(() => way.told.at(-1))
      .toMatchObject({ type: 'retry.scheduled', forReset: true, delayMs: HOUR_MS });
    await expect.poll(() => bed.clock.pendingTimers).toBeGreaterThan(0);
    await bed.clock.advance(HOUR_MS);

    expect(await (await answering).text()).toContain('back');
    expect(keysAsked()).toEqual(['one', 'two', 'two']);
  });

  test('[RLY7] waits for a reset by the clock, which may be set meanwhile', async () => {
    bed = await startRelayBed({ one: {} }, { waitForResetMs: 2 * HOUR_MS });
    const resetsAtMs = bed.clock.now() + HOUR_MS;
    bed.answer(() => (bed.clock.now() < resetsAtMs ? spent('five_hour', resetsAtMs) : undefined));
    const way = await bed.lane();

    const answering = ask(way, '[[say back]]');
    await expect.poll(() => way.told.at(-1)).toMatchObject({ forReset: true });
    await expect.poll(() => bed.clock.pendingTimers).toBeGreaterThan(0);
    bed.clock.set(HOUR_MS);
    await bed.clock.advance(60_000);

    expect(await (await answering).text()).toContain('back');
    expect(way.told.filter((event) => event.type === 'retry.scheduled' && event.forReset === true)).toHaveLength(1);
  });

  test('[RLY7] goes on at once when somebody adds an account meanwhile', async () => {
    bed = await startRelayBed({ one: {} }, { waitForResetMs: 2 * HOUR_MS });
    const resetsAtMs = bed.clock.now() + HOUR_MS;
    bed.answer((key) => (key === 'one' ? spent('five_hour', resetsAtMs) : undefined));
    const way = await bed.lane();

    const answering = ask(way, '[[say back]]');
    await expect.poll(() => way.told.at(-1)).toMatchObject({ forReset: true });
    bed.accounts.all.set('two', {});
    bed.accounts.changed();

    expect(await (await answering).text()).toContain('back');
  });

  test('[RLY7] fails at once when that would take longer than it may', async () => {
    bed = await startRelayBed({ one: {} }, { waitForResetMs: HOUR_MS });
    bed.answer(() => spent('seven_day', bed.clock.now() + 30 * HOUR_MS));
    const way = await bed.lane();
    expect((await ask(way, 'a')).status).toBe(429);
    expect(way.lane.verdict).toMatchObject({ code: 'account_exhausted', message: expect.stringContaining('back at') });
  });

  test('[RLY8] ends a wait as soon as the agent goes away', async () => {
    bed = await startRelayBed({ one: {} });
    bed.answer(() => reply().status(529));
    const way = await bed.lane();
    const away = new AbortController();
    const answering = ask(way, 'a', { signal: away.signal }).catch((error: Error) => error.name);
    await expect.poll(() => way.told.at(-1)?.type).toBe('retry.scheduled');
    await expect.poll(() => bed.clock.pendingTimers).toBeGreaterThan(0);
    away.abort();
    expect(await answering).toBe('AbortError');
    await expect.poll(() => bed.clock.pendingTimers).toBe(0);
    expect(bed.api.requests).toHaveLength(1);
  });

  test('[RLY10] gives up no place in the line that it did not have', async () => {
    bed = await startRelayBed({ one: {} });
    bed.answer(() => reply().hang('forever'));
    const way = await bed.lane();
    const asks = (count: number): AbortController[] =>
      Array.from({ length: count }, () => {
        const away = new AbortController();
        ask(way, 'a', { signal: away.signal }).catch(() => 'away');
        return away;
      });
    asks(4);
    await expect.poll(() => bed.api.requests.length).toBe(4);
    for (const away of asks(3)) away.abort();
    await new Promise((resolve) => setTimeout(resolve, 100));
    asks(2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bed.api.requests).toHaveLength(4);
  });

  test('[RLY9] makes no call that a budget does not allow', async () => {
    bed = await startRelayBed({ one: {} });
    const error = { code: 'budget_exceeded' as const, message: 'The day’s budget is spent.', retryable: false };
    const way = await bed.lane({ allow: () => error });
    expect((await ask(way, 'a')).status).toBe(403);
    expect(way.lane.verdict).toEqual(error);
    expect(bed.api.requests).toEqual([]);
  });

  test('[RLY2] counts an answer that streams and ends without its last word, with the output that came by then', async () => {
    await startOddBed((_request, response) => {
      response.writeHead(200, STREAM);
      response.end(`${beginning(50)}event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n`);
    });
    const way = await bed.lane();

    await (await ask(way, 'a')).text();

    expect(tokens(way.told)).toEqual({ inputTokens: 10, outputTokens: 50 });
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('[RLY2] counts an answer in %s, which nobody asked for', async (encoding, encode) => {
    await startOddBed((_request, response) => {
      response.writeHead(200, { ...STREAM, 'content-encoding': encoding });
      response.end(encode(beginning(3) + ENDING));
    });
    const way = await bed.lane();

    const answer = await ask(way, 'a');

    expect(await answer.text()).toBe(beginning(3) + ENDING);
    expect(tokens(way.told)).toEqual({ inputTokens: 10, outputTokens: 7 });
  });

  test('[RLY2] hands on an answer that breaks off inside what it is encoded in as one that broke off', async () => {
    await startOddBed((_request, response) => {
      response.writeHead(200, { ...STREAM, 'content-encoding': 'gzip' });
      const whole = gzipSync(beginning(3) + ENDING);
      response.end(whole.subarray(0, whole.length - 20));
    });
    const answer = await ask(await bed.lane(), 'a');
    await expect(answer.text()).rejects.toThrow();
  });

  test('[RLY3] leaves an account alone for a while whose reset is past by the clock here', async () => {
    bed = await startRelayBed({ one: {} });
    bed.answer(() => spent('five_hour', bed.clock.now() - HOUR_MS));
    const way = await bed.lane();

    expect((await ask(way, 'a')).status).toBe(429);

    expect(bed.api.requests).toHaveLength(1);
    expect(bed.accounts.health('one').cooldown).toMatchObject({ untilMs: bed.clock.now() + 30_000 });
  });

  test('[RLY4] [RLY8] does not wait for the end of a refusal that never ends', async () => {
    await startOddBed((_request, response) => {
      response.writeHead(503).write('x');
    });
    const away = new AbortController();
    const way = await bed.lane();
    const answering = ask(way, 'a', { signal: away.signal }).catch((error: Error) => error.name);

    await expect
      .poll(async () => {
        await bed.clock.advance(10_000);
        return way.told.map(({ type }) => type);
      })
      .toContain('retry.scheduled');

    away.abort();
    expect(await answering).toBe('AbortError');
  });

  test('[RLY6] hands on a refusal whose body is cut as one that is whole', async () => {
    await startOddBed((_request, response) => {
      const body = Buffer.alloc(200_000, 'x');
      response.writeHead(400, { 'content-length': body.length }).end(body);
    });
    const answer = await ask(await bed.lane(), 'a');
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/^x{1,65536}$/);
  });

  test('[RLY6] [TURN7] refuses a request that no model API would take as one that is too large', async () => {
    bed = await startRelayBed({ one: {} });
    const { url, lane } = await bed.lane();
    const answer = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': lane.token },
      body: Buffer.alloc(65 * 1024 * 1024, ' '),
    });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { type: 'request_too_large' } });
    expect(bed.api.requests).toEqual([]);
  });

  test('[RLY5] [ACC13] does not take an account as broken whose token cannot be renewed now', async () => {
    const oauth = { kind: 'oauth' as const, accessToken: 'old', refreshToken: 'r' };
    bed = await startRelayBed({ sub: { kind: 'oauth', credentials: oauth, renewed: 'unreachable' } });
    bed.answer((key) => (key === 'old' ? reply().status(401) : undefined));
    const way = await bed.lane();
    const answering = ask(way, '[[say at last]]');
    for (const renewals of [1, 2]) {
      await expect.poll(() => bed.accounts.renewals.length).toBe(renewals);
      await expect.poll(() => bed.clock.pendingTimers).toBeGreaterThan(0);
      if (renewals === 2)
        bed.accounts.all.set('sub', { ...bed.accounts.all.get('sub'), renewed: { accessToken: 'new' } });
      await bed.clock.advance(30_000);
    }

    expect(await (await answering).text()).toContain('last');
    expect(keysAsked()).toEqual(['old', 'old', 'old', 'new']);
    expect(bed.accounts.health('sub').problem).toBeUndefined();
  });

  test('[RLY5] [ACC9] takes no new key as broken because the one before it was refused', async () => {
    bed = await startRelayBed({ one: { credentials: { kind: 'api_key', apiKey: 'old' } } });
    bed.answer((key) => {
      bed.accounts.all.set('one', { credentials: { kind: 'api_key', apiKey: 'new' } });
      return key === 'old' ? reply().status(401) : undefined;
    });

    const answer = await ask(await bed.lane(), '[[say hello]]');

    expect(await answer.text()).toContain('hello');
    expect(keysAsked()).toEqual(['old', 'new']);
    expect(bed.accounts.health('one').problem).toBeUndefined();
  });

  test('[RLY1] translates between keys and subscriptions', async () => {
    const oauth = { kind: 'oauth' as const, accessToken: 'tok' };
    bed = await startRelayBed({ one: { priority: 1 }, sub: { kind: 'oauth', priority: 2, credentials: oauth } });
    await (await ask(await bed.lane({ pinned: 'sub' }), 'a', { headers: { 'anthropic-beta': 'x-1' } })).text();
    await (
      await ask(await bed.lane({ pinned: 'one' }), 'b', { headers: { 'anthropic-beta': 'x-1,oauth-2025-04-20' } })
    ).text();
    const [bySub, byKey] = bed.api.requests.map(({ headers }) => headers);
    expect(bySub).toMatchObject({ authorization: 'Bearer tok', 'anthropic-beta': 'x-1,oauth-2025-04-20' });
    expect(bySub).not.toHaveProperty('x-api-key');
    expect(byKey).toMatchObject({ 'x-api-key': 'one', 'anthropic-beta': 'x-1' });
    expect(byKey).not.toHaveProperty('authorization');
  });
});
