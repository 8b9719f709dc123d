import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Event, EventBody } from '@hearth/protocol';
import { HearthError } from '@hearth/protocol';
import { openSqliteStore } from '../store/sqlite/open.ts';
import { clientFold, NOTHING_SEEN } from './testing/client-fold.ts';
import type { ClientState } from './testing/client-fold.ts';
import { aDelta, anEnd, aNotice, aStart, logBench, RecordingOwner, RecordingSink, until } from './testing/log-bench.ts';
import type { LogSubscription } from './event-log.ts';

const pick = fc.nat({ max: 1_000 });
/** Of text, less one. The end of a block with a long one has a commit of its own. */
const length = fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 5 }) }, { weight: 1, arbitrary: fc.constant(20_000) });
const LETTERS = 'abcdefgh'.repeat(2_501);

/** Something that happens to a session and its clients. Numbers pick one of what there is. */
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ does: fc.constant('start' as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({ does: fc.constant('delta' as const), block: pick, length }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ does: fc.constant('stream' as const), block: pick, length }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('complete' as const), block: pick }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('notice' as const) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('pause' as const) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('settle' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('join' as const), at: pick, room: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('wake' as const), client: pick, room: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('reconnect' as const),
      client: pick,
      room: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('refuse' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('hold' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

interface Client {
  sink: RecordingSink;
  subscription: LogSubscription;
}

/** An owner that opens its session again whenever a commit was refused, as the session’s host does. */
class Host extends RecordingOwner {
  state: ClientState = NOTHING_SEEN;
  /** The state after each commit: what a client that knows so much may come back with. */
  readonly history: ClientState[] = [NOTHING_SEEN];
  /** Texts of the blocks that are open, with what is not committed yet. */
  open = new Map<string, string>();
  /** What streams, until a commit begins or something else happens. */
  streamed: { blockId: string; offset: number; text: string } | null = null;
  append: (body: EventBody) => void = () => undefined;
  reopen: (lastSeq: number) => void = () => undefined;
  readonly #closed = new Set<string>();

  override flush(): void {
    const delta = this.streamed;
    this.streamed = null;
    if (delta !== null) this.append(aDelta(delta.blockId, delta.offset, delta.text));
  }

  override committed(events: Event[]): void {
    super.committed(events);
    for (const event of events) {
      this.state = clientFold(this.state, event);
      if (event.type === 'block.completed') this.#closed.add(event.blockId);
    }
    this.history.push(this.state);
  }

  override failed(error: HearthError): void {
    super.failed(error);
    this.streamed = null;
    this.open = new Map(Object.entries(this.state.blocks).filter(([blockId]) => !this.#closed.has(blockId)));
    this.reopen(this.state.seq);
  }
}

async function play(steps: readonly Step[]): Promise<void> {
  const store = await openSqliteStore({ path: ':memory:' });
  const { log, events } = logBench(store);
  const host = new Host('s1');
  host.reopen = (lastSeq) => log.open('s1', lastSeq, host);
  log.open('s1', 0, host);
  const clients: Client[] = [];
  const gone: Client[] = [];
  let blocks = 0;

  host.append = (body) => void log.append('s1', [body]);
  const append = (body: EventBody): void => {
    host.flush();
    host.append(body);
  };
  const join = (state: ClientState, room: number): Client => {
    const sink = new RecordingSink(state);
    sink.room = room;
    const subscription = log.subscribe('s1', state.seq, sink);
    subscription.start();
    return { sink, subscription };
  };
  const some = <Item>(items: readonly Item[], number: number): Item | undefined => items[number % items.length];

  for (const now of steps) {
    switch (now.does) {
      case 'start': {
        blocks += 1;
        host.open.set(`b${blocks}`, '');
        append(aStart(`b${blocks}`));
        break;
      }
      case 'delta': {
        const block = some([...host.open], now.block);
        if (block === undefined) break;
        const added = LETTERS.slice(0, now.length + 1);
        append(aDelta(block[0], block[1].length, added));
        host.open.set(block[0], block[1] + added);
        break;
      }
      case 'stream': {
        const block = some([...host.open], now.block);
        if (block === undefined) break;
        const [blockId, before] = block;
        const added = LETTERS.slice(0, now.length + 1);
        host.open.set(blockId, before + added);
        if (host.streamed?.blockId === blockId) {
          host.streamed.text += added;
          break;
        }
        host.flush();
        host.streamed = { blockId, offset: before.length, text: added };
        if (!log.announce('s1')) throw new Error('the log takes nothing');
        break;
      }
      case 'complete': {
        const block = some([...host.open], now.block);
        if (block === undefined) break;
        append(anEnd(...block));
        host.open.delete(block[0]);
        break;
      }
      case 'notice':
        append(aNotice('n'));
        break;
      case 'pause':
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        break;
      case 'settle':
        await log.flushed();
        break;
      case 'join':
        clients.push(join(some(host.history, now.at) ?? NOTHING_SEEN, now.room));
        break;
      case 'wake': {
        const client = some(clients, now.client);
        if (client === undefined) break;
        client.sink.room = now.room;
        client.subscription.resume();
        break;
      }
      case 'reconnect': {
        const client = some(clients, now.client);
        if (client === undefined) break;
        client.subscription.close();
        gone.push(client);
        clients[clients.indexOf(client)] = join(client.sink.state, now.room);
        break;
      }
      case 'refuse':
        events.refuse = () => {
          events.refuse = () => null;
          return new HearthError('internal', 'The disk is full.');
        };
        break;
      case 'hold':
        events.hold = async () => {
          events.hold = () => Promise.resolve();
          for (let turn = 0; turn < 3; turn += 1) {
            await new Promise((resolve) => {
              setImmediate(resolve);
            });
          }
        };
        break;
    }
  }

  await log.flushed();
  for (const { sink, subscription } of clients) {
    sink.room = Number.POSITIVE_INFINITY;
    subscription.resume();
  }
  const late = join(NOTHING_SEEN, Number.POSITIVE_INFINITY);
  const all = [...clients, late];
  await until('every client has everything', () =>
    all.every(({ sink }) => sink.fault !== null || sink.state.seq === host.state.seq),
  );

  for (const { sink } of [...gone, ...all]) expect(sink.fault).toBeNull();
  for (const { sink } of all) {
    expect(sink.state).toEqual(host.state);
  }
  expect(late.sink.state.events).toEqual(
    host.seen.filter((event) => event.type !== 'block.delta').map((event) => event.seq),
  );
  const read = (await log.readAfter('s1', 0, 1_000_000)).map((body) => JSON.parse(body) as Event);
  expect(read.reduce(clientFold, NOTHING_SEEN)).toEqual(host.state);
  expect((await store.sessions.load('s1'))?.session.lastSeq ?? 0).toBe(host.state.seq);
  for (const { subscription } of all) subscription.close();
  expect(log.heldLength('s1')).toBe(0);
  await store.close();
}

test(
  '[LOG10] whatever happens, every client rebuilds what the log holds, in order, once',
  { timeout: 120_000 },
  async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 120 }), play), { numRuns: 150 });
  },
);
