import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event, EventBody } from '@hearth/protocol';
import { HearthError } from '@hearth/protocol';
import { FakeClock } from '@hearth/testkit';
import type { Clock } from '../concurrency/clock.ts';
import { failure } from '../store/contract/fixture.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { SessionBatch, Store } from '../store/store.ts';
import { aDelta, anEnd, aNotice, aStart, logBench, RecordingOwner, RecordingSink, until } from './testing/log-bench.ts';
import type { LogBench } from './testing/log-bench.ts';

const diskFull = () => new HearthError('internal', 'There is no room left.', { hint: 'Free space on the disk.' });

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

async function stored(sessionId = 's1'): Promise<Event[]> {
  const entries = await store.events.read(sessionId, 0, 1_000_000, Number.MAX_SAFE_INTEGER);
  return entries.map((entry) => JSON.parse(entry.body) as Event);
}

function subscribe(after: number, sink = new RecordingSink()) {
  const subscription = bench.log.subscribe('s1', after, sink);
  subscription.start();
  return { sink, subscription };
}

/**
 * Replaces the bench by one whose commits take time, 1 ms each, while timers stand still.
 * @returns sets how long the next ones take
 */
function slowCommits(clock: FakeClock): (ms: number) => void {
  let heldMs = 0;
  const ahead: Clock = {
    now: () => clock.now() + heldMs,
    monotonic: () => clock.now() + heldMs,
    setTimeout: (run, delayMs) => clock.setTimeout(run, delayMs),
    clearTimeout: (handle) => clock.clearTimeout(handle),
  };
  bench = logBench(store, ahead);
  const take = (ms: number): void => {
    bench.events.hold = () => {
      heldMs += ms;
      return Promise.resolve();
    };
  };
  take(1);
  return take;
}

