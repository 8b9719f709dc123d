import assert from 'node:assert/strict';
import { answerText, assertOrdered, isTerminal, ofType, only } from '../bench.ts';
import type { Case } from '../case.ts';

export const turnCases: Case[] = [
  {
    rules: ['TURN1', 'MSG1'],
    title: 'a message starts a turn, is answered and completed, and the session is idle again',
    async run(bench) {
      const session = await bench.session();
      assert.equal(session.phase, 'idle');
      const socket = await bench.watch(session.id);
      const events = await bench.turn(socket, session.id, 'hello there');
      assert.equal(answerText(events), 'echo: hello there');
      const kinds = events
        .map((event) => event.type)
        .filter((type) => type !== 'phase.changed' && type !== 'block.delta');
      const order = [
        'message.queued',
        'turn.started',
        'message.delivered',
        'block.started',
        'block.completed',
        'turn.completed',
        'message.completed',
      ];
      const known = kinds.filter((type) => order.includes(type));
      assert.deepEqual(known, order);
      assert.equal(events.at(-1)?.type, 'phase.changed', 'the last word is the phase');
      const completed = only(events, 'turn.completed');
      assert(completed.usage.outputTokens > 0, 'output tokens are counted');
      assert(completed.costUsd >= 0 && completed.durationMs >= 0);
      assert(completed.context.maxTokens > 0 && completed.context.usedTokens > 0);
      assertOrdered(socket.of(session.id));
    },
  },
  {
    rules: ['TURN2'],
    title: 'several turns in a row each end once, and cost is of the turn alone',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      for (const word of ['one', 'two', 'three']) {
        const events = await bench.turn(socket, id, `[[say ${word}]]`);
        assert.equal(answerText(events), word);
        assert.equal(events.filter((event) => isTerminal(event)).length, 1);
      }
      const spent = ofType(socket.of(id), 'turn.completed').reduce((sum, turn) => sum + turn.costUsd, 0);
      const { usage } = await bench.read(id);
      assert(Math.abs(usage.costUsd - spent) < 1e-9, `${usage.costUsd} is the sum of the turns, ${spent}`);
    },
  },
  {
    rules: ['TURN3'],
    title: 'thinking comes as a block of its own kind before the text',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const events = await bench.turn(socket, id, '[[think let me see]] [[say the answer]]');
      const blocks = ofType(events, 'block.completed');
      assert.deepEqual(
        blocks.map(({ kind, text }) => [kind, text.trim()]),
        [
          ['thinking', 'let me see'],
          ['text', 'the answer'],
        ],
      );
    },
  },
  {
    rules: ['TURN4'],
    title: 'tool calls run, several at once, and their results reach the answer',
    async run(bench) {
      const { id } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(id);
      const events = await bench.turn(
        socket,
        id,
        '[[tool Bash {"command":"echo first"}]] [[tool Bash {"command":"echo second"}]]',
      );
      const called = ofType(events, 'tool.called');
      const completed = ofType(events, 'tool.completed');
      assert.equal(called.length, 2);
      assert.deepEqual(
        new Set(completed.map((tool) => tool.toolCallId)),
        new Set(called.map((tool) => tool.toolCallId)),
      );
      assert(completed.every((tool) => !tool.isError));
      const text = answerText(events);
      assert(text.startsWith('tool said: ') && text.includes('first') && text.includes('second'), text);
    },
  },
  {
    rules: ['TURN5'],
    title: 'a failure of the model that passes is retried and shown as retry.scheduled',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const events = await bench.turn(socket, id, '[[status 529 1]] [[say back again]]');
      assert.equal(answerText(events), 'back again');
      const [retry] = ofType(events, 'retry.scheduled');
      assert(retry, 'a retry is announced');
      assert.equal(retry.error.code, 'overloaded');
      assert(events.some((event) => event.type === 'phase.changed' && event.phase === 'retrying'));
      only(events, 'turn.completed');
    },
  },
  {
    rules: ['TURN6'],
    title: 'a connection that breaks in the answer tears its block, which is dropped, and the answer comes whole',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const events = await bench.turn(socket, id, '[[cut 3 1]] [[tokens 8 5]]');
      assert.equal(answerText(events), 'w0 w1 w2 w3 w4 w5 w6 w7 ');
      const torn = ofType(events, 'block.completed').filter((block) => block.partial === true);
      assert(torn.every((block) => block.reason === 'retry'));
      only(events, 'turn.completed');
    },
  },
  {
    rules: ['TURN7'],
    title: 'a request that the model refuses fails the turn once, without retry, and the session goes on',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const events = await bench.turn(socket, id, '[[status 400 99]]');
      const failed = only(events, 'turn.failed');
      assert.equal(failed.error.code, 'invalid_request');
      assert.equal(failed.error.retryable, false);
      assert.equal(failed.error.status, 400);
      only(events, 'message.failed');
      assert.equal(answerText(await bench.turn(socket, id, '[[say still here]]')), 'still here');
    },
  },
  {
    rules: ['TURN8'],
    title: 'a rejected key fails the turn as agent_unauthorized',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const failed = only(await bench.turn(socket, id, '[[status 401 99]]'), 'turn.failed');
      assert.equal(failed.error.code, 'agent_unauthorized');
      assert.equal(failed.error.status, 401);
    },
  },
  {
    rules: ['PHASE1'],
    title: 'the phase follows the turn and is never announced twice in a row',
    async run(bench) {
      const { id } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[think hm]] [[say text]] [[tool Bash {"command":"sleep 1"}]]');
      const phases = ofType(socket.of(id), 'phase.changed').map((event) => event.phase);
      phases.forEach((phase, index) => assert.notEqual(phase, phases[index - 1]));
      for (const phase of ['thinking', 'streaming', 'tool'] as const)
        assert(phases.includes(phase), `${phase} in ${phases.join()}`);
      assert.equal(phases.at(-1), 'idle');
    },
  },
  {
    rules: ['PHASE2'],
    title: 'while a session works, heartbeats come that have no seq',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.send(id, '[[hang 11000]] [[say slow]]');
      await socket.until('a heartbeat', () => socket.notices.some((notice) => notice.method === 'heartbeat'), 11_000);
      const heartbeat = socket.notices.find((notice) => notice.method === 'heartbeat')?.params as Record<
        string,
        unknown
      >;
      assert.equal(heartbeat['sessionId'], id);
      assert.equal(typeof heartbeat['phase'], 'string');
      assert(typeof heartbeat['elapsedMs'] === 'number' && heartbeat['elapsedMs'] >= 0);
      assert(!('seq' in heartbeat));
      await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: {} });
    },
  },
];
