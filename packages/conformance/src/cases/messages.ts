import assert from 'node:assert/strict';
import type { Message } from '@hearth/protocol';
import { answerText, codeOf, idle, isTerminal, ofType, only } from '../bench.ts';
import type { Case } from '../case.ts';

const SLEEP = '[[tool Bash {"command":"sleep 2"}]]';

export const messageCases: Case[] = [
  {
    rules: ['MSG2'],
    title: 'a next message during a tool call is seen inside the running turn',
    async run(bench) {
      const { id } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(id);
      await bench.send(id, SLEEP);
      await socket.until('the tool to run', () => ofType(socket.of(id), 'tool.called').length === 1);
      const steer = await bench.send(id, '[[say and steered]]');
      await idle(socket, id);
      const events = socket.of(id);
      assert.equal(ofType(events, 'turn.started').length, 1, 'one turn');
      const delivered = ofType(events, 'message.delivered').find((event) => event.messageId === steer.id);
      assert.equal(delivered?.as, 'steer');
      assert(answerText(events).includes('and steered'), answerText(events));
      assert.equal(ofType(events, 'message.completed').length, 2);
      const end = events.findIndex((event) => isTerminal(event));
      assert(events.findIndex((event) => event.type === 'message.delivered' && event.messageId === steer.id) < end);
    },
  },
  {
    rules: ['MSG2'],
    needs: 'model',
    title: 'the model’s next request in the turn carries the steered message',
    async run(bench) {
      const { id } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(id);
      const mark = `steer-${id.slice(0, 8)}`;
      await bench.send(id, SLEEP);
      await socket.until('the tool to run', () => ofType(socket.of(id), 'tool.called').length === 1);
      await bench.send(id, mark);
      await idle(socket, id);
      assert.equal(ofType(socket.of(id), 'turn.started').length, 1);
      const carrying = bench.model.requests().filter((request) => request.lastText.includes(mark));
      assert(carrying.length >= 1, 'a model request has the steered text in its last user turn');
    },
  },
  {
    rules: ['MSG3'],
    title: 'a now message cuts the turn, whose partial text is kept, and starts its own',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.send(id, '[[tokens 400 20]]');
      await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 2);
      const urgent = await bench.send(id, '[[say at once]]', { priority: 'now' });
      await idle(socket, id);
      const events = socket.of(id);
      const interrupted = only(events, 'turn.interrupted');
      assert.equal(interrupted.by, 'message');
      const partial = ofType(events, 'block.completed').find((block) => block.turnId === interrupted.turnId);
      assert.equal(partial?.partial, true);
      assert.equal(partial?.reason, 'interrupted');
      assert(partial.text.startsWith('w0 w1 '), partial.text);
      const second = ofType(events, 'turn.started')[1];
      assert.deepEqual(second?.messageIds, [urgent.id]);
      assert(answerText(events).endsWith('at once'));
      assert.equal(ofType(events, 'message.completed').length, 2, 'both messages end as completed');
    },
  },
  {
    rules: ['MSG4'],
    title: 'a later message waits, and starts a turn of its own after the running one and every next one',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.send(id, '[[tokens 60 20]]');
      await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 0);
      const later = await bench.send(id, '[[say finally]]', { priority: 'later' });
      const next = await bench.send(id, '[[say between]]');
      const { queue } = await bench.read(id);
      const places = queue.map((message) => message.id);
      assert(places.indexOf(later.id) >= places.indexOf(next.id), 'the queue shows next before later');
      await socket.until('all to end', () => ofType(socket.of(id), 'message.completed').length === 3);
      await idle(socket, id);
      const order = ofType(socket.of(id), 'message.delivered').map((event) => event.messageId);
      assert.deepEqual(order.slice(1), [next.id, later.id]);
      const own = ofType(socket.of(id), 'turn.started').at(-1);
      assert.deepEqual(own?.messageIds, [later.id]);
    },
  },
  {
    rules: ['MSG5'],
    title: 'the same clientMessageId again returns the first message and does nothing else',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const key = { clientMessageId: 'only-once' };
      const answers = await Promise.all([1, 2, 3].map(() => bench.send(id, '[[say once]]', key)));
      await idle(socket, id);
      const again = await bench.send(id, '[[say something else]]', key);
      assert.deepEqual(new Set([...answers, again].map((message) => message.id)).size, 1);
      assert.equal(again.content, '[[say once]]');
      assert.equal(again.state, 'completed');
      assert.equal(ofType(await bench.log(id), 'message.queued').length, 1);
      assert.equal(ofType(await bench.log(id), 'turn.started').length, 1);
    },
  },
  {
    rules: ['MSG6'],
    title: 'a queued message can be read, edited, moved and cancelled; a delivered one cannot',
    async run(bench) {
      const { id } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(id);
      const running = await bench.send(id, '[[tool Bash {"command":"sleep 3"}]]');
      await socket.until('the tool to run', () => ofType(socket.of(id), 'tool.called').length === 1);
      const [first, second] = [
        await bench.send(id, '[[say a]]', { priority: 'later' }),
        await bench.send(id, '[[say b]]', { priority: 'later' }),
      ];
      const path = (message: Message): string => `/v1/sessions/${id}/messages/${message.id}`;
      const moved = await bench.http('PATCH', path(second), { body: { place: 0, content: '[[say edited]]' } });
      assert.equal(moved.status, 200);
      assert.deepEqual(
        (await bench.read(id)).queue.map((message) => [message.id, message.content]),
        [
          [second.id, '[[say edited]]'],
          [first.id, '[[say a]]'],
        ],
      );
      const cancelled = await bench.http('DELETE', path(first));
      assert(cancelled.status === 200 || cancelled.status === 204);
      assert.equal(((await bench.http('GET', path(first))).body as Message).state, 'cancelled');
      assert.equal(codeOf(await bench.http('DELETE', path(running))), 'message_delivered');
      assert.equal(codeOf(await bench.http('PATCH', path(running), { body: { content: 'no' } })), 'message_delivered');
      await socket.until('the end', () => ofType(socket.of(id), 'message.completed').length === 2);
      await idle(socket, id);
      assert(answerText(socket.of(id)).endsWith('edited'));
      only(socket.of(id), 'message.cancelled');
    },
  },
  {
    rules: ['MSG7'],
    title: 'messages are listed with their states in the order in which they came',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[say one]]');
      await bench.turn(socket, id, '[[say two]]');
      const { body } = await bench.http('GET', `/v1/sessions/${id}/messages`);
      const { items } = body as { items: Message[] };
      assert.deepEqual(
        items.map(({ content, state }) => [content, state]),
        [
          ['[[say one]]', 'completed'],
          ['[[say two]]', 'completed'],
        ],
      );
    },
  },
  {
    rules: ['INT1'],
    title: 'an interrupt settles the turn in text, and the session goes on with its conversation',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.send(id, '[[tokens 2000 20]]');
      await socket.until('some text', () => ofType(socket.of(id), 'block.delta').length > 2);
      const answer = await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: {} });
      assert.equal(answer.status, 202);
      await idle(socket, id);
      assert.equal(only(socket.of(id), 'turn.interrupted').by, 'user');
      assert.equal(answerText(await bench.turn(socket, id, '[[say and on]]')), 'and on');
    },
  },
  {
    rules: ['INT2'],
    title: 'an interrupt settles the turn in a tool that never ends',
    async run(bench) {
      const { id } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(id);
      await bench.send(id, '[[tool Bash {"command":"tail -f /dev/null"}]]');
      await socket.until('the tool to run', () => ofType(socket.of(id), 'tool.called').length === 1);
      assert.equal((await bench.http('POST', `/v1/sessions/${id}/interrupt`)).status, 202);
      await idle(socket, id);
      only(socket.of(id), 'turn.interrupted');
      assert.equal(ofType(socket.of(id), 'tool.completed').length, 1, 'the tool call does not stay open');
    },
  },
  {
    rules: ['INT3'],
    title: 'an interrupt of an idle session does nothing and says so',
    async run(bench) {
      const { id, lastSeq } = await bench.session();
      assert.equal((await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: {} })).status, 200);
      assert.equal((await bench.read(id)).lastSeq, lastSeq);
    },
  },
  {
    rules: ['INT4'],
    title: 'cancelQueued takes the queue along',
    async run(bench) {
      const { id } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(id);
      await bench.send(id, '[[tool Bash {"command":"tail -f /dev/null"}]]');
      await socket.until('the tool to run', () => ofType(socket.of(id), 'tool.called').length === 1);
      await bench.send(id, 'one', { priority: 'later' });
      await bench.send(id, 'two');
      await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: { cancelQueued: true } });
      await idle(socket, id);
      assert.equal(ofType(socket.of(id), 'message.cancelled').length, 2);
      assert.equal(ofType(socket.of(id), 'turn.started').length, 1);
      assert.deepEqual((await bench.read(id)).queue, []);
    },
  },
];
