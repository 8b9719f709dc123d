import assert from 'node:assert/strict';
import type { Message, Session } from '@hearth/protocol';
import { codeOf, idle, ofType, only } from '../bench.ts';
import type { Case } from '../case.ts';
import type { RpcSocket } from '../rpc-socket.ts';

const CLOSED_UNAUTHORIZED = 4401;
const AUTH_TIMEOUT_MS = 10_000;

interface Answer {
  id: unknown;
  result?: unknown;
  error?: { code: number; message: string; data: { code: string; hint?: string } };
}

/** Sends a frame as it is, and gives the next frame that is no notification. */
function exchange(socket: RpcSocket, frame: unknown): Promise<Answer | Answer[]> {
  return new Promise((resolve) => {
    const take = (data: Buffer): void => {
      const value = JSON.parse(data.toString('utf8')) as Answer | Answer[];
      const first = Array.isArray(value) ? value[0] : value;
      if (first === undefined || 'method' in first) return;
      socket.raw.off('message', take);
      resolve(value);
    };
    socket.raw.on('message', take);
    socket.frame(JSON.stringify(frame));
  });
}

export const socketCases: Case[] = [
  {
    rules: ['WS1', 'WS5'],
    title: 'a batch gets one answer with one entry per request, ids come back as they were, notifications get none',
    async run(bench) {
      const socket = await bench.socket();
      const ping = { jsonrpc: '2.0', method: 'ping', params: {} };
      const answer = await exchange(socket, [
        { ...ping, id: 'a string' },
        ping,
        { ...ping, id: 1.5, method: 'no.such.method' },
        5,
        { ...ping, id: null },
      ]);
      assert(Array.isArray(answer), 'a batch is answered by a batch');
      assert.deepEqual(
        answer.map(({ id, error }) => [id, error?.data.code]),
        [
          ['a string', undefined],
          [1.5, 'invalid_request'],
          [null, 'invalid_request'],
          [null, undefined],
        ],
      );
      socket.frame(JSON.stringify(ping));
      socket.frame(JSON.stringify([ping, ping]));
      const next = await exchange(socket, { ...ping, id: 'after' });
      assert.equal((next as Answer).id, 'after', 'what came before got no answer');
    },
  },
  {
    rules: ['WS5'],
    title: 'of many requests at once each gets exactly one answer, its own',
    async run(bench) {
      const socket = await bench.socket();
      const sessions = await Promise.all([1, 2, 3].map(async () => bench.session()));
      const asked = Array.from({ length: 30 }, (_, index) => sessions[index % sessions.length]?.id ?? '');
      const answers = await Promise.all(asked.map((sessionId) => socket.call<Session>('session.get', { sessionId })));
      assert.deepEqual(
        answers.map((session) => session.id),
        asked,
      );
      assert.deepEqual(socket.strays, []);
    },
  },
  {
    rules: ['WS1'],
    title: 'an error has a number, a message for a person, a stable code and a hint',
    async run(bench) {
      const socket = await bench.socket();
      const { id } = await bench.session();
      const errors = [
        await exchange(socket, { jsonrpc: '2.0', id: 1, method: 'message.send', params: { sessionId: id } }),
        await exchange(socket, { jsonrpc: '2.0', id: 2, method: 'sessions.get', params: {} }),
        await exchange(socket, { jsonrpc: '2.0', id: 3, method: 'ping', params: 'none' }),
      ] as Answer[];
      const [shape, method] = errors;
      assert.equal(shape?.error?.data.code, 'invalid_request');
      assert.match(shape.error.message, /content/);
      assert.equal(method?.error?.code, -32601);
      assert((method.error.data.hint ?? '').length > 0);
      assert.equal(typeof method.error.message, 'string');
    },
  },
  {
    rules: ['WS2'],
    title: 'without a token the socket closes with 4401 after ten seconds, and at once after too many wrong ones',
    async run(bench) {
      const silent = await bench.socket({ authorized: false });
      const guessing = await bench.socket({ authorized: false });
      for (let attempt = 0; attempt < 20 && guessing.closedWith === null; attempt += 1) {
        await guessing.ask('auth', { token: `guess ${attempt}` });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.equal(guessing.closedWith, CLOSED_UNAUTHORIZED);
      await silent.until('the socket to close', () => silent.closedWith !== null, AUTH_TIMEOUT_MS + 3_000);
      assert.equal(silent.closedWith, CLOSED_UNAUTHORIZED);
      await assert.rejects(bench.socket({ headers: { authorization: 'Bearer wrong' } }), /401/);
    },
  },
  {
    rules: ['MSG5', 'MSG6', 'MSG9'],
    title: 'messages are sent once, edited, moved and cancelled over the WebSocket as over HTTP',
    async run(bench) {
      const { id: sessionId } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(sessionId);
      const send = (content: string, more: object = {}): Promise<Message> =>
        socket.call<Message>('message.send', { sessionId, content, ...more });
      const running = await send('[[tool Bash {"command":"sleep 3"}]]');
      await socket.until('the tool to run', () => ofType(socket.of(sessionId), 'tool.called').length === 1);
      const later = { priority: 'later', clientMessageId: 'over-the-socket' };
      const twice = await Promise.all([send('[[say first]]', later), send('[[say first]]', later)]);
      assert.equal(twice[0].id, twice[1].id);
      const second = await send('[[say second]]', { priority: 'later' });
      const dropped = await send('[[say never]]', { priority: 'later' });
      const changed = await socket.call<Message>('message.update', {
        sessionId,
        messageId: second.id,
        place: 0,
        content: '[[say edited]]',
      });
      assert.equal(changed.content, '[[say edited]]');
      await socket.call('message.cancel', { sessionId, messageId: dropped.id });
      const { queue } = await socket.call<Session>('session.get', { sessionId });
      assert.deepEqual(
        queue.map((message) => message.id),
        [second.id, twice[0].id],
      );
      const late = await socket.ask('message.update', { sessionId, messageId: running.id, content: 'no' });
      assert.equal(codeOf(late), 'message_delivered');
      assert.equal(codeOf(await socket.ask('message.cancel', { sessionId, messageId: 'nope' })), 'not_found');
      await socket.until('all to end', () => ofType(socket.of(sessionId), 'message.completed').length === 3);
      await idle(socket, sessionId);
      const delivered = ofType(socket.of(sessionId), 'message.delivered').map((event) => event.messageId);
      assert.deepEqual(delivered, [running.id, second.id, twice[0].id]);
      assert.equal(only(socket.of(sessionId), 'message.cancelled').messageId, dropped.id);
    },
  },
  {
    rules: ['INT4'],
    title: 'the queue outlives an interrupt and goes on by itself',
    async run(bench) {
      const { id: sessionId } = await bench.session();
      const socket = await bench.watch(sessionId);
      await socket.call('message.send', { sessionId, content: '[[tokens 500 20]]' });
      await socket.until('text', () => ofType(socket.of(sessionId), 'block.delta').length > 2);
      const waiting = await socket.call<Message>('message.send', {
        sessionId,
        content: '[[say my turn]]',
        priority: 'later',
      });
      const { interrupted } = await socket.call<{ interrupted: boolean }>('turn.interrupt', { sessionId });
      assert.equal(interrupted, true);
      await socket.until('the queued message to end', () =>
        ofType(socket.of(sessionId), 'message.completed').some((event) => event.messageId === waiting.id),
      );
      assert.deepEqual(ofType(socket.of(sessionId), 'turn.started').at(-1)?.messageIds, [waiting.id]);
      only(socket.of(sessionId), 'turn.interrupted');
      only(socket.of(sessionId), 'turn.completed');
    },
  },
  {
    rules: ['APR8'],
    title: 'with scope session the same call is not asked again in this session, and is in another',
    async run(bench) {
      const prompt = '[[tool Bash {"command":"mktemp -u"}]]';
      const { id: sessionId } = await bench.session();
      const socket = await bench.watch(sessionId);
      await bench.send(sessionId, prompt);
      await socket.until('the approval', () => ofType(socket.of(sessionId), 'approval.requested').length === 1);
      const { approvalId } = only(socket.of(sessionId), 'approval.requested');
      await socket.call('approval.answer', { sessionId, approvalId, decision: 'allow', scope: 'session' });
      await idle(socket, sessionId);
      assert.equal(only(socket.of(sessionId), 'approval.resolved').scope, 'session');
      await bench.turn(socket, sessionId, prompt);
      only(socket.of(sessionId), 'approval.requested');
      assert.equal(ofType(socket.of(sessionId), 'tool.completed').filter((tool) => !tool.isError).length, 2);
      const other = await bench.session();
      const beside = await bench.watch(other.id);
      await bench.send(other.id, prompt);
      await beside.until('to be asked', () => ofType(beside.of(other.id), 'approval.requested').length === 1);
      await bench.http('POST', `/v1/sessions/${other.id}/interrupt`, { body: {} });
      await idle(beside, other.id);
    },
  },
  {
    rules: ['SES3'],
    title: 'lists of active, waiting and idle sessions follow what the sessions do',
    async run(bench) {
      const title = `standing ${Math.random().toString(36).slice(2)}`;
      const { id } = await bench.session({ title });
      const socket = await bench.watch(id);
      const listed = async (status: string): Promise<boolean> => {
        const { items } = await socket.call<{ items: Session[] }>('session.list', { q: title, status });
        return items.some((session) => session.id === id);
      };
      const standing = async (): Promise<boolean[]> =>
        Promise.all(['idle', 'active', 'waiting', 'all'].map(async (status) => listed(status)));
      assert.deepEqual(await standing(), [true, false, false, true]);
      await bench.send(id, '[[tool Bash {"command":"mktemp -u"}]]');
      await socket.until('the approval', () => ofType(socket.of(id), 'approval.requested').length === 1);
      assert.deepEqual(await standing(), [false, true, true, true]);
      await socket.call('turn.interrupt', { sessionId: id });
      await idle(socket, id);
      assert.deepEqual(await standing(), [true, false, false, true]);
      assert.equal(codeOf(await socket.ask('session.list', { status: 'sleeping' })), 'invalid_request');
    },
  },
];
