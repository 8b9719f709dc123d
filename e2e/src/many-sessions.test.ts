import { assertOrdered, Bench, blockTexts, only } from '@hearth/conformance';
import type { Event } from '@hearth/protocol';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Place, scriptedApi, ServerProcess } from './server-process.ts';

/** More than twice as many as share a commit. */
const SESSIONS = 300;
const ANSWER = '[[tokens 2000 5]]';
const EVENTS_BEFORE_THE_END = 40;

describe('more sessions than share a commit', () => {
  const place = new Place();
  let api: MessagesApi;
  let server: ServerProcess;

  beforeAll(async () => {
    api = await scriptedApi();
    server = await ServerProcess.start(place, api, { agent: 'scripted' });
  });

  afterAll(async () => {
    await server.stop();
    await api.close();
    place.remove();
  });

  test('[LOG2] [LOG3] [LOG7] all stream, the server is killed, and what any client has seen is in the log', async () => {
    const before = new Bench(server.target('scripted'));
    const ids = await Promise.all(Array.from({ length: SESSIONS }, async () => (await before.session()).id));
    const socket = await before.socket();
    for (const id of ids) await socket.call('session.subscribe', { sessionId: id });
    await Promise.all(ids.map((id) => before.send(id, ANSWER)));
    await socket.until('all to stream', () => socket.events.length > SESSIONS * EVENTS_BEFORE_THE_END);
    await server.stop('SIGKILL');
    const seen = new Map(ids.map((id) => [id, socket.of(id)]));
    expect(Math.min(...[...seen.values()].map((events) => events.filter(isDelta).length))).toBeGreaterThan(0);

    server = await ServerProcess.start(place, api, { agent: 'scripted' });
    const after = new Bench(server.target('scripted'));
    for (const [id, events] of seen) {
      const log = await after.log(id);
      assertOrdered(log);
      expect(withoutDeltas(log).slice(0, withoutDeltas(events).length)).toEqual(withoutDeltas(events));
      expect(only(log, 'turn.interrupted').by).toBe('crash');
      const { seq, text } = only(log, 'block.completed');
      expect(seq).toBeGreaterThan(events.at(-1)?.seq ?? Infinity);
      expect(text.startsWith(streamedOf(events))).toBe(true);
    }
  }, 120_000);
});

function isDelta({ type }: Event): boolean {
  return type === 'block.delta';
}

function withoutDeltas(events: readonly Event[]): Event[] {
  return events.filter((event) => !isDelta(event));
}

function streamedOf(events: readonly Event[]): string {
  return [...blockTexts(events).values()].join('');
}
