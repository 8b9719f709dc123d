import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { OPERATIONS, problemSchema, rpcResponseSchema } from '@hearth/protocol';
import { OWNER_TOKEN, rawRequest, startFakeServer } from './testing/fake-server.ts';
import type { FakeServer } from './testing/fake-server.ts';

let server: FakeServer;
let sessionId = '';
beforeAll(async () => {
  server = await startFakeServer();
  sessionId = (await server.sessions.create({ id: 'owner', label: 'owner' }, {})).id;
});
afterAll(() => server.close());

const authorization = `Bearer ${OWNER_TOKEN}`;
const METHODS = [...Object.keys(OPERATIONS), 'session.subscribe', 'session.unsubscribe', 'auth', 'ping'];

/** The session that there is now: a run may have deleted the last one. */
const anId = fc.constant(null).map(() => sessionId);

/** Names of fields that mean something, so that the random values get past the first check now and then. */
const field = fc.constantFrom(
  'sessionId',
  'messageId',
  'content',
  'after',
  'limit',
  'title',
  'token',
  '__proto__',
  'kind',
  'apiKey',
  'baseUrl',
  'passphrase',
  'q',
);
const params = fc.oneof(
  fc.dictionary(field, fc.oneof(fc.jsonValue(), anId, fc.string({ unit: 'binary' }))),
  fc.jsonValue(),
);

describe('whatever comes', () => {
  test('[HTTP5] over HTTP gets an answer that is documented, and never an internal error', async () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('..', '%', '%00', '{sessionId}'));
    const call = fc.record({
      operation: fc.constantFrom(...Object.values(OPERATIONS)),
      id: fc.oneof(anId, part),
      query: fc.dictionary(field, fc.string({ unit: 'binary' })),
      body: fc.oneof(
        params.map((value) => JSON.stringify(value)),
        fc.string({ unit: 'binary' }),
      ),
    });
    const property = fc.asyncProperty(call, async ({ operation, id, query, body }) => {
      const path = operation.path.replaceAll(/\{\w+\}/g, encode(id));
      const search = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`);
      const answer = await rawRequest(`${server.url}${path}?${search.join('&')}`, {
        method: operation.method,
        headers: { authorization, 'content-type': 'application/json' },
        body: operation.method === 'GET' ? '' : body,
      });
      expect(answer.status).toBeLessThan(500);
      if (answer.status >= 400) problemSchema.parse(JSON.parse(answer.text));
      if (!server.sessions.rooms.has(sessionId)) sessionId = (await server.sessions.create(owner, {})).id;
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test('as bytes on the bare socket ends at most that socket', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.boolean(),
      async (bytes, http) => {
        const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' });
        socket.on('error', () => undefined);
        if (http) socket.write('GET /v1/ws HTTP/1.1\r\nHost: localhost\r\n');
        socket.end(Buffer.from(bytes));
        await text(socket).catch(() => '');
      },
    );
    await fc.assert(property, { numRuns: 100 });
    expect((await rawRequest(`${server.url}/healthz`)).status).toBe(200);
  });

  test('[WS5] over the WebSocket gets exactly one answer each, and the socket stays open', async () => {
    const socket = new WebSocket(server.wsUrl, 'hearth.v1', { headers: { authorization } });
    const received: unknown[] = [];
    socket.on('message', (data: Buffer) => received.push(JSON.parse(data.toString())));
    await once(socket, 'open');
    const request = fc.record({
      method: fc.oneof(fc.constantFrom(...METHODS), fc.string()),
      params,
    });
    const frame = fc.oneof(
      {
        weight: 3,
        arbitrary: request.map((value) => ({ text: JSON.stringify({ jsonrpc: '2.0', id: 'r', ...value }) })),
      },
      { weight: 1, arbitrary: fc.jsonValue().map((value) => ({ text: JSON.stringify(value) })) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((value) => ({ text: wellFormed(value) })) },
    );
    const property = fc.asyncProperty(frame, async ({ text }) => {
      received.length = 0;
      socket.send(text);
      const id = `mark-${Math.random()}`;
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' }));
      while (!received.some((message) => idOf(message) === id)) await once(socket, 'message');
      const isBatch = Array.isArray(parsed(text));
      // What takes long, as the passphrase of an export does, is answered after the ping.
      const late = isBatch ? AbortSignal.abort() : AbortSignal.timeout(LATE_MS);
      while (answersBut(id, received).length === 0 && !late.aborted) {
        await once(socket, 'message', { signal: late }).catch(() => undefined);
      }
      const own = answersBut(id, received);
      for (const answer of own) rpcResponseSchema.parse(answer);
      expect(JSON.stringify(own)).not.toContain('"internal"');
      // A second answer, which comes later, is one too many for the next request.
      expect(isBatch || own.length === 1, `answers: ${JSON.stringify(own)}`).toBe(true);
    });
    await fc.assert(property, { numRuns: 300 });
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });
});

/** An answer that has not come by then does not come. */
const LATE_MS = 2_000;
const owner = { id: 'owner', label: 'owner' };

function idOf(message: unknown): unknown {
  return (message as { id?: unknown } | null)?.id;
}

/** The answers that are there, without the one to `id` and without notifications. */
function answersBut(id: string, received: readonly unknown[]): object[] {
  const messages = received.flat().filter((message) => typeof message === 'object' && message !== null);
  return messages.filter((message) => !('method' in message) && idOf(message) !== id);
}

function encode(value: string): string {
  return encodeURIComponent(wellFormed(value));
}

/** Halves of surrogate pairs, which UTF-8 cannot carry, become replacement characters. */
function wellFormed(value: string): string {
  return Buffer.from(value).toString();
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}
