import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS, problemSchema, sessionSchema } from '@hearth/protocol';
import { startFakeServer } from './testing/fake-server.ts';
import type { FakeServer } from './testing/fake-server.ts';

let server: FakeServer;
beforeAll(async () => {
  server = await startFakeServer();
});
afterAll(() => server.close());

async function problem(response: Response) {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const body = problemSchema.parse(await response.json());
  expect(body.status).toBe(response.status);
  return body;
}

async function create(): Promise<string> {
  const response = await server.call('/v1/sessions', { method: 'POST', json: {} });
  expect(response.status).toBe(201);
  return sessionSchema.parse(await response.json()).id;
}

describe('operations over HTTP', () => {
  test('a session is created, read, changed, listed and removed', async () => {
    const id = await create();
    const changed = await server.call(`/v1/sessions/${id}`, { method: 'PATCH', json: { title: 'Tea' } });
    expect(changed.status).toBe(200);
    expect(await (await server.call(`/v1/sessions/${id}`)).json()).toMatchObject({ id, title: 'Tea' });
    const list = (await (await server.call('/v1/sessions?limit=5')).json()) as { items: { id: string }[] };
    expect(list.items.map((item) => item.id)).toContain(id);
    const removed = await server.call(`/v1/sessions/${id}`, { method: 'DELETE' });
    expect(removed.status).toBe(204);
    expect(await removed.text()).toBe('');
    expect((await server.call(`/v1/sessions/${id}`)).status).toBe(404);
  });

  test('a message is accepted with 202 and carries its author', async () => {
    const id = await create();
    const sent = await server.call(`/v1/sessions/${id}/messages`, { method: 'POST', json: { content: 'hi' } });
    expect(sent.status).toBe(202);
    const message = (await sent.json()) as { id: string };
    expect(message).toMatchObject({ sessionId: id, author: 'owner', state: 'queued' });
    const path = `/v1/sessions/${id}/messages/${message.id}`;
    expect(await (await server.call(path)).json()).toEqual(message);
    const edited = await server.call(path, { method: 'PATCH', json: { content: 'hello' } });
    expect(await edited.json()).toMatchObject({ content: 'hello' });
    const cancelled = await server.call(path, { method: 'DELETE' });
    expect(cancelled.status).toBe(200);
    expect(await cancelled.json()).toMatchObject({ state: 'cancelled' });
  });

  test('an interrupt is 202 while something runs and 200 when idle, with and without a body', async () => {
    const id = await create();
    const path = `/v1/sessions/${id}/interrupt`;
    expect((await server.call(path, { method: 'POST' })).status).toBe(200);
    server.sessions.setRunning(id);
    const interrupted = await server.call(path, { method: 'POST', json: { cancelQueued: true } });
    expect(interrupted.status).toBe(202);
    expect(await interrupted.json()).toEqual({ interrupted: true, turnId: 'turn_1' });
  });

  test('[HTTP4] every operation of the table has its route', () => {
    for (const operation of Object.values(OPERATIONS)) {
      const url = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
      expect([operation.name, server.gateway.app.hasRoute({ method: operation.method, url })]).toEqual([
        operation.name,
        true,
      ]);
    }
  });
});

