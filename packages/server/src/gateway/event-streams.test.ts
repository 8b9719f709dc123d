import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { problemSchema } from '@hearth/protocol';
import { OWNER_TOKEN, rawRequest, startFakeServer } from './testing/fake-server.ts';
import type { FakeServer } from './testing/fake-server.ts';

/** Waits for a condition, generously: the machine may be busy. */
const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 30_000 });

let server: FakeServer;
let id: string;
const readers: Reader[] = [];

beforeEach(async () => {
  server = await startFakeServer();
  id = (await server.sessions.create({ id: 'owner', label: 'owner' }, {})).id;
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.stop();
  await server.close();
});

interface Frame {
  id?: number;
  event?: string;
  data?: unknown;
  comment?: string;
  retry?: string;
}

/** Reads a stream of Server-Sent Events as a browser does. */
class Reader {
  readonly frames: Frame[] = [];
  ended = false;
  readonly response: IncomingMessage;
  readonly #request: ClientRequest;

  constructor(outgoing: ClientRequest, response: IncomingMessage) {
    this.#request = outgoing;
    this.response = response;
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      this.frames.push(...blocks.map(parse));
    });
    response.on('end', () => (this.ended = true)).on('error', () => (this.ended = true));
  }

  static async open(path: string, headers: Record<string, string> = {}): Promise<Reader> {
    const accept = 'text/event-stream';
    const authorization = `Bearer ${OWNER_TOKEN}`;
    const outgoing = request(`${server.url}${path}`, { headers: { accept, authorization, ...headers }, agent: false });
    outgoing.on('error', () => undefined).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const reader = new Reader(outgoing, response);
    readers.push(reader);
    return reader;
  }

  get seqs(): number[] {
    return this.frames.flatMap((frame) => (frame.id === undefined ? [] : [frame.id]));
  }

  stop(): void {
    this.#request.destroy();
  }
}

function parse(block: string): Frame {
  const frame: Frame = {};
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w*): ?(.*)$/.exec(line)!;
    if (name === '') frame.comment = value!;
    if (name === 'id') frame.id = Number(value);
    if (name === 'event') frame.event = value!;
    if (name === 'data') frame.data = JSON.parse(value!);
    if (name === 'retry') frame.retry = value!;
  }
  return frame;
}

function say(count: number, size = 5): void {
  for (let i = 0; i < count; i += 1) server.sessions.append(id, { type: 'title.updated', title: 'x'.repeat(size) });
}

const eventsOf = (query = '') => `/v1/sessions/${id}/events${query}`;

