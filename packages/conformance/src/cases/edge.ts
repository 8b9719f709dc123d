import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { Session } from '@hearth/protocol';
import type { Bench } from '../bench.ts';
import { codeOf, idle, ofType } from '../bench.ts';
import type { Case } from '../case.ts';

const PROBLEM = 'application/problem+json';

export const edgeCases: Case[] = [
  {
    rules: ['HTTP1'],
    title: 'a wrong shape is 400 invalid_request as a problem document, and names what is wrong',
    async run(bench) {
      const { id } = await bench.session();
      for (const body of [
        {},
        { content: 5 },
        { content: '' },
        { content: [] },
        { content: 'x', priority: 'soon' },
        [],
      ]) {
        const answer = await bench.http('POST', `/v1/sessions/${id}/messages`, { body });
        assert.equal(answer.status, 400, JSON.stringify(body));
        assert.equal(codeOf(answer), 'invalid_request');
        assert(answer.headers.get('content-type')?.startsWith(PROBLEM));
      }
      assert.equal((await bench.http('POST', '/v1/sessions', { raw: '{oops' })).status, 400);
      assert.equal((await bench.http('POST', '/v1/sessions', { body: { agent: 'no-such-agent' } })).status, 400);
    },
  },
  {
    rules: ['HTTP2'],
    title: 'an unknown id is 404 not_found whatever its form',
    async run(bench) {
      for (const id of [
        'x',
        '0',
        'a'.repeat(3000),
        '..%2f..',
        '%00',
        '%F0%9F%92%A9',
        '00000000-0000-4000-8000-000000000000',
      ]) {
        const answer = await bench.http('GET', `/v1/sessions/${id}`);
        assert.equal(answer.status, 404, id);
        assert.equal(codeOf(answer), 'not_found');
      }
      const { id } = await bench.session();
      assert.equal((await bench.http('GET', `/v1/sessions/${id}/messages/nope`)).status, 404);
      assert.equal((await bench.http('DELETE', '/v1/sessions/nope')).status, 404);
    },
  },
  {
    rules: ['HTTP3'],
    title: 'a body over 16 MiB is 413 payload_too_large',
    async run(bench) {
      const { id } = await bench.session();
      const raw = JSON.stringify({ content: 'x'.repeat(17 * 1024 * 1024) });
      const answer = await bench.http('POST', `/v1/sessions/${id}/messages`, { raw });
      assert.equal(answer.status, 413);
      assert.equal(codeOf(answer), 'payload_too_large');
    },
  },
  {
    rules: ['SEC1'],
    title: 'without a valid token nothing is told, but whether the server is alive and ready',
    async run(bench) {
      for (const authorization of ['', 'Bearer wrong', 'Basic eDp5']) {
        const answer = await bench.http('GET', '/v1/sessions', { headers: { authorization } });
        assert.equal(answer.status, 401);
        assert.equal(codeOf(answer), 'unauthorized');
      }
      for (const path of ['/healthz', '/readyz']) {
        assert.equal((await bench.http('GET', path, { headers: { authorization: '' } })).status, 200);
      }
      assert.equal((await bench.http('GET', '/metrics', { headers: { authorization: '' } })).status, 401);
      assert.equal((await bench.http('GET', '/metrics')).status, 200);
    },
  },
  {
    rules: ['SEC2'],
    title: 'a foreign Host is refused, and so is a WebSocket upgrade with a foreign Origin',
    async run(bench) {
      assert.equal(await statusWithHost(bench, 'evil.example'), 403);
      await assert.rejects(bench.socket({ headers: { origin: 'https://evil.example' } }), /403/);
    },
  },
  {
    rules: ['SEC3'],
    title: 'a working directory outside the workspace roots is forbidden',
    async run(bench) {
      const { cwd } = await bench.session();
      assert.equal(codeOf(await bench.http('POST', '/v1/sessions', { body: { cwd: '/' } })), 'forbidden');
      assert.equal(codeOf(await bench.http('POST', '/v1/sessions', { body: { cwd: `${cwd}/../..` } })), 'forbidden');
      const missing = await bench.http('POST', '/v1/sessions', { body: { cwd: `${cwd}/no-such-folder` } });
      assert(missing.status === 400 || missing.status === 403);
    },
  },
  {
    rules: ['SEC4'],
    title: 'bypassing permissions needs the server’s own leave',
    async run(bench) {
      const answer = await bench.http('POST', '/v1/sessions', { body: { permissionMode: 'bypassPermissions' } });
      assert(answer.status === 403 || answer.status === 201);
      if (answer.status === 403) assert.equal(codeOf(answer), 'forbidden');
      else await bench.http('DELETE', `/v1/sessions/${(answer.body as Session).id}`);
    },
  },
  {
    rules: ['WS1'],
    title: 'bad frames get errors, and the socket stays open',
    async run(bench) {
      const socket = await bench.socket();
      for (const frame of [
        '{',
        '[]',
        '5',
        'null',
        '{"jsonrpc":"2.0"}',
        '{"jsonrpc":"1.0","id":null,"method":"ping"}',
      ]) {
        const before = socket.strays.length;
        socket.frame(frame);
        await socket.until(`an error for ${frame}`, () => socket.strays.length > before);
        assert(socket.strays.at(-1)?.error, frame);
      }
      assert.equal(codeOf(await socket.ask('no.such.method', {})), 'invalid_request');
      assert.equal(codeOf(await socket.ask('session.get', {})), 'invalid_request');
      assert.equal(codeOf(await socket.ask('session.get', { sessionId: 'nope' })), 'not_found');
      assert.equal((await socket.ask('ping', {})).error, undefined);
    },
  },
  {
    rules: ['WS2'],
    title: 'a token may come in the first request; until then everything is unauthorized',
    async run(bench) {
      const socket = await bench.socket({ authorized: false });
      const early = await socket.ask('session.list', {});
      assert.equal(early.error?.code, -32001);
      assert.equal(codeOf(early), 'unauthorized');
      assert.equal(codeOf(await socket.ask('auth', { token: 'wrong' })), 'unauthorized');
      await socket.call('auth', { token: bench.target.token });
      await socket.call('session.list', {});
    },
  },
  {
    rules: ['WS3'],
    title: 'a frame over 8 MiB closes the socket with 1009',
    async run(bench) {
      const socket = await bench.socket();
      socket.frame(
        JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { pad: 'x'.repeat(9 * 1024 * 1024) } }),
      );
      await socket.until('the socket to close', () => socket.closedWith !== null);
      assert.equal(socket.closedWith, 1009);
    },
  },
  {
    rules: ['WS4'],
    title: 'the whole life of a session works over one WebSocket',
    async run(bench) {
      const socket = await bench.socket();
      const agent = bench.target.agent === undefined ? {} : { agent: bench.target.agent };
      const session = await socket.call<Session>('session.create', { ...agent, title: 'over the wire' });
      const sessionId = session.id;
      const subscribed = await socket.call<{ session: Session; lastSeq: number }>('session.subscribe', { sessionId });
      assert.equal(subscribed.session.id, sessionId);
      await socket.call('message.send', { sessionId, content: '[[say over the wire]]' });
      await idle(socket, sessionId);
      assert.equal((await socket.call<Session>('session.get', { sessionId })).phase, 'idle');
      const renamed = await socket.call<Session>('session.update', { sessionId, title: 'renamed', metadata: { a: 1 } });
      assert.equal(renamed.title, 'renamed');
      assert.deepEqual(renamed.metadata, { a: 1 });
      const list = await socket.call<{ items: Session[] }>('session.list', { q: 'renamed', limit: 200 });
      assert(list.items.some((item) => item.id === sessionId));
      await socket.call('turn.interrupt', { sessionId });
      await socket.call('session.delete', { sessionId });
      assert.equal(codeOf(await socket.ask('session.get', { sessionId })), 'not_found');
    },
  },
  {
    rules: ['SES2', 'SES3', 'SES4'],
    title: 'sessions are listed by newest activity, paged, searched and archived',
    async run(bench) {
      const mark = `mark ${Math.random().toString(36).slice(2)} 100%_`;
      const made: string[] = [];
      for (const name of ['a', 'b', 'c']) made.push((await bench.session({ title: `${mark} ${name}` })).id);
      const list = async (query: string): Promise<{ items: Session[]; nextCursor?: string }> =>
        (await bench.http('GET', `/v1/sessions?q=${encodeURIComponent(mark)}&${query}`)).body as {
          items: Session[];
          nextCursor?: string;
        };
      const first = await list('limit=2');
      assert.deepEqual(
        first.items.map((item) => item.id),
        [made[2], made[1]],
      );
      assert(first.nextCursor !== undefined);
      const second = await list(`limit=2&cursor=${encodeURIComponent(first.nextCursor)}`);
      assert.deepEqual(
        second.items.map((item) => item.id),
        [made[0]],
      );
      assert.equal(second.nextCursor, undefined);
      await bench.http('PATCH', `/v1/sessions/${made[1]}`, { body: { archived: true } });
      assert.equal((await list('status=archived')).items.length, 1);
      assert(!(await list('')).items.some((item) => item.id === made[1]));
      assert.equal((await bench.http('GET', '/v1/sessions?limit=0')).status, 400);
    },
  },
  {
    rules: ['SES13'],
    title: 'a fork has the conversation, its own log, and leaves the source alone',
    async run(bench) {
      const source = await bench.session({ title: 'the source' });
      const socket = await bench.watch(source.id);
      await bench.turn(socket, source.id, '[[say told]]');
      const before = (await bench.read(source.id)).lastSeq;
      const { status, body } = await bench.http('POST', `/v1/sessions/${source.id}/fork`, { body: {} });
      assert.equal(status, 201);
      const fork = body as Session;
      assert.notEqual(fork.id, source.id);
      const forkSocket = await bench.watch(fork.id);
      await bench.turn(forkSocket, fork.id, '[[say on]]');
      const log = await bench.log(fork.id);
      assert.equal(ofType(log, 'turn.completed').length, 2);
      assert(log.every((event) => event.sessionId === fork.id));
      assert.equal((await bench.read(source.id)).lastSeq, before);
      await bench.http('DELETE', `/v1/sessions/${fork.id}`);
    },
  },
  {
    rules: ['SES14'],
    title: 'the transcript is there to read, as JSON and as Markdown',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[say for the record]]');
      const json = await bench.http('GET', `/v1/sessions/${id}/transcript?format=json`);
      assert.equal(json.status, 200);
      const text = await bench.http('GET', `/v1/sessions/${id}/transcript?format=md`);
      assert(String(text.body).includes('for the record'));
    },
  },
  {
    rules: ['HTTP4'],
    title: 'the API describes itself, its agents and its use',
    async run(bench) {
      const { body: api } = await bench.http('GET', '/v1/openapi.json');
      assert.match((api as { openapi: string }).openapi, /^3\.1\./);
      const { body: agents } = await bench.http('GET', '/v1/agents');
      const { items } = agents as { items: { name: string; available: boolean; capabilities: object }[] };
      assert(items.some((agent) => agent.available));
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.turn(socket, id, 'count me');
      const { body: usage } = await bench.http('GET', '/v1/usage?groupBy=session');
      const { items: rows } = usage as { items: { key: string; turns: number; outputTokens: number }[] };
      const row = rows.find((item) => item.key === id);
      assert.equal(row?.turns, 1);
      assert((row?.outputTokens ?? 0) > 0);
      assert.equal((await bench.http('GET', '/v1/usage?groupBy=mood')).status, 400);
    },
  },
];

/** `fetch` does not let one set Host. */
function statusWithHost(bench: Bench, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: `Bearer ${bench.target.token}` };
    const call = request(`${bench.target.baseUrl}/v1/sessions`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on('error', reject);
    call.end();
  });
}
