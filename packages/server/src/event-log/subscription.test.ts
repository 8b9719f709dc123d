import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '@hearth/testkit';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { aDelta, anEnd, aNotice, aStart, logBench, RecordingOwner, RecordingSink, until } from './testing/log-bench.ts';
import type { LogBench } from './testing/log-bench.ts';

const TAIL_LENGTH = 256 * 1024;
const PAGE_BYTES = 512 * 1024;

let store: Store;
let bench: LogBench;
let owner: RecordingOwner;

beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:' });
  bench = logBench(store);
  owner = new RecordingOwner('s1');
  bench.log.open('s1', 0, owner);
});

afterEach(() => store.close());

function subscribe(after: number, sink = new RecordingSink()) {
  const subscription = bench.log.subscribe('s1', after, sink);
  subscription.start();
  return { sink, subscription };
}

const seqs = (sink: RecordingSink) => sink.received.map((event) => event.seq);

describe('joining', () => {
  test('[SUB1] history comes first, then what is live, without hole or repeat', async () => {
    await bench.log.append('s1', [aNotice('1'), aNotice('2'), aNotice('3')]);

    const { sink } = subscribe(1);
    const live = bench.log.append('s1', [aNotice('4')]);
    await live;
    await until('all came', () => sink.state.seq === 4);

    expect(seqs(sink)).toEqual([2, 3, 4]);
  });

  test('[SUB1] nothing comes before the start, and then everything since the place was taken', async () => {
    const sink = new RecordingSink();
    const subscription = bench.log.subscribe('s1', -1, sink);
    await bench.log.append('s1', [aNotice('1')]);
    expect(sink.received).toEqual([]);

    subscription.start();
    await until('it came', () => sink.state.seq === 1);
  });

  test('[SUB2] −1 means live only', async () => {
    await bench.log.append('s1', [aNotice('1')]);
    const { sink } = subscribe(-1);
    await bench.log.append('s1', [aNotice('2')]);

    expect(seqs(sink)).toEqual([2]);
  });

  test('[SUB3] a cursor beyond the end is taken as the end, and no new event is withheld', async () => {
    await bench.log.append('s1', [aNotice('1')]);
    const { sink } = subscribe(1_000_000);
    await bench.log.append('s1', [aNotice('2')]);

    expect(seqs(sink)).toEqual([2]);
  });

  test('[SUB4] subscribers that are live share the very same strings and read nothing from the store', async () => {
    const { sink: one } = subscribe(-1);
    const { sink: two } = subscribe(-1);
    await bench.log.append('s1', [aNotice('1'), aNotice('2')]);

    expect(one.batches).toHaveLength(1);
    expect(two.batches[0]).toBe(one.batches[0]);
    expect(bench.events.reads).toEqual([]);
    expect(bench.log.heldLength('s1')).toBe(0);
  });
});

describe('a subscriber that is slow', () => {
  test('[SUB5] is given nothing while it is full, and all of it when it has room', async () => {
    const sink = new RecordingSink();
    sink.room = 1;
    const { subscription } = subscribe(0, sink);
    await bench.log.append('s1', [aNotice('1')]);
    await bench.log.append('s1', [aNotice('2')]);
    await bench.log.append('s1', [aNotice('3')]);
    expect(seqs(sink)).toEqual([1]);

    sink.room = 1;
    subscription.resume();
    expect(seqs(sink)).toEqual([1, 2, 3]);
  });

  test('[SUB5] may make room while it is being given events', async () => {
    const sink = new RecordingSink();
    const subscription = bench.log.subscribe('s1', 0, sink);
    const take = sink.events.bind(sink);
    sink.events = (bodies) => {
      take(bodies);
      subscription.resume();
      return false;
    };
    subscription.start();
    await bench.log.append('s1', [aNotice('1')]);
    await bench.log.append('s1', [aNotice('2')]);

    expect(seqs(sink)).toEqual([1, 2]);
  });

  test('[SUB6] costs no memory: 20,000 deltas beside one who reads, and merged ones when it wakes', async () => {
    const sleeper = new RecordingSink();
    sleeper.room = 1;
    const { subscription } = subscribe(0, sleeper);
    const { sink: reader } = subscribe(0);
    await bench.log.append('s1', [aStart('a')]);
    let held = 0;
    for (let index = 0; index < 20_000; index += 1) {
      void bench.log.append('s1', [aDelta('a', index * 10, '0123456789')]);
      if (index % 20 === 19) await bench.log.flushed();
      held = Math.max(held, bench.log.heldLength('s1'));
    }
    await bench.log.flushed();
    expect(held).toBeLessThanOrEqual(TAIL_LENGTH);
    expect(bench.log.heldLength('s1')).toBe(0);
    expect(reader.state.blocks['a']).toHaveLength(200_000);
    expect(sleeper.batches).toHaveLength(1);

    sleeper.room = Number.POSITIVE_INFINITY;
    subscription.resume();
    await until('the sleeper has all', () => sleeper.state.seq === reader.state.seq);
    expect(sleeper.state).toEqual(reader.state);
    expect(sleeper.received.length).toBeLessThan(10);
  });

  test('[SUB6] finds the block whole when it was completed meanwhile', async () => {
    const sleeper = new RecordingSink();
    sleeper.room = 1;
    const { subscription } = subscribe(0, sleeper);
    await bench.log.append('s1', [aStart('a')]);
    await bench.log.append('s1', [aDelta('a', 0, 'he')]);
    await bench.log.append('s1', [aDelta('a', 2, 'llo'), aNotice('x')]);
    await bench.log.append('s1', [anEnd('a', 'hello')]);

    subscription.resume();
    await until('it has all', () => sleeper.state.blocks['a'] === 'hello');
    expect(sleeper.received.map((event) => event.type)).toEqual(['block.started', 'notice', 'block.completed']);
  });

  test('[SUB7] catches up with 10,000 events page by page, and others get their turn in between', async () => {
    const text = 'x'.repeat(200);
    await bench.log.append(
      's1',
      Array.from({ length: 10_000 }, () => aNotice(text)),
    );
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    count();
    const { sink } = subscribe(0);
    await until('it has all', () => sink.state.seq === 10_000);
    counting = false;

    expect(bench.events.reads.length).toBeGreaterThanOrEqual(10);
    expect(Math.max(...bench.events.reads)).toBeLessThanOrEqual(PAGE_BYTES + 1_000);
    expect(turns).toBeGreaterThanOrEqual(10);
  });
});