describe('the log as Server-Sent Events', () => {
  test('[guarantee 2] the whole log comes first, then what happens, each with id, event and data', async () => {
    say(2);
    const reader = await Reader.open(eventsOf());
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    await until(() => expect(reader.seqs).toEqual([1, 2, 3]));
    server.sessions.append(id, { type: 'notice', level: 'info', code: 'tea', text: 'line\nbreak' });
    await until(() => expect(reader.seqs).toEqual([1, 2, 3, 4]));
    expect(reader.frames[0]).toHaveProperty('comment');
    expect(reader.frames[1]).toHaveProperty('retry');
    expect(reader.frames.at(-1)).toMatchObject({
      id: 4,
      event: 'notice',
      data: { sessionId: id, seq: 4, type: 'notice', text: 'line\nbreak' },
    });
  });

  test('something is sent at once, also when nothing happens', async () => {
    const reader = await Reader.open(eventsOf('?after=-1'));
    await until(() => expect(reader.frames).toHaveLength(2));
    say(1);
    await until(() => expect(reader.seqs).toEqual([2]));
  });

  test.each([
    ['?after=2', {}, [3, 4]],
    ['?after=0', {}, [1, 2, 3, 4]],
    ['', { 'last-event-id': '3' }, [4]],
    ['?after=1', { 'last-event-id': '3' }, [4]],
    ['?after=3', { 'last-event-id': '' }, [4]],
  ])('%s with %j goes on from there', async (query, headers, seqs) => {
    say(3);
    const reader = await Reader.open(eventsOf(query), headers);
    await until(() => expect(reader.seqs).toEqual(seqs));
  });

  test.each([
    ['?after=x', {}],
    ['?after=', {}],
    ['?after=-2', {}],
    ['?after=1.5', {}],
    ['?after=1&after=2', {}],
    ['?after=99999999999999999999', {}],
    ['', { 'last-event-id': 'abc' }],
    ['?after=1', { 'last-event-id': '0x1' }],
  ])('%s with %j is refused', async (query, headers) => {
    const accept = { accept: 'text/event-stream', authorization: `Bearer ${OWNER_TOKEN}`, ...headers };
    const answer = await rawRequest(`${server.url}${eventsOf(query)}`, { headers: accept });
    expect(answer.status).toBe(400);
    expect(problemSchema.parse(JSON.parse(answer.text)).code).toBe('invalid_request');
  });

  test('a heartbeat has no id, so a reader that comes back does not lose its place', async () => {
    const reader = await Reader.open(eventsOf());
    await until(() => expect(reader.seqs).toEqual([1]));
    server.sessions.heartbeat(id);
    await until(() => expect(reader.frames.at(-1)).toMatchObject({ event: 'heartbeat', data: { sessionId: id } }));
    expect(reader.frames.at(-1)).not.toHaveProperty('id');
  });

  test('[guarantee 7] a reader that is slow is served from the log at its own speed, and misses nothing', async () => {
    const reader = await Reader.open(eventsOf());
    reader.response.pause();
    for (let round = 0; round < 30; round += 1) {
      say(10, 50_000);
      await new Promise(setImmediate);
    }
    expect(server.sessions.paused(id)).toBe(1);
    reader.response.resume();
    await until(() => expect(reader.seqs).toHaveLength(301));
    expect(reader.seqs).toEqual(Array.from({ length: 301 }, (_, i) => i + 1));
  });

  test('a reader that goes away leaves no subscription behind', async () => {
    const reader = await Reader.open(eventsOf());
    await until(() => expect(server.sessions.subscribers(id)).toBe(1));
    reader.stop();
    await until(() => expect(server.sessions.subscribers(id)).toBe(0));
  });

  test('the stream ends when the session is deleted, after its last event', async () => {
    const reader = await Reader.open(eventsOf());
    await until(() => expect(reader.seqs).toEqual([1]));
    await server.call(`/v1/sessions/${id}`, { method: 'DELETE' });
    await until(() => expect(reader.ended).toBe(true));
    expect(reader.frames.at(-1)).toMatchObject({ event: 'session.closed' });
  });

  test('the stream ends when its token is revoked', async () => {
    const { id: tokenId, token } = await server.auth.createToken({ label: 'ci' });
    const reader = await Reader.open(eventsOf(), { authorization: `Bearer ${token}` });
    const other = await Reader.open(eventsOf());
    await server.auth.revokeToken(tokenId);
    await until(() => expect(reader.ended).toBe(true));
    expect(other.ended).toBe(false);
  });

  test('[SEC6] no stream begins whose token was revoked while it was being placed', async () => {
    const { id: tokenId, token } = await server.auth.createToken({ label: 'ci' });
    server.sessions.before.set('subscribe', () => server.auth.revokeToken(tokenId));
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
    const answer = await rawRequest(`${server.url}${eventsOf()}`, { headers });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'overloaded' });
  });

  test('the stream ends when its token expires', async () => {
    const quick = await startFakeServer({ keepAliveMs: 20 });
    const session = await quick.sessions.create({ id: 'owner', label: 'owner' }, {});
    const expiresAt = new Date(Date.now() + 1_000).toISOString();
    const { token } = await quick.auth.createToken({ label: 'brief', expiresAt });
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
    const answer = await rawRequest(`${quick.url}/v1/sessions/${session.id}/events`, { headers });
    await quick.close();
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(': keep-alive');
  });

  test('a server that goes ends its streams', async () => {
    const reader = await Reader.open(eventsOf());
    await server.gateway.close();
    await until(() => expect(reader.ended).toBe(true));
  });

  test('an unknown session is a problem document, not an empty stream', async () => {
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${OWNER_TOKEN}` };
    const answer = await rawRequest(`${server.url}/v1/sessions/none/events`, { headers });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toContain('problem+json');
  });
});

describe('the log as JSON', () => {
  test.each([undefined, '*/*', 'application/json', 'text/html', 'application/json, text/event-stream;q=0.5'])(
    'Accept %s gets a page',
    async (accept) => {
      say(4);
      const headers = { authorization: `Bearer ${OWNER_TOKEN}`, ...(accept === undefined ? {} : { accept }) };
      const answer = await rawRequest(`${server.url}${eventsOf('?after=1&limit=2')}`, { headers });
      const page = JSON.parse(answer.text) as { items: { seq: number }[]; lastSeq: number };
      expect(page.items.map(({ seq }) => seq)).toEqual([2, 3]);
      expect(page.lastSeq).toBe(5);
    },
  );

  test('live only has nothing to tell but where live begins', async () => {
    say(4);
    expect(await (await server.call(eventsOf('?after=-1'))).json()).toEqual({ items: [], lastSeq: 5 });
  });
});

describe('the transcript', () => {
  test('is JSON by default and Markdown on request', async () => {
    server.sessions.append(id, {
      type: 'message.queued',
      messageId: 'm1',
      content: 'What is tea?',
      priority: 'next',
      author: 'owner',
      place: 0,
    });
    server.sessions.append(id, { type: 'message.delivered', messageId: 'm1', as: 'turn' });
    server.sessions.append(id, { type: 'block.completed', blockId: 'b1', kind: 'text', text: 'A drink.' });
    const json = (await (await server.call(`/v1/sessions/${id}/transcript`)).json()) as { items: object[] };
    expect(json.items).toHaveLength(4);
    const markdown = await server.call(`/v1/sessions/${id}/transcript?format=md`);
    expect(markdown.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(await markdown.text()).toContain('## owner\n\nWhat is tea?\n\n## scripted\n\nA drink.\n');
    expect((await server.call(`/v1/sessions/${id}/transcript?format=pdf`)).status).toBe(400);
  });
});
