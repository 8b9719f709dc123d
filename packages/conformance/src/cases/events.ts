import assert from 'node:assert/strict';
import type { Event, EventOf, Session } from '@hearth/protocol';
import { codeOf, idle, isTerminal, ofType, only } from '../bench.ts';
import type { Case } from '../case.ts';
import { EventSourceReader } from '../event-source.ts';

const HEARTBEAT_MS = 5_000;

export const eventCases: Case[] = [
  {
    rules: ['TURN1', 'TURN9'],
    title: 'what is open is closed before the end of the turn; after it come its messages’ ends and the phase alone',
    async run(bench) {
      const { id } = await bench.session({ allowedTools: ['Bash'] });
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[think hm]] [[tool Bash {"command":"echo done"}]]');
      await bench.turn(socket, id, '[[status 400 99]]');
      await bench.send(id, '[[tokens 500 20]]');
      await socket.until('text', () =>
        ofType(socket.of(id), 'block.delta').some((delta) => delta.text.includes('w3 ')),
      );
      await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: {} });
      await socket.until('three ends', () => socket.of(id).filter(isTerminal).length === 3);
      await idle(socket, id, socket.of(id).findLastIndex(isTerminal));
      const events = socket.of(id);
      assert.deepEqual(
        events.filter(isTerminal).map((event) => event.type),
        ['turn.completed', 'turn.failed', 'turn.interrupted'],
      );
      for (const end of events.filter(isTerminal)) assertEnd(events, end);
    },
  },
  {
    rules: ['SES9'],
    title: 'a change of title, model, mode, effort or metadata is told as session.updated, to every client',
    async run(bench) {
      const { id } = await bench.session({ title: 'before' });
      const [one, two] = [await bench.watch(id), await bench.watch(id)];
      const changes = { title: 'after', permissionMode: 'acceptEdits', effort: 'low', metadata: { ticket: '42' } };
      const { status, body } = await bench.http('PATCH', `/v1/sessions/${id}`, { body: changes });
      assert.equal(status, 200);
      for (const [key, value] of Object.entries(changes)) {
        assert.deepEqual((body as Record<string, unknown>)[key], value, key);
      }
      for (const socket of [one, two]) {
        await socket.until('session.updated', () => Object.keys(changed(socket.of(id))).length >= 4);
        assert.deepEqual(changed(socket.of(id)), changes);
      }
      assert.equal((await bench.http('PATCH', `/v1/sessions/${id}`, { body: { title: 5 } })).status, 400);
      const model = await bench.http('PATCH', `/v1/sessions/${id}`, { body: { model: 'claude-haiku-4-5' } });
      assert.equal((model.body as Session).model, 'claude-haiku-4-5');
      await one.until('the model', () => changed(one.of(id))['model'] === 'claude-haiku-4-5');
    },
  },
  {
    rules: ['SES10'],
    title: 'the first message gives a session without a title its title',
    async run(bench) {
      const { id, title } = await bench.session();
      assert.equal(title, null);
      const socket = await bench.watch(id);
      await bench.turn(socket, id, 'paint the shed green');
      const told = (await bench.read(id)).title;
      assert(told !== null && told.length > 0);
      assert(ofType(socket.of(id), 'title.updated').some((event) => event.title === told));
    },
  },
  {
    rules: ['SES1'],
    title: 'the session is the fold of its log, and as of the seq that it names',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.send(id, '[[tokens 100 10]]');
      const waiting = await bench.send(id, '[[say later]]', { priority: 'later' });
      const seen = await bench.read(id);
      assert.notEqual(seen.phase, 'idle');
      assert.deepEqual(
        seen.queue.map((message) => message.id),
        [waiting.id],
      );
      await socket.until('the log up to the session’s seq', () => (socket.of(id).at(-1)?.seq ?? 0) >= seen.lastSeq);
      const phases = ofType(socket.of(id), 'phase.changed').filter((event) => event.seq <= seen.lastSeq);
      assert.equal(phases.at(-1)?.phase, seen.phase);
      await socket.until('both to end', () => ofType(socket.of(id), 'message.completed').length === 2);
      await idle(socket, id);
      await socket.until('the last event', () => socket.of(id).at(-1)?.type === 'phase.changed');
      const rest = await bench.read(id);
      assert.equal(rest.lastSeq, socket.of(id).at(-1)?.seq);
      assert.equal(rest.turnId, undefined);
      assert.deepEqual([rest.phase, rest.queue, rest.approvals], ['idle', [], []]);
    },
  },
  {
    rules: ['PHASE2'],
    title: 'heartbeats are an event without id on the event stream, and end when the session is idle',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const stream = await EventSourceReader.open(bench.target, id);
      const beats = (): number => stream.received.filter((one) => one.event === 'heartbeat').length;
      await bench.send(id, '[[hang 30000]]');
      await stream.until('a heartbeat', () => beats() > 0, 2 * HEARTBEAT_MS + 1_000);
      const beat = stream.received.find((one) => one.event === 'heartbeat');
      assert.equal(beat?.id, undefined);
      assert.equal((JSON.parse(beat?.data ?? '{}') as { sessionId: string }).sessionId, id);
      await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: {} });
      await idle(socket, id);
      const after = beats();
      await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS + 1_000));
      stream.stop();
      assert.equal(beats(), after, 'no heartbeat of an idle session');
      assert(!JSON.stringify(await bench.log(id)).includes('heartbeat'));
    },
  },
  {
    rules: ['SUB3'],
    title: 'a cursor beyond the end counts as the end, and no new event is withheld',
    async run(bench) {
      const { id, lastSeq } = await bench.session();
      const early = await bench.watch(id);
      const beyond = await bench.socket();
      const answer = await beyond.call<{ lastSeq: number }>('session.subscribe', {
        sessionId: id,
        after: lastSeq + 1_000_000,
      });
      assert.equal(answer.lastSeq, lastSeq);
      const stream = await EventSourceReader.open(bench.target, id, lastSeq + 1_000_000);
      await bench.turn(early, id, '[[say new]]');
      await idle(beyond, id);
      await stream.until('the end', () => stream.events.some(isTerminal));
      stream.stop();
      const { items } = (
        await bench.http('GET', `/v1/sessions/${id}/events?after=${lastSeq + 1_000_000}`, {
          headers: { accept: 'application/json' },
        })
      ).body as { items: Event[] };
      assert.deepEqual(items, []);
      assert.equal(ofType(beyond.of(id), 'turn.started').length, 1);
      assert.equal(ofType(stream.events, 'turn.started').length, 1);
    },
  },
  {
    rules: ['HTTP1'],
    title: 'a cursor that is no number is refused, in the query and in Last-Event-ID',
    async run(bench) {
      const { id } = await bench.session();
      const path = `/v1/sessions/${id}/events`;
      for (const after of ['abc', '-2', '1.5', '1e999']) {
        const answer = await bench.http('GET', `${path}?after=${after}`, { headers: { accept: 'application/json' } });
        assert.equal(answer.status, 400, after);
        assert.equal(codeOf(answer), 'invalid_request');
      }
      const accept = 'text/event-stream';
      for (const last of ['abc', '-5', '1.5']) {
        const answer = await bench.http('GET', path, { headers: { accept, 'last-event-id': last } });
        assert.equal(answer.status, 400, `Last-Event-ID: ${last}`);
        assert.equal(codeOf(answer), 'invalid_request');
      }
      assert.equal(
        (await bench.http('GET', `${path}?limit=0`, { headers: { accept: 'application/json' } })).status,
        400,
      );
    },
  },
  {
    rules: ['SUB6'],
    title: 'a client that does not read delays nobody, and gets everything when it does',
    async run(bench) {
      const { id } = await bench.session();
      const [reader, sleeper] = [await bench.watch(id), await bench.watch(id)];
      sleeper.raw.pause();
      for (const _ of [1, 2, 3]) await bench.turn(reader, id, '[[tokens 2000 0]]');
      const slept = sleeper.of(id).length;
      sleeper.raw.resume();
      const last = reader.of(id).at(-1)?.seq ?? 0;
      await sleeper.until('the rest', () => (sleeper.of(id).at(-1)?.seq ?? 0) >= last);
      assert(slept < sleeper.of(id).length);
      const whole = (events: readonly Event[]): unknown[] => events.filter((event) => event.type !== 'block.delta');
      assert.deepEqual(whole(sleeper.of(id)), whole(reader.of(id)));
    },
  },
  {
    rules: ['TURN5'],
    title: 'a limit of the model API is told as rate_limited, with its attempt and delay',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      const events = await bench.turn(socket, id, '[[status 429 1]] [[say through]]');
      const [retry] = ofType(events, 'retry.scheduled');
      assert.equal(retry?.error.code, 'rate_limited');
      assert(retry !== undefined && retry.attempt >= 1 && retry.maxAttempts >= retry.attempt && retry.delayMs >= 0);
      only(events, 'turn.completed');
    },
  },
];