describe('the end of a subscription', () => {
  test('[SUB8] one that is closed in the middle of a read gets nothing more', async () => {
    await bench.log.append('s1', [aNotice('1')]);
    const { sink, subscription } = subscribe(0);
    subscription.close();
    const { sink: other } = subscribe(0);
    await bench.log.append('s1', [aNotice('2')]);
    await until('one that began to read later has all', () => other.state.seq === 2);

    expect(sink.received).toEqual([]);
    expect(bench.log.subscribers('s1')).toBe(1);
  });

  test('[SUB8] a sink that throws is let go, and the others are served', async () => {
    const bad = new RecordingSink();
    bad.events = () => {
      throw new Error('the socket is gone');
    };
    subscribe(-1, bad);
    const { sink } = subscribe(-1);
    await bench.log.append('s1', [aNotice('1')]);

    expect(seqs(sink)).toEqual([1]);
    expect(bench.log.subscribers('s1')).toBe(1);
  });

  test('[SUB9] before a session is deleted its subscribers get everything and then the end', async () => {
    await bench.log.append('s1', [aNotice('1'), aNotice('2')]);
    const { sink: late } = subscribe(0);
    const { sink: live } = subscribe(-1);
    void bench.log.append('s1', [aNotice('3')]);
    owner.onFlush = () => void bench.log.append('s1', [aNotice('4')]);
    bench.log.announce('s1');

    await bench.log.close('s1');
    await store.sessions.delete('s1');

    expect(seqs(late)).toEqual([1, 2, 3, 4]);
    expect(seqs(live)).toEqual([3, 4]);
    expect([late.ended, live.ended]).toEqual([true, true]);
    await expect(bench.log.append('s1', [aNotice('5')])).rejects.toThrow(/not open/);
  });

  test('[SUB9] one that sleeps does not hold up the deletion; it wakes to what is left in memory, and its end', async () => {
    const far = new RecordingSink();
    far.room = 1;
    const { subscription: distant } = subscribe(0, far);
    const near = new RecordingSink();
    near.room = 2;
    const { subscription: nearby } = subscribe(0, near);
    await bench.log.append('s1', [aNotice('1')]);
    await bench.log.append('s1', [aNotice('x'.repeat(TAIL_LENGTH * 2))]);
    await bench.log.append('s1', [aNotice('3')]);
    expect([seqs(far), seqs(near)]).toEqual([[1], [1, 2]]);

    await bench.log.close('s1');
    await store.sessions.delete('s1');
    nearby.resume();
    distant.resume();
    await until('both end', () => near.ended && far.ended);

    expect([seqs(far), seqs(near)]).toEqual([[1], [1, 2, 3]]);
  });

  test('[SUB9] a session without subscribers and work can be forgotten, another cannot', async () => {
    const { subscription } = subscribe(0);
    expect(bench.log.release('s1')).toBe(false);
    subscription.close();
    const append = bench.log.append('s1', [aNotice('1')]);
    expect(bench.log.release('s1')).toBe(false);
    await append;

    expect(bench.log.release('s1')).toBe(true);
    expect(() => bench.log.lastSeq('s1')).toThrow(/not open/);
  });
});

describe('beside the events', () => {
  test('[SUB10] heartbeats go to those that are live and have room', async () => {
    await bench.log.append('s1', [aNotice('1')]);
    const full = new RecordingSink();
    full.room = 1;
    subscribe(0, full);
    await until('it is full', () => full.batches.length === 1);
    const { sink: live } = subscribe(-1);
    const { sink: behind } = subscribe(0);

    bench.log.broadcastHeartbeat('s1', '{}');

    expect([live, full, behind].map((sink) => sink.heartbeats)).toEqual([['{}'], [], []]);
  });

  test('[SUB11] a read that the store refuses is tried again', async () => {
    const clock = new FakeClock();
    bench = logBench(store, clock);
    bench.log.open('s1', 0, new RecordingOwner('s1'));
    await bench.log.append('s1', [aNotice('1')]);
    bench.events.refuseRead = () => new Error('the disk failed');
    const { sink } = subscribe(0);
    await until('it waits', () => clock.pendingTimers === 1);
    bench.events.refuseRead = () => null;

    await clock.advance(1_000);
    await until('it came', () => sink.state.seq === 1);
    expect(clock.pendingTimers).toBe(0);
  });
});
