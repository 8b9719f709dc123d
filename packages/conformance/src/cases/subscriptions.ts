import assert from 'node:assert/strict';
import { assertOrdered, blockTexts, idle, ofType } from '../bench.ts';
import type { Case } from '../case.ts';
import { EventSourceReader } from '../event-source.ts';

const STREAM = '[[tokens 150 10]]';

export const subscriptionCases: Case[] = [
  {
    rules: ['SUB1', 'SUB12'],
    title: 'a WebSocket cut in mid-stream and resumed with its cursor has the text of one that stayed',
    async run(bench) {
      const { id } = await bench.session();
      const stayed = await bench.watch(id);
      const first = await bench.watch(id);
      await bench.send(id, STREAM);
      await first.until('some text', () => ofType(first.of(id), 'block.delta').length > 5);
      first.cut();
      const seen = first.of(id);
      const resumed = await bench.watch(id, seen.at(-1)?.seq ?? 0);
      await idle(stayed, id);
      await idle(resumed, id);
      const whole = [...seen, ...resumed.of(id)];
      assertOrdered(whole);
      assert.deepEqual(blockTexts(whole), blockTexts(stayed.of(id)));
      assert.deepEqual(withoutDeltas(whole), withoutDeltas(stayed.of(id)));
    },
  },
  {
    rules: ['SUB1', 'SUB12'],
    title: 'the same over Server-Sent Events, by after and by Last-Event-ID',
    async run(bench) {
      const { id } = await bench.session();
      const stayed = await bench.watch(id);
      const first = await EventSourceReader.open(bench.target, id);
      assert.equal(first.status, 200);
      assert(first.headers.get('content-type')?.startsWith('text/event-stream'));
      await bench.send(id, STREAM);
      await first.until('some text', () => ofType(first.events, 'block.delta').length > 5);
      first.stop();
      const seen = first.events;
      const last = seen.at(-1)?.seq ?? 0;
      // A browser reconnects to the same URL: the header wins over the query.
      const resumed = await EventSourceReader.open(bench.target, id, 0, String(last));
      await idle(stayed, id);
      await resumed.until('the end', () => resumed.events.some((event) => event.type === 'message.completed'));
      const whole = [...seen, ...resumed.events];
      resumed.stop();
      assertOrdered(whole);
      assert.deepEqual(blockTexts(whole), blockTexts(stayed.of(id)));
      for (const one of resumed.received.filter((event) => event.id !== undefined)) {
        const event = JSON.parse(one.data) as { seq: number; type: string };
        assert.equal(one.id, String(event.seq));
        assert.equal(one.event, event.type);
      }
    },
  },
  {
    rules: ['SUB1', 'SUB2'],
    title: 'a late subscriber gets the whole log, and −1 gets only what comes',
    async run(bench) {
      const { id } = await bench.session();
      const early = await bench.watch(id);
      await bench.turn(early, id, '[[say before]]');
      const late = await bench.watch(id);
      const live = await bench.watch(id, -1);
      await bench.turn(early, id, '[[say after]]');
      const lastSeq = early.of(id).at(-1)?.seq;
      await late.until('all that the other has', () => late.of(id).at(-1)?.seq === lastSeq);
      await idle(live, id);
      assert.equal(late.of(id)[0]?.type, 'session.created');
      assert.equal(late.of(id)[0]?.seq, 1);
      assert.deepEqual(withoutDeltas(late.of(id)), withoutDeltas(early.of(id)));
      assert(live.of(id).every((event) => event.seq > 1));
      assert.equal(ofType(live.of(id), 'turn.started').length, 1);
      assertOrdered(late.of(id));
    },
  },
  {
    rules: ['SUB13'],
    title: 'a second client does not take the stream from the first',
    async run(bench) {
      const { id } = await bench.session();
      const [one, two] = [await bench.watch(id), await bench.watch(id)];
      await bench.turn(one, id, STREAM);
      await idle(two, id);
      assert.deepEqual(blockTexts(one.of(id)), blockTexts(two.of(id)));
      assert.deepEqual(withoutDeltas(one.of(id)), withoutDeltas(two.of(id)));
    },
  },
  {
    rules: ['SUB14'],
    title: 'subscribing again replaces the subscription: after its answer nothing of the old one follows',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[say something]]');
      const before = socket.of(id).length;
      const { lastSeq } = await socket.call<{ lastSeq: number }>('session.subscribe', { sessionId: id, after: 0 });
      await socket.until('the log again', () =>
        socket
          .of(id)
          .slice(before)
          .some((event) => event.seq === lastSeq),
      );
      const again = socket.of(id).slice(before);
      assert.equal(again[0]?.seq, 1);
      assertOrdered(again);
    },
  },
  {
    rules: ['SUB15'],
    title: 'after unsubscribing nothing comes',
    async run(bench) {
      const { id } = await bench.session();
      const quiet = await bench.watch(id);
      const other = await bench.watch(id);
      await quiet.call('session.unsubscribe', { sessionId: id });
      const before = quiet.of(id).length;
      await bench.turn(other, id, '[[say not for you]]');
      await quiet.call('ping', {});
      assert.equal(quiet.of(id).length, before);
    },
  },
  {
    rules: ['LOG1', 'LOG2'],
    title: 'the log as JSON is the stream: numbered from 1, growing, complete, paged',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[tokens 30 0]]');
      const log = await bench.log(id);
      assert.equal(log[0]?.seq, 1);
      assertOrdered(log);
      assert.deepEqual(withoutDeltas(log), withoutDeltas(socket.of(id)));
      assert.deepEqual([...blockTexts(log).values()], [...blockTexts(socket.of(id)).values()]);
      const page = await bench.http('GET', `/v1/sessions/${id}/events?after=1&limit=2`, {
        headers: { accept: 'application/json' },
      });
      const { items, lastSeq } = page.body as { items: { seq: number }[]; lastSeq: number };
      assert.equal(items.length, 2);
      assert((items[0]?.seq ?? 0) > 1);
      assert.equal(lastSeq, (await bench.read(id)).lastSeq);
    },
  },
  {
    rules: ['SUB9'],
    title: 'a deleted session says so to those who watch, and is gone',
    async run(bench) {
      const { id } = await bench.session();
      const socket = await bench.watch(id);
      await bench.turn(socket, id, '[[say bye]]');
      assert.equal((await bench.http('DELETE', `/v1/sessions/${id}`)).status, 204);
      await socket.until('the end of the session', () =>
        socket.of(id).some((event) => event.type === 'session.closed'),
      );
      assert.equal((await bench.http('GET', `/v1/sessions/${id}`)).status, 404);
      assert.equal((await bench.http('GET', `/v1/sessions/${id}/events`)).status, 404);
    },
  },
];

function withoutDeltas(events: readonly { type: string }[]): unknown[] {
  return events.filter((event) => event.type !== 'block.delta');
}
