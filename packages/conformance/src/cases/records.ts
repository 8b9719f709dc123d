import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { Message, UsageReport } from '@hearth/protocol';
import { codeOf, only } from '../bench.ts';
import type { Case } from '../case.ts';

/** One transparent pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

interface MessagePage {
  items: Message[];
  nextCursor?: string;
}

export const recordCases: Case[] = [
  {
    rules: ['MSG8', 'HTTP1'],
    title: 'text and images are accepted and kept as they came; what is no image is refused',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const content = [
        { type: 'text', text: '[[say a pixel]] «ü» \u0000 😀 \u2028' },
        { type: 'image', mediaType: 'image/png', data: PIXEL },
      ];
      const sent = await bench.http('POST', `/v1/sessions/${id}/messages`, { body: { content } });
      assert.equal(sent.status, 202, JSON.stringify(sent.body));
      const { id: messageId } = sent.body as Message;
      await socket.until('its end', () => socket.of(id).some((event) => event.type === 'message.completed'));
      const read = (await bench.http('GET', `/v1/sessions/${id}/messages/${messageId}`)).body as Message;
      assert.deepEqual(read.content, content);
      assert.deepEqual(only(socket.of(id), 'message.queued').content, content);
      for (const wrong of [
        { type: 'image', mediaType: 'image/png' },
        { type: 'image', mediaType: 'text/html', data: PIXEL },
        { type: 'image', mediaType: 'image/png', data: 'not base64!' },
        { type: 'image', mediaType: 'image/png', url: 'http://127.0.0.1/x.png' },
        { type: 'video', data: PIXEL },
      ]) {
        const answer = await bench.http('POST', `/v1/sessions/${id}/messages`, { body: { content: [wrong] } });
        assert.equal(answer.status, 400, JSON.stringify(wrong));
        assert.equal(codeOf(answer), 'invalid_request');
      }
    },
  },
  {
    rules: ['HTTP3', 'MSG8'],
    title: 'a large message within the bound is kept whole',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const data = Buffer.concat([Buffer.from(PIXEL, 'base64'), Buffer.alloc(1024 * 1024, 7)]).toString('base64');
      const content = [
        { type: 'text', text: '[[say large]]' },
        { type: 'image', mediaType: 'image/png', data },
      ];
      const sent = await bench.http('POST', `/v1/sessions/${id}/messages`, { body: { content } });
      assert.equal(sent.status, 202);
      await socket.until('it in the log', () => socket.of(id).some((event) => event.type === 'message.queued'));
      assert.deepEqual(only(socket.of(id), 'message.queued').content, content);
      await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: {} });
    },
  },
  {
    rules: ['MSG7'],
    title: 'messages are paged without repeat or skip, and a cursor that is not their own is refused',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const sent: string[] = [];
      for (const number of [1, 2, 3, 4, 5]) sent.push((await bench.send(id, `[[say ${number}]]`)).id);
      const path = `/v1/sessions/${id}/messages?limit=2`;
      const seen: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const { items, nextCursor } = (await bench.http('GET', path + more)).body as MessagePage;
        assert(items.length <= 2);
        seen.push(...items.map((message) => message.id));
        cursor = nextCursor;
      }
      assert.deepEqual(seen, sent);
      for (const wrong of ['cursor=nonsense', 'limit=0', 'limit=1001', 'limit=x']) {
        assert.equal((await bench.http('GET', `/v1/sessions/${id}/messages?${wrong}`)).status, 400, wrong);
      }
      assert.equal((await bench.http('GET', '/v1/sessions?cursor=nonsense')).status, 400);
      const ends = (): number => socket.of(id).filter((event) => event.type === 'message.completed').length;
      await socket.until('all to end', () => ends() === sent.length);
    },
  },
  {
    rules: ['USE1', 'USE2', 'USE4'],
    title: 'use is grouped as asked, with a total that is the sum, over the time that is asked for',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[say one]]');
      await bench.turn(socket, id, '[[say two]]');
      const report = async (query: string): Promise<UsageReport> =>
        (await bench.http('GET', `/v1/usage?${query}`)).body as UsageReport;
      for (const group of ['day', 'session', 'account', 'model', 'user']) {
        const { items, total } = await report(`groupBy=${group}`);
        assert(items.length > 0, group);
        for (const field of ['turns', 'inputTokens', 'outputTokens', 'cacheReadTokens'] as const) {
          assert.equal(
            items.reduce((sum, item) => sum + item[field], 0),
            total[field],
            `${field} by ${group}`,
          );
        }
        const cost = items.reduce((sum, item) => sum + item.costUsd, 0);
        assert(Math.abs(cost - total.costUsd) < 1e-6, `cost by ${group}`);
      }
      const own = (await report('groupBy=session')).items.find((item) => item.key === id);
      const { usage } = await bench.read(id);
      assert.equal(own?.turns, 2);
      assert.equal(own.outputTokens, usage.outputTokens);
      assert(Math.abs(own.costUsd - usage.costUsd) < 1e-9);
      const today = new Date().toISOString().slice(0, 10);
      const days = (await report(`groupBy=day&from=${today}&to=${today}`)).items.map((item) => item.key);
      assert.deepEqual(days, [today]);
      assert.deepEqual((await report('groupBy=session&to=2001-01-01')).items, []);
      for (const wrong of ['groupBy=mood', 'from=yesterday', 'to=2026-99-99']) {
        assert.equal((await bench.http('GET', `/v1/usage?${wrong}`)).status, 400, wrong);
      }
    },
  },
  {
    rules: ['USE5'],
    title: 'use comes as CSV for whoever asks for it, by Accept or by format, which wins',
    async run(bench) {
      const { id } = await bench.session();
      await bench.turn(await bench.watch(id), id, '[[say count me]]');
      const csv = { headers: { accept: 'text/csv' } };
      const answers = [
        await bench.http('GET', '/v1/usage?groupBy=session&format=csv'),
        await bench.http('GET', '/v1/usage?groupBy=session', csv),
      ];
      const { items } = (await bench.http('GET', '/v1/usage?groupBy=session&format=json', csv)).body as UsageReport;
      for (const { headers, body } of answers) {
        assert.match(headers.get('content-type') ?? '', /^text\/csv/);
        const [head = '', ...rows] = (body as string).split('\r\n');
        const own = rows.find((row) => row.startsWith(`${id},`))?.split(',') ?? [];
        const item: Record<string, unknown> = items.find(({ key }) => key === id) ?? {};
        const told = Object.fromEntries(head.split(',').map((field, at) => [field, own[at]]));
        assert.deepEqual(Object.keys(told).toSorted(), Object.keys(item).toSorted());
        for (const [field, value] of Object.entries(item)) {
          assert.equal(field === 'key' ? told[field] : Number(told[field]), value, field);
        }
      }
      assert.equal((await bench.http('GET', '/v1/usage?format=xml')).status, 400);
    },
  },
  {
    rules: ['HTTP5'],
    title: 'what is not there, not allowed or not JSON gets a problem document',
    async run(bench) {
      const { id } = await bench.session();
      for (const [method, path, options, statuses] of [
        ['GET', '/v1/nothing', {}, [404]],
        ['PUT', `/v1/sessions/${id}`, { body: {} }, [404, 405]],
        [
          'POST',
          `/v1/sessions/${id}/messages`,
          { raw: 'content=x', headers: { 'content-type': 'text/plain' } },
          [400, 415],
        ],
        ['POST', `/v1/sessions/${id}/messages`, { raw: '{"content":"x"', headers: {} }, [400]],
        [
          'POST',
          `/v1/sessions/${id}/messages`,
          { raw: '{"content":"x","__proto__":{"a":1}}', headers: {} },
          [400, 202],
        ],
        ['GET', `/v1/sessions/${id}/transcript?format=pdf`, {}, [400]],
      ] as const) {
        const answer = await bench.http(method, path, options);
        assert((statuses as readonly number[]).includes(answer.status), `${method} ${path}: ${answer.status}`);
        if (answer.status < 400) continue;
        assert(answer.headers.get('content-type')?.startsWith('application/problem+json'), `${method} ${path}`);
        assert.equal(typeof codeOf(answer), 'string');
      }
      await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: {} });
    },
  },
  {
    rules: ['SES6'],
    title: 'a deleted session is gone everywhere but in the use, and its keys are free again',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[say gone soon]]');
      assert.equal((await bench.http('DELETE', `/v1/sessions/${id}`)).status, 204);
      for (const path of ['', '/events', '/messages', '/transcript']) {
        assert.equal(codeOf(await bench.http('GET', `/v1/sessions/${id}${path}`)), 'not_found', path);
      }
      const send = await bench.http('POST', `/v1/sessions/${id}/messages`, { body: { content: 'hello?' } });
      assert.equal(codeOf(send), 'not_found');
      assert.equal(codeOf(await socket.ask('session.subscribe', { sessionId: id })), 'not_found');
      const { items } = (await bench.http('GET', '/v1/usage?groupBy=session')).body as UsageReport;
      assert.equal(items.find((item) => item.key === id)?.turns, 1);
    },
  },
];