describe('errors over HTTP', () => {
  test('an unknown path is a problem document', async () => {
    const body = await problem(await server.call('/v1/nonsense'));
    expect(body).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('a wrong method is 405 and says which methods work', async () => {
    const response = await server.call('/v1/sessions', { method: 'PUT', json: {} });
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
    expect(await problem(response)).toMatchObject({ status: 405, code: 'invalid_request' });
  });

  test('a path that does not exist is told before any body is read', async () => {
    for (const [path, status] of [
      ['/v1/nonsense', 404],
      ['/metrics', 405],
    ] as const) {
      const body = await problem(await fetch(`${server.url}${path}`, { method: 'POST', body: 'not json' }));
      expect(body.status).toBe(status);
    }
  });

  test.each([
    ['{"title":', 400],
    ['[]', 400],
    ['"text"', 400],
    ['42', 400],
    ['null', 400],
    ['{"title":7}', 400],
  ])('[HTTP1] the body %j is a wrong shape', async (body, status) => {
    const headers = { 'content-type': 'application/json' };
    for (const [method, path] of [
      ['POST', '/v1/sessions'],
      ['PATCH', `/v1/sessions/${await create()}`],
    ] as const) {
      const response = await server.call(path, { method, headers, body });
      expect(await problem(response)).toMatchObject({ status, code: 'invalid_request' });
    }
  });

  test('a body that is absent counts as an empty object', async () => {
    const headers = { 'content-type': 'application/json' };
    for (const given of [{}, { headers, body: '' }, { headers, body: ' ' }]) {
      expect((await server.call('/v1/sessions', { method: 'POST', ...given })).status).toBe(201);
    }
  });

  test('JSON that is nested without end is a wrong shape', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = `{"metadata":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}`;
    const response = await server.call('/v1/sessions', { method: 'POST', headers, body });
    expect(await problem(response)).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test('[HTTP1] JSON of more than 100,000 values is a wrong shape, of which no place is named', async () => {
    const headers = { 'content-type': 'application/json' };
    const answers = [99_998, 99_999].map(async (count) => {
      const body = JSON.stringify({ allowedTools: Array.from({ length: count }, () => 1) });
      return await problem(await server.call('/v1/sessions', { method: 'POST', headers, body }));
    });
    const [most, tooMany] = await Promise.all(answers);
    expect(most?.issues).toHaveLength(99_998);
    expect(tooMany).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(tooMany).not.toHaveProperty('issues');
  });

  test('[HTTP1] a wrong shape names every wrong place', async () => {
    const id = await create();
    const json = { content: [{ type: 'image', mediaType: 'image/tiff', data: 'AAAA' }], priority: 'soon' };
    const body = await problem(await server.call(`/v1/sessions/${id}/messages`, { method: 'POST', json }));
    expect(body.issues?.map(({ path }) => path)).toEqual(['content.0.mediaType', 'priority']);
    expect(body.hint).toContain('openapi');
  });

  test.each([
    'limit=0',
    'limit=x',
    'limit=',
    'limit=1&limit=2',
    'limit=0x10',
    'limit=1e2',
    'limit=%205',
    'limit=5.0',
    'limit=%2B5',
    'limit=true',
    'status=nope',
  ])('[HTTP1] the query %s is refused', async (query) => {
    const body = await problem(await server.call(`/v1/sessions?${query}`));
    expect(body).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(body.issues?.map(({ path }) => path)).toEqual([query.split('=')[0]]);
  });

  test('a body that is not JSON by its type is 415 with a hint', async () => {
    const body = 'title=x';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await problem(await server.call('/v1/sessions', { method: 'POST', headers, body }));
    expect(answer).toMatchObject({ status: 415, code: 'invalid_request' });
    expect(answer.hint).toContain('application/json');
  });

  test.each([
    'x',
    '%00',
    '%ff',
    '%zz',
    '%F0%9F%92%A9',
    '..%2f..%2fetc',
    "'; drop table sessions; --",
    '%ED%A0%80',
    '__proto__',
    'constructor',
  ])('[HTTP2] the id %j is unknown, whatever its form', async (id) => {
    for (const path of [`/v1/sessions/${id}`, `/v1/sessions/${id}/messages/${id}`, `/v1/sessions/${id}/events`]) {
      expect(await problem(await server.call(path))).toMatchObject({ status: 404, code: 'not_found' });
    }
  });

  test.each([300, 20_000])('an id of %d characters is unknown too', async (length) => {
    const response = await server.call(`/v1/sessions/${'a'.repeat(length)}`);
    expect(await problem(response)).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('a header block that is too long is a problem too', async () => {
    const response = await server.call(`/v1/sessions/${'a'.repeat(70_000)}`);
    expect(await problem(response)).toMatchObject({ status: 431, code: 'invalid_request' });
  });

  test('[HTTP3] a body over 16 MiB is 413, with a length or in chunks', async () => {
    const text = JSON.stringify({ title: 'x'.repeat(17 * 1024 * 1024) });
    const headers = { 'content-type': 'application/json' };
    const whole = await server.call('/v1/sessions', { method: 'POST', headers, body: text });
    expect(await problem(whole)).toMatchObject({ status: 413, code: 'payload_too_large' });
    const body = new Blob([text]).stream();
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    expect(await problem(await server.call('/v1/sessions', init))).toMatchObject({ status: 413 });
  });

  test('[HTTP5] what breaks inside is 500 without its cause, which the log has', async () => {
    server.sessions.before.set('list', () => {
      throw new Error('secret detail');
    });
    const body = await problem(await server.call('/v1/sessions'));
    server.sessions.before.clear();
    expect(body).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(body)).not.toContain('secret detail');
    expect(server.logged.join('')).toContain('secret detail');
  });
});

describe('listening', () => {
  test.each([
    ['a port that is taken', () => ({ host: '127.0.0.1', port: Number(new URL(server.url).port) }), '--port 0'],
    ['an address of another machine', () => ({ host: '203.0.113.7', port: 0 }), '--host 127.0.0.1'],
  ])('%s is an error that says what to do', async (_, address, hint) => {
    const config = { ...address(), allowedHosts: [] };
    await expect(startFakeServer({ config })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(config.host) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });
});

describe('what the server says of itself', () => {
  test('the API’s description and its page need no token', async () => {
    const document = (await (await fetch(`${server.url}/v1/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(document.paths)).toContain('/v1/sessions/{sessionId}/events');
    const page = await fetch(`${server.url}/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>/);
    expect(html).not.toMatch(/(src|href)="https?:/);
    expect((await fetch(`${server.url}/docs/json`)).status).toBe(200);
    for (const [, asset] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const response = await fetch(new URL(asset!, page.url));
      expect([asset, response.status]).toEqual([asset, 200]);
      await response.body?.cancel();
    }
  });

  test('health and readiness need no token, metrics does', async () => {
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
    const metrics = await (await server.call('/metrics')).text();
    expect(metrics).toContain('hearth_http_request_duration_seconds_count{route="/v1/sessions",status="201"}');
  });

  test('a server that is not ready says why', async () => {
    const starting = await startFakeServer({ readiness: async () => ({ ready: false, reason: 'still recovering' }) });
    const body = await problem(await fetch(`${starting.url}/readyz`));
    await starting.close();
    expect(body).toMatchObject({ status: 503, code: 'overloaded', detail: 'Not ready: still recovering' });
  });

  test('without a built web UI the front page says how to get it', async () => {
    const response = await fetch(`${server.url}/`);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('npm run build');
  });

  test('no answer tells the software, and pages may run no foreign script', async () => {
    const { headers } = await fetch(`${server.url}/`);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
