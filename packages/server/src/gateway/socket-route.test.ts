import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE_CODES, MAX_FRAME_BYTES } from '@hearth/protocol';
import { OWNER_TOKEN, rawRequest, startFakeServer } from './testing/fake-server.ts';
import type { FakeServer } from './testing/fake-server.ts';

/** Waits for a condition, generously: the machine may be busy. */
const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 30_000 });

let server: FakeServer;
const sockets: WebSocket[] = [];
beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
});

const bearer = { authorization: `Bearer ${OWNER_TOKEN}` };

interface Client {
  socket: WebSocket;
  frames: Record<string, unknown>[];
  send(value: unknown): void;
  ask(method: string, params?: object): Promise<Record<string, unknown>>;
}

let nextId = 1;

async function connect(headers: Record<string, string> = bearer, protocols = ['hearth.v1']): Promise<Client> {
  const socket = new WebSocket(server.wsUrl, protocols, { headers });
  sockets.push(socket);
  const frames: Record<string, unknown>[] = [];
  socket.on('message', (data: Buffer) => {
    const value = JSON.parse(data.toString()) as Record<string, unknown> | Record<string, unknown>[];
    frames.push(...[value].flat());
  });
  await once(socket, 'open');
  const send = (value: unknown) => socket.send(typeof value === 'string' ? value : JSON.stringify(value));
  const ask = async (method: string, params: object = {}) => {
    const id = nextId++;
    send({ jsonrpc: '2.0', id, method, params });
    return await until(() => {
      const answer = frames.find((frame) => frame['id'] === id);
      if (answer === undefined) throw new Error(`no answer to ${method}`);
      return answer;
    });
  };
  return { socket, frames, send, ask };
}

async function refusal(headers: Record<string, string>): Promise<{ status: number | undefined; body: string }> {
  const socket = new WebSocket(server.wsUrl, 'hearth.v1', { headers });
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

async function closed(client: Client): Promise<number> {
  const [code] = (await once(client.socket, 'close')) as [number];
  return code;
}

describe('the upgrade', () => {
  test('takes the token of the header, and the subprotocol', async () => {
    const client = await connect();
    expect(client.socket.protocol).toBe('hearth.v1');
    expect(await client.ask('ping')).toHaveProperty('result.time');
  });

  test('takes clients that name no subprotocol', async () => {
    const client = await connect(bearer, []);
    expect(client.socket.protocol).toBe('');
    expect(await client.ask('ping')).toHaveProperty('result');
  });

  test('takes a browser’s cookie from a page of its own', async () => {
    const login = await rawRequest(server.gateway.loginUrl());
    const cookie = login.headers['set-cookie']![0]!.split(';')[0]!;
    const client = await connect({ cookie, origin: server.url });
    expect(await client.ask('session.list')).toHaveProperty('result.items');
    expect((await refusal({ cookie })).status).toBe(403);
  });

  test('[SEC7] gives a browser its cookie anew, once a day: a page makes no other request', async () => {
    const login = await rawRequest(server.gateway.loginUrl());
    const [given] = login.headers['set-cookie']!;
    const headers = { cookie: given!.split(';')[0]!, origin: server.url };
    const renewed = [];
    for (let i = 0; i < 2; i += 1) {
      const socket = new WebSocket(server.wsUrl, 'hearth.v1', { headers });
      sockets.push(socket);
      const [upgrade] = (await once(socket, 'upgrade')) as [IncomingMessage];
      renewed.push(upgrade.headers['set-cookie']);
    }
    expect(renewed).toEqual([[given], undefined]);
  });

  test.each([
    ['a foreign origin', { ...bearer, origin: 'http://evil.example' }, 403],
    ['a foreign origin without credentials', { origin: 'http://evil.example' }, 403],
    ['the origin null', { ...bearer, origin: 'null' }, 403],
    ['another port of this machine', { ...bearer, origin: 'http://127.0.0.1:1' }, 403],
    ['a foreign host', { ...bearer, host: 'evil.example' }, 403],
    ['a wrong token', { authorization: 'Bearer nonsense' }, 401],
  ])('[SEC2] is refused for %s', async (_, headers, status) => {
    const answer = await refusal(headers);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ code: status === 401 ? 'unauthorized' : 'forbidden' });
  });

  test.each(['/v1/sessions', '/healthz', '/readyz', '/login', '/'])('works nowhere else: %s', async (path) => {
    const socket = new WebSocket(server.wsUrl.replace('/v1/ws', path), { headers: bearer });
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(404);
    response.destroy();
  });

  test('needs a WebSocket: a plain request gets told so', async () => {
    const plain = await server.call('/v1/ws');
    expect(plain.status).toBe(400);
    expect(await plain.json()).toMatchObject({ code: 'invalid_request' });
  });
});

