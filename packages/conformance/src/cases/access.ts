import assert from 'node:assert/strict';
import type { TokenCreated } from '@hearth/protocol';
import { codeOf, ofType, only } from '../bench.ts';
import type { Bench } from '../bench.ts';
import type { Case } from '../case.ts';
import type { HttpAnswer } from '../http-client.ts';

const CLOSED_UNAUTHORIZED = 4401;

export const accessCases: Case[] = [
  {
    rules: ['SEC7', 'SEC2'],
    title:
      'a log-in link works once and sets a cookie, which works from the server’s own pages alone, until the log-out',
    async run(bench) {
      const { status, body } = await bench.http('POST', '/v1/login-links', { body: {} });
      assert.equal(status, 201);
      const { pathname, search } = new URL((body as { url: string }).url);
      assert(!search.includes(bench.target.token), 'the token is not in the link');
      const anonymous = { authorization: '' };
      const login = await bench.http('GET', pathname + search, { headers: anonymous });
      assert.equal(login.status, 302);
      assert.equal(login.headers.get('location'), '/');
      const set = login.headers.get('set-cookie') ?? '';
      assert.match(set, /;\s*HttpOnly/i);
      assert.match(set, /;\s*SameSite=(Strict|Lax)/i);
      assert.equal((await bench.http('GET', pathname + search, { headers: anonymous })).status, 401, 'once');

      const cookie = set.split(';')[0] ?? '';
      const own = new URL(bench.target.baseUrl).origin;
      const call = (method: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
        withoutToken(bench, method, '/v1/sessions', { cookie, ...headers });
      assert.equal((await call('GET')).status, 200);
      assert.equal((await call('GET', { origin: own })).status, 200);
      for (const headers of [{}, { origin: 'https://evil.example' }, { origin: 'null' }]) {
        const answer = await call('POST', headers);
        assert.equal(answer.status, 403, JSON.stringify(headers));
        assert.equal(codeOf(answer), 'forbidden');
      }
      assert.equal((await call('GET', { origin: 'https://evil.example' })).status, 403);

      const socket = await bench.socket({ authorized: false, headers: { cookie, origin: own } });
      await socket.call('session.list', {});
      await assert.rejects(bench.socket({ authorized: false, headers: { cookie } }), /403/);
      assert.equal((await withoutToken(bench, 'POST', '/v1/logout', { cookie, origin: own })).status, 204);
      assert.equal((await call('GET')).status, 401);
      await socket.until('the socket to close', () => socket.closedWith !== null);
      assert.equal(socket.closedWith, CLOSED_UNAUTHORIZED);
    },
  },
  {
    rules: ['SEC7'],
    title: 'a wrong log-in code lets nobody in',
    async run(bench) {
      // Few, because the server slows guessing down.
      for (const query of ['?code=wrong', `?code=${bench.target.token}`]) {
        const answer = await bench.http('GET', `/login${query}`, { headers: { authorization: '' } });
        assert.equal(answer.status, 401, query);
        assert.equal(answer.headers.get('set-cookie'), null);
      }
    },
  },
  {
    rules: ['SEC5'],
    title: 'a token in the URL lets nobody in',
    async run(bench) {
      const token = encodeURIComponent(bench.target.token);
      for (const query of [`token=${token}`, `access_token=${token}`]) {
        const answer = await bench.http('GET', `/v1/sessions?${query}`, { headers: { authorization: '' } });
        assert.equal(answer.status, 401);
      }
    },
  },
  {
    rules: ['SEC6', 'TOK1'],
    title: 'an API token works until it is revoked, signs with its label, and cannot make tokens',
    async run(bench) {
      const label = `conformance ${Math.random().toString(36).slice(2)}`;
      const made = await bench.http('POST', '/v1/tokens', { body: { label } });
      assert.equal(made.status, 201);
      const { id: tokenId, token } = made.body as TokenCreated;
      const headers = { authorization: `Bearer ${token}` };
      const { id } = await bench.session();
      const socket = await bench.socket({ headers });
      await socket.call('session.subscribe', { sessionId: id });
      await socket.call('message.send', { sessionId: id, content: '[[say signed]]' });
      await socket.until('the message', () => ofType(socket.of(id), 'message.queued').length === 1);
      assert.equal(only(socket.of(id), 'message.queued').author, label);
      const refused = await bench.http('POST', '/v1/tokens', { body: { label: 'another' }, headers });
      assert.equal(codeOf(refused), 'forbidden');
      const list = await bench.http('GET', '/v1/tokens');
      assert(!JSON.stringify(list.body).includes(token), 'the secret is shown once');
      assert(JSON.stringify(list.body).includes(tokenId));

      assert.equal((await bench.http('DELETE', `/v1/tokens/${tokenId}`)).status, 204);
      assert.equal((await bench.http('GET', '/v1/sessions', { headers })).status, 401);
      await socket.until('the socket to close', () => socket.closedWith !== null);
      assert.equal(socket.closedWith, CLOSED_UNAUTHORIZED);
      assert.equal((await bench.http('DELETE', `/v1/tokens/${tokenId}`)).status, 404);
    },
  },
  {
    rules: ['SEC6'],
    title: 'an API token that expires is void from then on',
    async run(bench) {
      const expiresAt = new Date(Date.now() + 1_500).toISOString();
      const made = await bench.http('POST', '/v1/tokens', { body: { label: 'short-lived', expiresAt } });
      const { id, token } = made.body as TokenCreated;
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await bench.http('GET', '/v1/sessions', { headers })).status, 200);
      const end = Date.now() + 10_000;
      let status = 200;
      while (status === 200 && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        ({ status } = await bench.http('GET', '/v1/sessions', { headers }));
      }
      assert.equal(status, 401);
      assert(Date.now() >= Date.parse(expiresAt));
      await bench.http('DELETE', `/v1/tokens/${id}`);
    },
  },
];

/** `bench.http` sends the owner's token; a browser has only its cookie. */
async function withoutToken(
  bench: Bench,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<HttpAnswer> {
  const response = await fetch(bench.target.baseUrl + path, {
    method,
    headers: { ...headers, ...(method === 'POST' ? { 'content-type': 'application/json' } : {}) },
    ...(method === 'POST' ? { body: '{}' } : {}),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
