import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { problemSchema, tokenCreatedSchema } from '@hearth/protocol';
import { OWNER_TOKEN, rawRequest, startFakeServer } from './testing/fake-server.ts';
import type { FakeServer } from './testing/fake-server.ts';

/** Waits for a condition, generously: the machine may be busy. */
const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 30_000 });

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(() => server.close());

const bearer = { authorization: `Bearer ${OWNER_TOKEN}` };

function codeOf(text: string): string {
  return problemSchema.parse(JSON.parse(text)).code;
}

async function logIn(from: FakeServer = server): Promise<string> {
  const answer = await rawRequest(from.gateway.loginUrl().replace(from.gateway.baseUrl(), from.url));
  expect(answer.status).toBe(302);
  return answer.headers['set-cookie']![0]!.split(';')[0]!;
}

describe('tokens', () => {
  test.each([
    ['no credentials', {}],
    ['a wrong token', { authorization: 'Bearer nonsense' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${OWNER_TOKEN}` }],
    ['a part of the token', { authorization: `Bearer ${OWNER_TOKEN.slice(0, -1)}` }],
    ['the owner’s token as a cookie', { cookie: `hearth=${OWNER_TOKEN}` }],
    ['a wrong token beside nothing', { authorization: 'Bearer a b', cookie: 'other=1' }],
  ])('[SEC1] %s is 401 and says what to send', async (_, headers) => {
    const answer = await rawRequest(`${server.url}/v1/sessions`, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(codeOf(answer.text)).toBe('unauthorized');
  });

  test('[SEC5] the token is not taken from the URL', async () => {
    for (const name of ['token', 'access_token', 'authorization']) {
      const answer = await rawRequest(`${server.url}/v1/sessions?${name}=${OWNER_TOKEN}`);
      expect(answer.status).toBe(401);
    }
  });

  test('[SEC6] an API token works until it is revoked, and signs with its label', async () => {
    const created = await server.call('/v1/tokens', { method: 'POST', json: { label: 'ci' } });
    expect(created.status).toBe(201);
    const { id, token } = tokenCreatedSchema.parse(await created.json());
    expect(token).toMatch(/^hearth_[\w-]{43}$/);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const made = await rawRequest(`${server.url}/v1/sessions`, { method: 'POST', headers, body: '{}' });
    expect(made.status).toBe(201);
    expect(server.sessions.calls).toContain('create  ci');
    const list = await (await server.call('/v1/tokens')).text();
    expect(list).toContain('"label":"ci"');
    expect(list).not.toContain(token);
    expect((await server.call(`/v1/tokens/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await rawRequest(`${server.url}/v1/sessions`, { headers })).status).toBe(401);
    expect((await server.call(`/v1/tokens/${id}`, { method: 'DELETE' })).status).toBe(404);
  });

  test('[SEC6] an API token cannot make tokens or log-in links', async () => {
    const { token } = await server.auth.createToken({ label: 'ci' });
    for (const [method, path] of [
      ['POST', '/v1/tokens'],
      ['GET', '/v1/tokens'],
      ['DELETE', '/v1/tokens/x'],
      ['POST', '/v1/login-links'],
    ] as const) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await rawRequest(`${server.url}${path}`, {
        method,
        headers,
        body: method === 'POST' ? '{"label":"x"}' : '',
      });
      expect([path, answer.status, codeOf(answer.text)]).toEqual([path, 403, 'forbidden']);
    }
  });

  test('[SEC5] no secret reaches the log, and no query', async () => {
    await server.call('/v1/sessions?q=private-search');
    await rawRequest(server.gateway.loginUrl());
    const secrets = [OWNER_TOKEN, 'private-search', 'code='];
    await until(() => expect(server.logged.join('')).toContain('"path":"/login"'));
    for (const secret of secrets) expect(server.logged.join('')).not.toContain(secret);
  });
});