/** All changes that were told, joined. */
function changed(events: readonly Event[]): Record<string, unknown> {
  const updates: EventOf<'session.updated'>[] = ofType(events, 'session.updated');
  const all = Object.assign({}, ...updates.map((event) => event.changes)) as Record<string, unknown>;
  const { agentSessionId: _, ...own } = all;
  return own;
}

function assertEnd(events: readonly Event[], end: Event): void {
  const at = events.indexOf(end);
  const open = new Set<string>();
  for (const event of events.slice(0, at)) {
    if (event.type === 'block.started') open.add(event.blockId);
    if (event.type === 'block.completed') open.delete(event.blockId);
    if (event.type === 'tool.called') open.add(event.toolCallId);
    if (event.type === 'tool.completed') open.delete(event.toolCallId);
  }
  assert.deepEqual([...open], [], `nothing is open at ${end.type}`);
  const later = events.slice(at + 1).filter((event) => event.turnId === end.turnId && event.turnId !== undefined);
  for (const { type } of later)
    assert.match(type, /^message\.(completed|failed)$|^phase\.changed$/, `after ${end.type}`);
  const next = events.slice(at + 1, at + 3).map((event) => event.type);
  assert.match(next[0] ?? '', /^message\.(completed|failed)$/, 'its message ends');
  assert.equal(next[1], 'phase.changed');
}
