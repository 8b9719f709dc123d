import type { Event } from '@hearth/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FakeServer, Refusal } from '../test/fake-server.ts';
import { openClient } from '../test/open-client.ts';
import { foldEvents } from './conversation/index.ts';
import type { EventFeed, Hearth } from './index.ts';

const clients: Hearth[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function open(server: FakeServer): Hearth {
  const client = openClient(server);
  clients.push(client);
  return client;
}

function serverWithSession(): FakeServer {
  const server = new FakeServer();
  server.addSession();
  return server;
}

function notice(server: FakeServer, text: string): Event {
  return server.emit({ type: 'notice', level: 'info', code: 'test', text });
}

async function take(feed: EventFeed, count: number): Promise<Event[]> {
  const events: Event[] = [];
  while (events.length < count) {
    const { done, value } = await feed.next();
    if (done === true) break;
    events.push(value);
  }
  return events;
}

async function readUntil(feed: EventFeed, lastSeq: number): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of feed) {
    events.push(event);
    if (event.seq >= lastSeq) break;
  }
  return events;
}

const seqs = (events: Event[]): number[] => events.map(({ seq }) => seq);

/** A small generator of random numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function turns(ticks: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
}

describe('a feed', () => {
  test('[CL7] gives what is after the cursor, then what comes, each once', async () => {
    const server = serverWithSession();
    for (const text of ['a', 'b', 'c']) notice(server, text);
    const feed = open(server).session('s1').events({ after: 1 });

    expect(seqs(await take(feed, 2))).toEqual([2, 3]);
    await feed.caughtUp;
    notice(server, 'd');
    expect(seqs(await take(feed, 1))).toEqual([4]);
    expect(feed.cursor).toBe(4);
  });

  test('with after -1 gives only what comes, also after a lost connection', async () => {
    const server = serverWithSession();
    notice(server, 'old');
    const feed = open(server).session('s1').events({ after: -1 });
    await feed.caughtUp;
    server.cut();
    notice(server, 'while away');
    expect(seqs(await take(feed, 1))).toEqual([2]);
  });

  test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
    '[CL7] that is cut again and again has the same text as one that stayed (seed %i)',
    async (seed) => {
      const random = randomOf(seed);
      const server = serverWithSession();
      const cutFeed = open(server).session('s1').events();
      const reading = readUntil(cutFeed, 60);

      let text = '';
      let block = 0;
      server.emit({ type: 'turn.started', turnId: 't1', messageIds: [] });
      for (let step = 0; step < 58; step += 1) {
        const inTurn = { turnId: 't1', blockId: `b${block}` };
        if (text === '') server.emit({ type: 'block.started', kind: 'text', ...inTurn });
        const added = `w${step} `;
        if (random() < 0.15) {
          server.emit({ type: 'block.completed', kind: 'text', text: text || added, ...inTurn });
          text = '';
          block += 1;
        } else {
          server.emit({ type: 'block.delta', offset: text.length, text: added, ...inTurn });
          text += added;
        }
        if (step === 30 || random() < 0.2) server.cut();
        if (random() < 0.5) await turns(Math.floor(random() * 30));
        if (random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      while (server.events().length < 60) notice(server, 'filler');

      const got = await reading;
      const whole = server.events().filter(({ seq }) => seq <= (got.at(-1)?.seq ?? 0));
      expect(seqs(got)).toEqual([...new Set(seqs(got))].sort((a, b) => a - b));
      expect(texts(got)).toBe(texts(whole));
      expect(server.called('session.subscribe').length).toBeGreaterThan(1);
      const durable = (events: Event[]): number[] => seqs(events.filter(({ type }) => type !== 'block.delta'));
      expect(durable(got)).toEqual(durable(whole));
    },
  );

  test('[CL9] two feeds of one session with different cursors share one subscription and each gets its own events', async () => {
    const server = serverWithSession();
    for (const text of ['a', 'b', 'c', 'd']) notice(server, text);
    const session = open(server).session('s1');
    const late = session.events({ after: 3 });
    expect(seqs(await take(late, 1))).toEqual([4]);
    const early = session.events({ after: 0 });
    expect(seqs(await take(early, 4))).toEqual([1, 2, 3, 4]);

    notice(server, 'e');
    expect(seqs(await take(late, 1))).toEqual([5]);
    expect(seqs(await take(early, 1))).toEqual([5]);
    expect(server.called('session.subscribe').map(({ params }) => params['after'])).toEqual([3, 0]);

    const third = session.events({ after: 5 });
    notice(server, 'f');
    expect(seqs(await take(third, 1))).toEqual([6]);
    expect(server.called('session.subscribe')).toHaveLength(2);
  });

  test('[SUB3] whose cursor is beyond the end begins at the end, also beside others', async () => {
    const server = serverWithSession();
    notice(server, 'a');
    const session = open(server).session('s1');
    const first = session.events({ after: 100 });
    await first.caughtUp;
    const second = session.events({ after: 100 });
    await second.caughtUp;
    expect([first.cursor, second.cursor]).toEqual([1, 1]);
    notice(server, 'b');
    expect(seqs(await take(first, 1))).toEqual([2]);
    expect(seqs(await take(second, 1))).toEqual([2]);
  });

  test('[CL7][CL9] goes on when the server cannot place another one beside it', async () => {
    const server = serverWithSession();
    notice(server, 'a');
    const session = open(server).session('s1');
    const feed = session.events({ after: 1 });
    await feed.caughtUp;
    server.on('session.subscribe', () => {
      throw new Refusal('agent_unavailable', 'The server is stopping.');
    });
    await expect(session.events({ after: 0 }).next()).rejects.toMatchObject({ code: 'agent_unavailable' });
    notice(server, 'b');
    expect(seqs(await take(feed, 1))).toEqual([2]);
  });

  test('[CL7] asks again when the server cannot place it after a lost connection', async () => {
    const server = serverWithSession();
    const feed = open(server).session('s1').events();
    await feed.caughtUp;
    server.on('session.subscribe', () => {
      server.off('session.subscribe');
      throw new Refusal('agent_unavailable', 'The server is stopping.');
    });
    server.cut();
    notice(server, 'a');
    expect(seqs(await take(feed, 1))).toEqual([1]);
    expect(server.called('session.subscribe')).toHaveLength(3);
  });

  test('unsubscribes when nobody follows any more, and another starts it again', async () => {
    const server = serverWithSession();
    notice(server, 'a');
    const session = open(server).session('s1');
    expect(seqs(await readUntil(session.events(), 1))).toEqual([1]);
    await vi.waitFor(() => expect(server.called('session.unsubscribe')).toHaveLength(1));
    notice(server, 'b');
    expect(seqs(await readUntil(session.events(), 2))).toEqual([1, 2]);
  });

  test('[CL8] whose reader is slow holds no more than it may, stops the wire, and misses nothing', async () => {
    const server = serverWithSession();
    const feed = open(server).session('s1').events({ maxWaiting: 10 });
    await feed.caughtUp;
    for (let index = 0; index < 100; index += 1) notice(server, `${index}`);
    await vi.waitFor(() => expect(server.called('session.unsubscribe')).toHaveLength(1));

    expect(seqs(await take(feed, 100))).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const cursors = server.called('session.subscribe').map(({ params }) => params['after'] as number);
    expect(cursors.slice(0, 2)).toEqual([0, 10]);
    expect(cursors.length).toBeGreaterThan(5);
  });

  test('that is slow does not hold up another one', async () => {
    const server = serverWithSession();
    const session = open(server).session('s1');
    const slow = session.events({ maxWaiting: 5 });
    const fast = session.events();
    const reading = readUntil(fast, 50);
    for (let index = 0; index < 50; index += 1) notice(server, `${index}`);
    expect(await reading).toHaveLength(50);
    expect(seqs(await take(slow, 50))).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test('that stops early does not make the others’ wire read what they have', async () => {
    const server = serverWithSession();
    for (let index = 0; index < 30; index += 1) notice(server, `${index}`);
    const session = open(server).session('s1');
    const late = session.events({ after: 30 });
    await late.caughtUp;
    const early = session.events({ maxWaiting: 5 });
    await vi.waitFor(() => expect(server.called('session.subscribe')).toHaveLength(3));
    expect(early.cursor).toBe(0);
    notice(server, 'new');
    expect(seqs(await take(late, 1))).toEqual([31]);
    expect(server.called('session.subscribe').map(({ params }) => params['after'])).toEqual([30, 0, 30]);
  });

  test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
    '[CL9] among many that come, go, dawdle and are cut has every event from its cursor on (seed %i)',
    async (seed) => {
      const random = randomOf(seed * 7_919);
      const server = serverWithSession();
      const session = open(server).session('s1');
      const feeds: { feed: EventFeed; next: number }[] = [];
      const wrong: string[] = [];
      for (let step = 0; step < 150; step += 1) {
        const lastSeq = server.events().length;
        if (random() < 0.5) notice(server, `${step}`);
        if (random() < 0.15) {
          const after = Math.floor(random() * (lastSeq + 1));
          feeds.push({ feed: session.events({ after, maxWaiting: 1 + Math.floor(random() * 8) }), next: after + 1 });
        }
        if (random() < 0.05) server.cut();
        if (random() < 0.3) await turns(Math.floor(random() * 12));
        const index = Math.floor(random() * feeds.length);
        const one = feeds[index];
        if (one !== undefined && one.next <= lastSeq) {
          const [event] = await take(one.feed, 1);
          if (event?.seq !== one.next) wrong.push(`${event?.seq} instead of ${one.next} at step ${step}`);
          one.next += 1;
          if (random() < 0.1) {
            one.feed.close();
            feeds.splice(index, 1);
          }
        }
      }
      expect(wrong).toEqual([]);
      const last = server.events().length;
      for (const { feed, next } of feeds) {
        expect(seqs(await take(feed, last - next + 1))).toEqual(
          Array.from({ length: last - next + 1 }, (_, index) => next + index),
        );
      }
    },
  );

  test('[CL10] ends when the session is deleted, after the last event', async () => {
    const server = serverWithSession();
    const feed = open(server).session('s1').events();
    await feed.caughtUp;
    notice(server, 'a');
    server.deleteSession();
    const types: string[] = [];
    for await (const event of feed) types.push(event.type);
    expect(types).toEqual(['notice', 'session.closed']);
  });

  test('ends when the session was deleted while the connection was lost', async () => {
    const server = serverWithSession();
    const feed = open(server).session('s1').events();
    await feed.caughtUp;
    server.cut();
    server.deleteSession();
    expect(await feed.next()).toEqual({ done: true, value: undefined });
  });

  test('of a session that is not there throws not_found with the hint', async () => {
    const feed = open(new FakeServer()).session('nope').events();
    await expect(feed.next()).rejects.toMatchObject({ name: 'HearthError', code: 'not_found', hint: 'a hint' });
    expect(await feed.next()).toEqual({ done: true, value: undefined });
  });

  test('ends by its AbortSignal', async () => {
    const server = serverWithSession();
    const controller = new AbortController();
    const feed = open(server).session('s1').events({ signal: controller.signal });
    const next = feed.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    const aborted = open(server).session('s1').events({ signal: controller.signal });
    expect(await aborted.next()).toEqual({ done: true, value: undefined });
  });

  test('ends without an error when the client is closed', async () => {
    const server = serverWithSession();
    const client = open(server);
    const feed = client.session('s1').events();
    const next = feed.next();
    client.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await client.session('s1').events().next()).toEqual({ done: true, value: undefined });
  });

  test('reads a batch that comes in the same frame as nothing else, and ignores what it does not know', async () => {
    const server = serverWithSession();
    const client = open(server);
    const feed = client.session('s1').events();
    await feed.caughtUp;
    for (const socket of server.sockets) socket.sends([{ jsonrpc: '2.0', method: 'weather', params: {} }]);
    notice(server, 'a');
    expect(seqs(await take(feed, 1))).toEqual([1]);
  });

  test('survives a frame that is not JSON by starting over at its cursor', async () => {
    const server = serverWithSession();
    const client = open(server);
    const feed = client.session('s1').events();
    await feed.caughtUp;
    for (const socket of server.sockets) socket.sendsRaw('{"jsonrpc":');
    notice(server, 'a');
    expect(seqs(await take(feed, 1))).toEqual([1]);
    expect(server.called('auth')).toHaveLength(2);
  });

  test('heartbeats reach their listeners, over lost connections too', async () => {
    const server = serverWithSession();
    const client = open(server);
    const phases: string[] = [];
    const stop = client.session('s1').onHeartbeat(({ phase }) => phases.push(phase));
    await vi.waitFor(() => expect(server.called('session.subscribe')).toHaveLength(1));
    await client.ready();
    server.heartbeat();
    await vi.waitFor(() => expect(phases).toEqual(['tool']));
    server.cut();
    await vi.waitFor(() => expect(server.called('session.subscribe')).toHaveLength(2));
    server.heartbeat();
    await vi.waitFor(() => expect(phases).toEqual(['tool', 'tool']));
    stop();
    await vi.waitFor(() => expect(server.called('session.unsubscribe')).toHaveLength(1));
  });
});

function texts(events: Event[]): string {
  return JSON.stringify(
    foldEvents(events).timeline.map((entry) =>
      entry.type === 'turn'
        ? { items: entry.items.flatMap((item) => (item.type === 'block' ? [{ text: item.text }] : [])) }
        : {},
    ),
  );
}