describe('writing', () => {
  test('[LOG1] an append resolves when its events are stored, numbered from 1', async () => {
    await bench.log.append('s1', [aNotice('a'), { ...aNotice('b'), turnId: 't1' }]);

    expect(await stored()).toEqual([
      expect.objectContaining({ sessionId: 's1', seq: 1, type: 'notice', text: 'a' }),
      expect.objectContaining({ sessionId: 's1', seq: 2, turnId: 't1', text: 'b' }),
    ]);
    expect(owner.seen.map((event) => event.seq)).toEqual([1, 2]);
    expect(bench.log.lastSeq('s1')).toBe(2);
  });

  test('[LOG2] numbers go on from the store’s last one', async () => {
    await bench.log.append('s1', [aNotice('a')]);
    const again = logBench(store);
    again.log.open('s1', (await store.sessions.load('s1'))?.session.lastSeq ?? 0, new RecordingOwner('s1'));

    await again.log.append('s1', [aNotice('b')]);

    expect((await stored()).map((event) => event.seq)).toEqual([1, 2]);
  });

  test('[LOG3] what several sessions append in one turn of the event loop is one commit', async () => {
    bench.log.open('s2', 0, new RecordingOwner('s2'));

    await Promise.all([
      bench.log.append('s1', [aNotice('a')]),
      bench.log.append('s2', [aNotice('b')]),
      bench.log.append('s1', [aNotice('c')]),
    ]);

    expect(bench.events.commits.map((commit) => commit.map((batch) => batch.entries.length))).toEqual([[2, 1]]);
  });

  test('[LOG3] while a commit is under way the next one gathers', async () => {
    let release = (): void => undefined;
    bench.events.hold = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const first = bench.log.append('s1', [aNotice('a')]);
    await until('a commit is under way', () => owner.projected.length === 1);
    const rest = [bench.log.append('s1', [aNotice('b')]), bench.log.append('s1', [aNotice('c')])];
    bench.events.hold = () => Promise.resolve();
    release();

    await Promise.all([first, ...rest]);

    expect(bench.events.commits.map((commit) => commit[0]?.entries.map((entry) => entry.seq))).toEqual([[1], [2, 3]]);
  });

  test('[LOG3] deltas alone rest after a commit for as long as it took, within bounds; anything else does not', async () => {
    const clock = new FakeClock();
    const commitsTake = slowCommits(clock);
    bench.log.open('s1', 0, owner);
    await bench.log.append('s1', [aNotice('first')]);
    void bench.log.append('s1', [aDelta('b', 0, 'he')]);
    void bench.log.append('s1', [aDelta('b', 2, 'llo')]);
    await expect.poll(() => clock.nextDueAt).toBe(clock.now() + 1);
    expect(bench.events.commits).toHaveLength(1);

    await clock.advance(1);
    await bench.log.flushed();
    expect((await stored()).at(-1)).toMatchObject({ seq: 2, offset: 0, text: 'hello' });

    void bench.log.append('s1', [aDelta('b', 5, '!')]);
    await bench.log.append('s1', [aNotice('now')]);
    expect((await stored()).map((event) => event.type).slice(2)).toEqual(['block.delta', 'notice']);
    expect(clock.pendingTimers).toBe(0);

    commitsTake(500);
    await bench.log.append('s1', [aNotice('slow')]);
    await bench.log.append('s1', [aDelta('b', 6, '?')]);
    expect((await stored()).at(-1)).toMatchObject({ type: 'block.delta', text: '?' });
  });

  test('[LOG3] a commit that alone was slow makes nothing rest', async () => {
    const clock = new FakeClock();
    const commitsTake = slowCommits(clock);
    bench.log.open('s1', 0, owner);
    await bench.log.append('s1', [aNotice('quick')]);
    commitsTake(3);
    await bench.log.append('s1', [aNotice('slow')]);
    await bench.log.append('s1', [aDelta('b', 0, 'at once')]);
    expect(clock.pendingTimers).toBe(0);
    // That was the second slow one.
    void bench.log.append('s1', [aDelta('b', 7, 'later')]);
    await expect.poll(() => clock.nextDueAt).toBe(clock.now() + 1);
  });

  test('[LOG3] of many sessions some share a commit, and the others the next one, which does not rest', async () => {
    const clock = new FakeClock();
    slowCommits(clock);
    const ids = Array.from({ length: 300 }, (_, index) => `many-${index}`);
    for (const id of ids) bench.log.open(id, 0, new RecordingOwner(id));
    await Promise.all(ids.map((id) => bench.log.append(id, [aDelta('b', 0, 'hello')])));

    const committed = bench.events.commits.map((commit) => commit.map(({ sessionId }) => sessionId));
    expect(committed.map((sessionIds) => sessionIds.length)).toEqual([128, 128, 44]);
    expect(committed.flat()).toEqual(ids);
    expect(clock.pendingTimers).toBe(0);
  });

  test('[LOG3] the start of a block takes its first delta along; without one it waits no longer than a moment', async () => {
    const clock = new FakeClock();
    bench = logBench(store, clock);
    bench.log.open('s1', 0, owner);
    void bench.log.append('s1', [aStart('b')]);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(bench.events.commits).toHaveLength(0);

    await bench.log.append('s1', [aDelta('b', 0, 'hello')]);
    expect(bench.events.commits.map(([batch]) => batch?.entries.map(({ type }) => type))).toEqual([
      ['block.started', 'block.delta'],
    ]);
    expect(clock.pendingTimers).toBe(0);

    await bench.log.flushed();
    const alone = bench.log.append('s1', [aNotice('with it'), aStart('c')]);
    await new Promise(setImmediate);
    expect(bench.events.commits).toHaveLength(1);
    await clock.advance(1);
    await alone;
    await bench.log.flushed();

    void bench.log.append('s1', [aStart('d')]);
    await bench.log.append('s1', [aNotice('now')]);
    expect(bench.events.commits.at(-1)?.[0]?.entries.map(({ type }) => type)).toEqual(['block.started', 'notice']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('[LOG3] text that streams does not wait for a long end of its block, which has a commit of its own', async () => {
    const { sink } = subscribe(-1);
    const text = 'x'.repeat(20_000);
    await bench.log.append('s1', [aStart('b'), aDelta('b', 0, text.slice(1))]);
    void bench.log.append('s1', [aDelta('b', text.length - 1, 'x')]);
    void bench.log.append('s1', [anEnd('b', text)]);
    await bench.log.append('s1', [aNotice('with the end')]);

    expect(bench.events.commits.slice(1).map(([batch]) => batch?.entries.map(({ type }) => type))).toEqual([
      ['block.delta'],
      ['block.completed', 'notice'],
    ]);
    expect((await stored()).map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'block.started'],
      [4, 'block.completed'],
      [5, 'notice'],
    ]);
    await expect.poll(() => sink.received.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  });

  test.each([
    ['short', 'y'.repeat(10_000), 1],
    ['not much longer than it', 'y'.repeat(20_000), 10_000],
  ])('[LOG3] last text goes with the end of its block when that is %s', async (_, text, rest) => {
    const before = text.length - rest;
    await bench.log.append('s1', [aStart('b'), aDelta('b', 0, text.slice(0, before))]);
    void bench.log.append('s1', [aDelta('b', before, text.slice(before))]);
    await bench.log.append('s1', [anEnd('b', text)]);
    expect(bench.events.commits.at(-1)?.[0]?.entries.map(({ type }) => type)).toEqual(['block.completed']);
  });

  test('[LOG3] events of one append share a commit, also text and a long end of its block', async () => {
    const text = 'x'.repeat(20_000);
    await bench.log.append('s1', [aStart('b'), aDelta('b', 0, text.slice(1))]);
    void bench.log.append('s1', [aDelta('b', 0, 'x')]);
    await bench.log.append('s1', [aDelta('b', text.length - 1, 'x'), anEnd('b', text)]);
    expect(bench.events.commits.slice(1).map(([batch]) => batch?.entries.map(({ type }) => type))).toEqual([
      ['block.completed'],
    ]);
  });

  test('[LOG9] when the last text of a block is refused its end is refused too', async () => {
    await bench.log.append('s1', [aStart('b')]);
    bench.events.refuse = diskFull;
    void bench.log.append('s1', [aDelta('b', 0, 'x')]);
    const end = bench.log.append('s1', [anEnd('b', 'x'.repeat(20_000))]);
    expect(await failure(end)).toMatchObject({ code: 'internal' });
    bench.events.refuse = () => null;
    await bench.log.flushed();
    expect((await stored()).map(({ type }) => type)).toEqual(['block.started']);
  });

  test('[LOG3] the first text of a block does not rest: with its start it is what somebody waits for', async () => {
    const clock = new FakeClock();
    slowCommits(clock);
    bench.log.open('s1', 0, owner);
    await bench.log.append('s1', [aNotice('first')]);
    await bench.log.append('s1', [aNotice('second')]);
    owner.onFlush = () => void bench.log.append('s1', [aDelta('b', 0, 'text')]);
    void bench.log.append('s1', [aStart('b')]);
    bench.log.announce('s1');
    await bench.log.stored('s1');
    expect(bench.events.commits.at(-1)?.[0]?.entries.map(({ type }) => type)).toEqual(['block.started', 'block.delta']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('[LOG3] what was announced is appended when the commit begins, with what has come to it by then', async () => {
    let text = '';
    owner.onFlush = () => {
      void bench.log.append('s1', [aDelta('b', 0, text)]);
    };
    await bench.log.append('s1', [aStart('b')]);
    for (const word of ['one ', 'two ', 'three']) {
      text += word;
      expect(bench.log.announce('s1')).toBe(true);
    }
    await bench.log.flushed();

    expect((await stored()).slice(1)).toMatchObject([{ seq: 2, type: 'block.delta', text: 'one two three' }]);
    expect(bench.events.commits).toHaveLength(2);
    expect(bench.log.release('s1')).toBe(true);
    expect(bench.log.announce('s1')).toBe(false);
  });

  test('[LOG3] what was announced comes after what was appended before it, and where nothing came of it nothing is written', async () => {
    bench.log.announce('s1');
    await bench.log.flushed();
    expect(bench.events.commits).toEqual([]);
    expect(bench.log.release('s1')).toBe(true);

    bench.log.open('s1', 0, owner);
    owner.onFlush = () => void bench.log.append('s1', [aDelta('b', 0, 'x')]);
    bench.log.announce('s1');
    await bench.log.append('s1', [aStart('b')]);
    expect((await stored()).map((event) => event.type)).toEqual(['block.started', 'block.delta']);
  });

  test('[LOG9] what cannot be encoded is refused like what cannot be stored, and nobody else waits for it', async () => {
    const other = new RecordingOwner('s2');
    bench.log.open('s2', 0, other);
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown[];
    const refused = bench.log.append('s1', [{ ...aNotice('deep'), data: deep } as unknown as EventBody]);
    await bench.log.append('s2', [aNotice('a')]);
    expect(await failure(refused)).toMatchObject({ code: 'internal' });
    expect(owner.failures).toHaveLength(1);
    await bench.log.append('s2', [aNotice('b')]);
    expect((await stored('s2')).map(({ seq }) => seq)).toEqual([1, 2]);

    bench.log.open('s1', 0, owner);
    await bench.log.append('s1', [aNotice('c')]);
    expect((await stored()).map(({ seq }) => seq)).toEqual([1]);
  });

  test.each([
    ['when its events cannot be encoded', { ...aNotice('a'), data: 1n }, () => null],
    [
      'when the store refuses them',
      aNotice('a'),
      (batches: SessionBatch[]) => (batches.some(({ sessionId }) => sessionId === 's1') ? diskFull() : null),
    ],
  ])('[LOG9] an owner that fails at a refusal, %s, holds up nobody in the same commit', async (_, event, refuse) => {
    owner.failed = () => {
      throw new Error('it does not expect that');
    };
    bench.log.open('s0', 0, new RecordingOwner('s0'));
    bench.log.open('s2', 0, new RecordingOwner('s2'));
    bench.events.refuse = refuse;
    const others = [bench.log.append('s0', [aNotice('b')])];
    const refused = bench.log.append('s1', [event]);
    others.push(bench.log.append('s2', [aNotice('c')]));
    expect(await failure(refused)).toMatchObject({ code: 'internal' });
    await Promise.all(others);
    expect([await stored('s0'), await stored('s2')]).toMatchObject([[{ text: 'b' }], [{ text: 'c' }]]);
    expect(['s0', 's2'].map((id) => bench.log.release(id))).toEqual([true, true]);
  });

  test('[LOG9] nothing can be announced to a log that was refused a commit', async () => {
    bench.events.refuse = diskFull;
    bench.log.announce('s1');
    await failure(bench.log.append('s1', [aNotice('a')]));
    expect(bench.log.announce('s1')).toBe(false);
    bench.events.refuse = () => null;
    bench.log.open('s1', 0, owner);
    expect(bench.log.announce('s1')).toBe(true);
  });

  test('[LOG4] only neighbours of one block merge, and only where one continues the other', async () => {
    await bench.log.append('s1', [
      aDelta('a', 0, '1'),
      aDelta('a', 1, '2'),
      aDelta('b', 0, 'x'),
      aDelta('a', 2, '3'),
      aNotice('between'),
      aDelta('a', 3, '4'),
      aDelta('a', 9, 'far'),
      { ...aDelta('a', 12, 'turn'), turnId: 't2' },
    ]);

    expect((await stored()).map((event) => (event.type === 'block.delta' ? event.text : event.type))).toEqual([
      '12',
      'x',
      '3',
      'notice',
      '4',
      'far',
      'turn',
    ]);
  });

  test('[LOG6] the end of a block takes its deltas out of the log, stored ones and waiting ones', async () => {
    await bench.log.append('s1', [aStart('a'), aStart('b'), aDelta('a', 0, 'he'), aDelta('b', 0, 'x')]);
    await bench.log.append('s1', [aDelta('a', 2, 'll'), aDelta('b', 1, 'y'), anEnd('a', 'hello')]);

    expect((await stored()).map((event) => event.type)).toEqual([
      'block.started',
      'block.started',
      'block.delta',
      'block.delta',
      'block.completed',
    ]);
    expect((await store.events.blockDeltas('s1', 'a')).length).toBe(0);
    expect((await store.events.blockDeltas('s1', 'b')).length).toBe(2);
  });

  test('[LOG6] a block that began before a restart is compacted as well', async () => {
    await bench.log.append('s1', [aStart('a'), aDelta('a', 0, 'he')]);
    const again = logBench(store);
    again.log.open('s1', 2, new RecordingOwner('s1'));

    await again.log.append('s1', [anEnd('a', 'he')]);

    expect((await stored()).map((event) => event.type)).toEqual(['block.started', 'block.completed']);
  });

  test('[LOG8] the record that is stored with events is what they project to', async () => {
    await bench.log.append('s1', [aNotice('a')]);
    await bench.log.append('s1', [aNotice('b'), aNotice('c')]);
    await bench.log.append('s1', []);

    expect(owner.projected.map((event) => event.seq)).toEqual([1, 2, 3]);
    expect((await store.sessions.load('s1'))?.session).toMatchObject({ title: '3 events', lastSeq: 3 });
  });

  test('[LOG8] a session that is not open takes nothing', async () => {
    expect((await failure(bench.log.append('s9', [aNotice('a')]))).message).toMatch(/s9 is not open/);
    expect(() => bench.log.subscribe('s9', 0, new RecordingSink())).toThrow(/s9 is not open/);
    expect(bench.log.subscribers('s9')).toBe(0);
  });
});

describe('a commit that is refused', () => {
  test('[LOG9] rejects all that waited, tells the owner, and takes nothing until the session is opened again', async () => {
    await bench.log.append('s1', [aNotice('kept')]);
    const { sink } = subscribe(0);
    bench.events.refuse = diskFull;

    const lost = await Promise.all([
      failure(bench.log.append('s1', [aNotice('lost')])),
      failure(bench.log.append('s1', [aNotice('lost too')])),
    ]);
    bench.events.refuse = () => null;
    const late = await failure(bench.log.append('s1', [aNotice('late')]));

    expect(lost[0]?.message).toMatch(/s1 could not be stored. There is no room left/);
    expect(lost[0]?.hint).toBe('Free space on the disk.');
    expect(late).toBe(lost[1]);
    expect(owner.failures).toEqual([lost[0]]);

    bench.log.open('s1', 1, owner);
    await bench.log.append('s1', [aNotice('after')]);
    await until('the subscriber is live', () => sink.state.seq === 2);
    expect(sink.received.map((event) => event.type === 'notice' && event.text)).toEqual(['kept', 'after']);
    expect((await stored()).map((event) => event.seq)).toEqual([1, 2]);
  });

  test('[LOG9] what was appended while it was under way is lost with it', async () => {
    let release = (): void => undefined;
    bench.events.hold = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    bench.events.refuse = diskFull;
    const first = failure(bench.log.append('s1', [aNotice('a')]));
    await until('a commit is under way', () => owner.projected.length === 1);
    const second = failure(bench.log.append('s1', [aNotice('b')]));
    bench.events.refuse = diskFull;
    release();

    expect(await second).toBe(await first);
    await bench.log.flushed();
    expect(await stored()).toEqual([]);
    expect(owner.failures).toHaveLength(1);
  });

  test('[LOG9] one session’s refusal harms no other', async () => {
    const other = new RecordingOwner('s2');
    bench.log.open('s2', 0, other);
    bench.events.refuse = (batches) => (batches.some((batch) => batch.sessionId === 's1') ? diskFull() : null);

    const lost = failure(bench.log.append('s1', [aNotice('a')]));
    await bench.log.append('s2', [aNotice('b')]);

    expect((await lost).code).toBe('internal');
    expect(other.seen.map((event) => event.seq)).toEqual([1]);
    expect(other.projected).toHaveLength(1);
  });

  test('[LOG9] an owner that cannot project its events loses them, and nobody else does', async () => {
    bench.log.open('s2', 0, new RecordingOwner('s2'));
    owner.project = () => {
      throw new Error('a fault in the core');
    };

    const lost = failure(bench.log.append('s1', [aNotice('a')]));
    await bench.log.append('s2', [aNotice('b')]);

    expect((await lost).code).toBe('internal');
    expect(owner.failures).toHaveLength(1);
    expect(await stored()).toEqual([]);
  });

  test('[LOG2] a number that a client has seen is not given again, whatever the store says', async () => {
    await bench.log.append('s1', [aNotice('a'), aNotice('b')]);
    bench.events.refuse = diskFull;
    await failure(bench.log.append('s1', [aNotice('lost')]));
    bench.events.refuse = () => null;

    bench.log.open('s1', 1, owner);
    await bench.log.append('s1', [aNotice('c')]);

    expect((await stored()).map((event) => event.seq)).toEqual([1, 2, 3]);
  });
});

describe('reading', () => {
  test('[LOG8] nobody sees an event before the session’s owner does, though the store has it', async () => {
    await bench.log.append('s1', [aNotice('1')]);
    let answer = (): void => undefined;
    bench.events.holdAnswer = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const append = bench.log.append('s1', [aNotice('2')]);
    await until('it is stored', () => bench.events.commits.length === 2);
    const { sink } = subscribe(0);
    await until('the store was read', () => sink.received.length > 0);

    expect(sink.state.seq).toBe(1);
    expect(await bench.log.readAfter('s1', 1, 10)).toEqual([]);
    answer();
    await append;
    expect(sink.state.seq).toBe(2);
  });

  test('[LOG5] deltas that follow each other come as one, up to the seq of the last', async () => {
    await bench.log.append('s1', [aStart('a'), aStart('b')]);
    for (const [block, offset, text] of [
      ['a', 0, 'he'],
      ['a', 2, 'll'],
      ['b', 0, 'x'],
      ['a', 4, 'o'],
    ] as const) {
      await bench.log.append('s1', [aDelta(block, offset, text)]);
    }

    const page = (await bench.log.readAfter('s1', 2, 100)).map((body) => JSON.parse(body) as Event);
    expect(page).toEqual([
      expect.objectContaining({ seq: 4, blockId: 'a', offset: 0, text: 'hell' }),
      expect.objectContaining({ seq: 5, blockId: 'b', offset: 0, text: 'x' }),
      expect.objectContaining({ seq: 6, blockId: 'a', offset: 4, text: 'o' }),
    ]);
    const inside = (await bench.log.readAfter('s1', 3, 1)).map((body) => JSON.parse(body) as Event);
    expect(inside).toEqual([expect.objectContaining({ seq: 4, offset: 2, text: 'll' })]);
    expect(await bench.log.readAfter('s1', 6, 10)).toEqual([]);
    expect(await bench.log.readAfter('s1', -1, 1)).toHaveLength(1);
  });
});