describe('one socket', () => {
  test('[guarantee 2] subscribes, gets the backlog, then what happens', async () => {
    const client = await connect();
    const created = await client.ask('session.create', { title: 'Tea' });
    const sessionId = (created['result'] as { id: string }).id;
    const answer = await client.ask('session.subscribe', { sessionId });
    expect(answer).toMatchObject({ result: { session: { id: sessionId }, lastSeq: 1 } });
    await client.ask('message.send', { sessionId, content: 'hi' });
    await until(() => {
      const events = client.frames.filter((frame) => frame['method'] === 'event');
      expect(events.map((event) => (event['params'] as { seq: number }).seq)).toEqual([1, 2]);
    });
  });

  test('a binary frame is an error, and the socket stays open', async () => {
    const client = await connect();
    client.socket.send(Buffer.from([1, 2, 3]));
    await until(() => expect(client.frames).toMatchObject([{ id: null, error: { code: -32600 } }]));
    expect(await client.ask('ping')).toHaveProperty('result');
  });

  test('[WS3] a frame of 8 MiB is taken, a larger one closes with 1009', async () => {
    const client = await connect();
    client.send(JSON.stringify({ jsonrpc: '2.0', id: 'big', method: 'ping' }).padEnd(MAX_FRAME_BYTES, ' '));
    await until(() => expect(client.frames).toMatchObject([{ id: 'big' }]));
    const code = closed(client);
    client.send(' '.repeat(MAX_FRAME_BYTES + 1));
    expect(await code).toBe(CLOSE_CODES.tooLarge);
    expect((await server.call('/v1/sessions')).status).toBe(200);
  });

  test('[WS2] is closed with 4401 when its token is revoked', async () => {
    const { id, token } = await server.auth.createToken({ label: 'ci' });
    const client = await connect({ authorization: `Bearer ${token}` });
    const code = closed(client);
    await server.call(`/v1/tokens/${id}`, { method: 'DELETE' });
    expect(await code).toBe(CLOSE_CODES.unauthorized);
  });

  test('is told when the server goes', async () => {
    const client = await connect();
    const code = closed(client);
    await server.gateway.close();
    expect(await code).toBe(CLOSE_CODES.goingAway);
  });

  test('a client that comes while the server goes is turned away, and does not hold it up', async () => {
    const { hostname, port, pathname } = new URL(server.wsUrl);
    const socket = connectTcp(Number(port), hostname);
    await once(socket, 'connect');
    let answer = '';
    socket.on('data', (data: Buffer) => {
      answer += data.toString();
    });

    const closed = server.close();
    socket.write(
      [
        `GET ${pathname} HTTP/1.1`,
        `Host: ${hostname}:${port}`,
        `Authorization: ${bearer.authorization}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        '\r\n',
      ].join('\r\n'),
    );

    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    await closed;
  });

  test('[guarantee 7] a reader that stops for a while is not dropped, costs a bounded buffer, and misses nothing', async () => {
    const client = await connect();
    const created = await client.ask('session.create');
    const sessionId = (created['result'] as { id: string }).id;
    await client.ask('session.subscribe', { sessionId });
    client.socket.pause();
    let handedOver = 0;
    for (let round = 0; round < 40; round += 1) {
      for (let i = 0; i < 10; i += 1)
        server.sessions.append(sessionId, { type: 'title.updated', title: 'x'.repeat(50_000) });
      await new Promise(setImmediate);
      const [peer] = server.gateway.app.websocketServer.clients;
      handedOver = Math.max(handedOver, peer!.bufferedAmount);
    }
    // 20 MB were written to the log meanwhile; one chunk of the log may come on top of the high-water mark.
    expect(handedOver).toBeLessThan(8 * 1024 * 1024);
    client.socket.resume();
    const seqs = () =>
      client.frames.flatMap((frame) => (frame['method'] === 'event' ? [(frame['params'] as { seq: number }).seq] : []));
    await until(() => expect(seqs()).toHaveLength(401));
    expect(seqs()).toEqual(Array.from({ length: 401 }, (_, i) => i + 1));
  });
});