describe('the log-in link', () => {
  test('[SEC7] logs a browser in once, by a cookie that scripts and other sites cannot use', async () => {
    const link = (await (await server.call('/v1/login-links', { method: 'POST' })).json()) as { url: string };
    expect(link.url).toMatch(new RegExp(`^${server.url}/login\\?code=[\\w-]{43}$`));
    const first = await rawRequest(link.url);
    expect(first.status).toBe(302);
    expect(first.headers.location).toBe('/');
    const [cookie] = first.headers['set-cookie']!;
    expect(cookie).toMatch(/^hearth=hearth_browser_[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
    const session = await rawRequest(`${server.url}/v1/sessions`, { headers: { cookie: cookie!.split(';')[0] } });
    expect(session.status).toBe(200);
    const second = await rawRequest(link.url);
    expect(second.status).toBe(401);
    expect(second.headers['content-type']).toContain('text/html');
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(second.text).toContain('hearth link');
  });

  test('[SEC7] a HEAD request, as link previews send it, does not use the link up', async () => {
    const url = server.gateway.loginUrl();
    expect((await rawRequest(url, { method: 'HEAD' })).status).toBe(405);
    expect((await rawRequest(url)).status).toBe(302);
  });

  test('[SEC7] guessing is slowed down', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 11; i += 1) statuses.push((await rawRequest(`${server.url}/login?code=guess${i}`)).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses[10]).toBe(429);
    expect((await rawRequest(`${server.url}/healthz`)).status).toBe(200);
  });

  test('[SEC7] what another page embeds neither uses the link up nor counts as a guess', async () => {
    const url = server.gateway.loginUrl();
    for (let i = 0; i < 11; i += 1) {
      const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': i === 0 ? 'iframe' : 'image' };
      const answer = await rawRequest(i === 0 ? url : `${server.url}/login?code=guess${i}`, { headers });
      expect(answer.status).toBe(403);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    const opened = await rawRequest(url, { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' } });
    expect(opened.status).toBe(302);
  });

  test('behind https the cookie is Secure and the link has the public name', async () => {
    const config = { host: '127.0.0.1', port: 0, allowedHosts: [], publicUrl: 'https://hearth.example' };
    const proxied = await startFakeServer({ config });
    expect(proxied.gateway.loginUrl()).toMatch(/^https:\/\/hearth\.example\/login\?code=/);
    const url = proxied.gateway.loginUrl().replace('https://hearth.example', proxied.url);
    const answer = await rawRequest(url, { headers: { host: 'hearth.example' } });
    await proxied.close();
    expect(answer.headers['set-cookie']![0]).toContain('; Secure');
    expect(answer.headers['strict-transport-security']).toBeDefined();
  });

  test('log-out ends the browser’s log-in', async () => {
    const cookie = await logIn();
    const headers = { cookie, origin: server.url };
    const out = await rawRequest(`${server.url}/v1/logout`, { method: 'POST', headers });
    expect(out.status).toBe(204);
    expect(out.headers['set-cookie']!.at(-1)).toMatch(/^hearth=; .*Expires=Thu, 01 Jan 1970/);
    expect((await rawRequest(`${server.url}/v1/sessions`, { headers })).status).toBe(401);
  });
});

describe('requests with the cookie', () => {
  test.each([
    ['POST', 'own', 201],
    ['POST', 'none', 403],
    ['POST', 'http://evil.example', 403],
    ['POST', 'null', 403],
    ['POST', 'http://localhost:1', 403],
    ['GET', 'own', 200],
    ['GET', 'none', 200],
    ['GET', 'http://evil.example', 403],
  ])('[SEC2] %s from the origin %s is %d', async (method, origin, status) => {
    const headers = {
      cookie: await logIn(),
      ...(origin === 'none' ? {} : { origin: origin === 'own' ? server.url : origin }),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    };
    const answer = await rawRequest(`${server.url}/v1/sessions`, {
      method,
      headers,
      body: method === 'POST' ? '{}' : '',
    });
    expect(answer.status).toBe(status);
    expect(answer.text.includes('"code":"forbidden"')).toBe(status === 403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('are refused when the browser says that another site made them', async () => {
    const headers = { cookie: await logIn(), 'sec-fetch-site': 'same-site' };
    expect((await rawRequest(`${server.url}/v1/sessions`, { headers })).status).toBe(403);
  });

  test('with a token beside it, the token counts and the origin does not', async () => {
    const headers = {
      ...bearer,
      cookie: 'hearth=old',
      origin: 'http://evil.example',
      'content-type': 'application/json',
    };
    const answer = await rawRequest(`${server.url}/v1/sessions`, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(201);
  });
});

describe('host names', () => {
  test.each([
    ['evil.example', 403],
    ['evil.example:4640', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['169.254.1.1', 403],
    ['localhost', 200],
    ['localhost:8080', 200],
    ['LOCALHOST:80', 200],
    ['127.0.0.1', 200],
    ['[::1]:4640', 200],
    ['user@localhost', 403],
  ])('[SEC2] Host %j is %d', async (host, status) => {
    const answer = await rawRequest(`${server.url}/v1/sessions`, { headers: { ...bearer, host } });
    expect(answer.status).toBe(status);
    expect(answer.text.includes('"code":"forbidden"')).toBe(status === 403);
  });

  test('a foreign host gets no page either, but probes may come by any name', async () => {
    for (const path of ['/', '/login?code=x', '/docs', '/v1/openapi.json', '/nothing']) {
      expect([path, (await rawRequest(`${server.url}${path}`, { headers: { host: 'evil.example' } })).status]).toEqual([
        path,
        403,
      ]);
    }
    for (const path of ['/healthz', '/readyz']) {
      expect((await rawRequest(`${server.url}${path}`, { headers: { host: '10.0.0.7:4640' } })).status).toBe(200);
    }
  });

  test('further names can be allowed', async () => {
    const config = {
      host: '127.0.0.1',
      port: 0,
      allowedHosts: ['tea.lan', 'pot.lan:99'],
      publicUrl: 'https://hearth.example',
    };
    const open = await startFakeServer({ config });
    const statusFor = async (host: string) =>
      (await rawRequest(`${open.url}/v1/sessions`, { headers: { ...bearer, host } })).status;
    const statuses = await Promise.all(
      ['tea.lan:1', 'pot.lan:99', 'pot.lan', 'hearth.example', 'hearth.example:1'].map(statusFor),
    );
    await open.close();
    expect(statuses).toEqual([200, 200, 403, 200, 403]);
  });
});

describe('the web UI', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-ui-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<title>ui</title>');
    await writeFile(join(folder, 'assets', 'a-1.js'), 'export {};');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is served without a token, and its own paths show its page', async () => {
    const ui = await startFakeServer({ webRoot: folder });
    const get = async (path: string, accept = 'text/html') => {
      const { status, headers, text } = await rawRequest(`${ui.url}${path}`, { headers: { accept } });
      return [status, headers['cache-control'], text.includes('<title>ui</title>')];
    };
    expect(await get('/')).toEqual([200, 'no-cache', true]);
    expect(await get('/sessions/ses_1?x=1')).toEqual([200, 'no-cache', true]);
    expect(await get('/assets/a-1.js', '*/*')).toEqual([200, 'public, max-age=31536000, immutable', false]);
    expect((await get('/assets/none.js'))[0]).toBe(404);
    expect((await get('/v1/none'))[0]).toBe(404);
    expect((await get('/sessions/ses_1', 'application/json'))[0]).toBe(404);
    expect((await get('/../../etc/passwd'))[2]).toBe(true);
    expect((await get('/..%2f..%2fetc%2fpasswd', '*/*'))[0]).toBe(404);
    await ui.close();
  });
});
