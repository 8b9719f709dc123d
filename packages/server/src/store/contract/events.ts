import { describe, expect } from 'vitest';
import {
  aBatch,
  aCompleted,
  aDelta,
  allSeqs,
  aMessage,
  aNotice,
  aRecord,
  aTurn,
  failure,
  storeTest,
} from './fixture.ts';
import type { Store } from '../store.ts';
import type { OpenStore } from './fixture.ts';

const NO_BOUND = Number.MAX_SAFE_INTEGER;

export function eventsContract(open: OpenStore): void {
  const test = storeTest(open);

  describe('events', () => {
    test('[LOG1] what was appended is read back in order, also after a restart', async ({ store, reopen }) => {
      const awkward = { seq: 2, type: 'notice', text: 'nul \u0000, lone surrogate \ud800, 𝄞, "quoted"\n' };
      const entries = [aNotice(1), { seq: 2, type: 'notice' as const, body: JSON.stringify(awkward) }, aDelta(3, 'b1')];
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries })]);

      expect(await store.events.read('s1', 0, 10, NO_BOUND)).toEqual(entries);

      const after = await reopen();
      expect(await after.events.read('s1', 0, 10, NO_BOUND)).toEqual(entries);
      expect(JSON.parse((await after.events.read('s1', 1, 1, NO_BOUND))[0]?.body ?? '')).toEqual(awkward);
    });

    test('[LOG5] a read begins after its cursor and keeps to its limits', async ({ store }) => {
      const entries = Array.from({ length: 20 }, (_, index) => aNotice(index + 1, 'x'.repeat(100)));
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries })]);

      expect((await store.events.read('s1', 5, 3, NO_BOUND)).map((entry) => entry.seq)).toEqual([6, 7, 8]);
      expect(await store.events.read('s1', 20, 3, NO_BOUND)).toEqual([]);
      expect(await store.events.read('s1', 0, 100, 1)).toHaveLength(1);
      const bytes = (entries[0]?.body.length ?? 0) + (entries[1]?.body.length ?? 0);
      expect(await store.events.read('s1', 0, 100, bytes)).toHaveLength(2);
      expect(await store.events.read('nobody', 0, 100, NO_BOUND)).toEqual([]);
    });

    test('[LOG1] one append is one transaction over all its sessions', async ({ store }) => {
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);

      const append = store.events.append([
        aBatch('s1', { entries: [aNotice(2)], messages: [aMessage('m1', 's1')], usage: [aTurn('t1')] }),
        aBatch('unknown', { entries: [aNotice(1)] }),
      ]);

      const error = await failure(append);
      expect(error.code).toBe('not_found');
      expect(error.message).toMatch(/unknown/);
      expect(await allSeqs(store, 's1')).toEqual([1]);
      expect(await store.messages.get('s1', 'm1')).toBeNull();
      expect((await store.usage.report('day', undefined, undefined)).items).toEqual([]);
      expect((await store.sessions.load('s1'))?.session.lastSeq).toBe(1);
    });

    test('[LOG2] the same batch again changes nothing', async ({ store }) => {
      const first = aBatch('s1', { record: aRecord('s1', { title: 'first' }), entries: [aNotice(1), aDelta(2, 'b1')] });
      const second = aBatch('s1', {
        record: aRecord('s1', { title: 'second' }),
        entries: [aCompleted(3, 'b1')],
        compact: [{ blockId: 'b1', fromSeq: 1, toSeq: 3 }],
        messages: [aMessage('m1', 's1')],
      });
      await store.events.append([first]);
      await store.events.append([second]);

      await store.events.append([second]);
      await store.events.append([first]);

      expect(await allSeqs(store, 's1')).toEqual([1, 3]);
      expect((await store.sessions.load('s1'))?.session).toMatchObject({ title: 'second', lastSeq: 3 });
    });

    test('[LOG2] what is new beside a batch that is there already is stored', async ({ store }) => {
      const first = aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] });
      await store.events.append([first]);

      const second = aBatch('s2', { record: aRecord('s2'), entries: [aNotice(1)], messages: [aMessage('m2', 's2')] });
      await store.events.append([first, second]);

      expect(await allSeqs(store, 's1')).toEqual([1]);
      expect(await allSeqs(store, 's2')).toEqual([1]);
      expect(await store.messages.get('s2', 'm2')).toMatchObject({ id: 'm2' });
    });

    test('[LOG2] a number is never given to two events', async ({ store }) => {
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1), aNotice(2)] })]);

      const other = await failure(store.events.append([aBatch('s1', { entries: [aNotice(2, 'other')] })]));
      expect(other.message).toMatch(/Event 2 of session s1 was numbered twice/);
      expect(other.hint).toMatch(/Two servers/);
      await expect(store.events.append([aBatch('s1', { entries: [aNotice(2), aNotice(3)] })])).rejects.toMatchObject({
        code: 'internal',
      });

      expect(await allSeqs(store, 's1')).toEqual([1, 2]);
    });

    test('[LOG6] compaction drops the deltas of its block in its range and nothing else', async ({ store }) => {
      const entries = [aDelta(1, 'a'), aDelta(2, 'b'), aDelta(3, 'a'), aNotice(4), aDelta(5, 'a')];
      await store.events.append([
        aBatch('s1', { record: aRecord('s1'), entries }),
        aBatch('s2', { record: aRecord('s2'), entries }),
      ]);

      await store.events.append([
        aBatch('s1', { entries: [aCompleted(6, 'a')], compact: [{ blockId: 'a', fromSeq: 2, toSeq: 6 }] }),
      ]);

      expect(await allSeqs(store, 's1')).toEqual([1, 2, 4, 6]);
      expect(await allSeqs(store, 's2')).toEqual([1, 2, 3, 4, 5]);
    });

    test('[LOG7] the deltas of one block can be read, to rebuild a text that was cut', async ({ store }) => {
      const entries = [aDelta(1, 'a'), aDelta(2, 'b'), aDelta(3, 'a'), aNotice(4)];
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries })]);

      expect(await store.events.blockDeltas('s1', 'a')).toEqual([entries[0], entries[2]]);
      expect(await store.events.blockDeltas('s1', 'none')).toEqual([]);
    });

    test('[LOG6] [LOG7] the deltas of a block are found between its start and its end, whatever stands among them', async ({
      store,
    }) => {
      const start = (seq: number, blockId: string) => ({ ...aDelta(seq, blockId), type: 'block.started' as const });
      const entries = [start(1, 'b'), aDelta(2, 'b'), start(3, 'a'), aDelta(4, 'a'), aDelta(5, 'b'), aNotice(6)];
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries })]);
      await store.events.append([aBatch('s1', { entries: [aDelta(7, 'a'), aDelta(8, 'b')] })]);
      expect((await store.events.blockDeltas('s1', 'a')).map((entry) => entry.seq)).toEqual([4, 7]);
      expect((await store.events.blockDeltas('s1', 'b')).map((entry) => entry.seq)).toEqual([2, 5, 8]);

      // From 1 on is what a log says that was loaded in the middle of the block.
      const compact = [{ blockId: 'a', fromSeq: 1, toSeq: 9 }];
      await store.events.append([aBatch('s1', { entries: [aCompleted(9, 'a')], compact })]);
      expect(await allSeqs(store, 's1')).toEqual([1, 2, 3, 5, 6, 8, 9]);
    });

    test('[LOG2] text alone moves the last number of a session, and its numbers are given once like all others', async ({
      store,
      reopen,
    }) => {
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);
      const text = [aDelta(2, 'a', 'one'), aDelta(3, 'a', 'two')];
      await store.events.append([aBatch('s1', { entries: text })]);

      await store.events.append([aBatch('s1', { entries: text })]);
      const other = await failure(store.events.append([aBatch('s1', { entries: [aDelta(3, 'a', 'three')] })]));
      expect(other.message).toMatch(/Event 3 of session s1 was numbered twice/);

      const expectAll = async (present: Store): Promise<void> => {
        expect((await present.sessions.load('s1'))?.session.lastSeq).toBe(3);
        expect((await present.sessions.list({ status: 'all' })).items.map(({ lastSeq }) => lastSeq)).toEqual([3]);
        expect(await present.events.read('s1', 1, 10, NO_BOUND)).toEqual(text);
      };
      await expectAll(store);
      await expectAll(await reopen());
    });

    test('[LOG1] what is refused leaves no text behind, nor takes any away', async ({ store }) => {
      const start = { ...aDelta(1, 'a'), type: 'block.started' as const };
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [start, aDelta(2, 'a')] })]);

      const compact = [{ blockId: 'a', fromSeq: 1, toSeq: 4 }];
      const refused = store.events.append([
        aBatch('s1', { entries: [aDelta(3, 'a', 'refused'), aCompleted(4, 'a')], compact }),
        aBatch('s2', { record: aRecord('s2'), entries: [aDelta(1, 'b')] }),
        aBatch('unknown', { entries: [aDelta(1, 'c')] }),
      ]);
      expect((await failure(refused)).code).toBe('not_found');

      expect(await allSeqs(store, 's1')).toEqual([1, 2]);
      expect((await store.sessions.load('s1'))?.session.lastSeq).toBe(2);
      expect(await store.events.blockDeltas('s1', 'a')).toEqual([aDelta(2, 'a')]);
      const instead = aDelta(3, 'a', 'stored');
      await store.events.append([aBatch('s1', { entries: [instead] })]);
      await store.events.append([aBatch('s3', { record: aRecord('s3'), entries: [aNotice(1)] })]);
      expect(await store.events.read('s1', 2, 10, NO_BOUND)).toEqual([instead]);
      expect(await allSeqs(store, 's3')).toEqual([1]);
    });

    test('[LOG5] [LOG6] [LOG7] the text of a block from before a restart and from after it is one', async ({
      store,
      reopen,
    }) => {
      const start = { ...aDelta(1, 'a'), type: 'block.started' as const };
      await store.events.append([
        aBatch('s1', { record: aRecord('s1'), entries: [start, aDelta(2, 'a'), aDelta(3, 'b')] }),
      ]);
      const after = await reopen();
      await after.events.append([
        aBatch('s1', { entries: [aDelta(4, 'a'), aNotice(5), aDelta(6, 'b'), aDelta(7, 'a')] }),
      ]);

      const seqsOf = (entries: { seq: number }[]) => entries.map(({ seq }) => seq);
      expect(seqsOf(await after.events.blockDeltas('s1', 'a'))).toEqual([2, 4, 7]);
      expect(seqsOf(await after.events.read('s1', 2, 3, NO_BOUND))).toEqual([3, 4, 5]);
      expect(seqsOf(await after.events.read('s1', 4, 10, 1))).toEqual([5]);
      expect(seqsOf(await after.events.read('s1', 6, 10, NO_BOUND))).toEqual([7]);

      const compact = [{ blockId: 'a', fromSeq: 1, toSeq: 8 }];
      await after.events.append([aBatch('s1', { entries: [aCompleted(8, 'a')], compact })]);
      expect(await allSeqs(after, 's1')).toEqual([1, 3, 5, 6, 8]);
    });

    test('[LOG1] a batch without events changes the record alone', async ({ store }) => {
      await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [aNotice(1)] })]);

      await store.events.append([aBatch('s1', { record: { ...aRecord('s1'), core: '{"step":2}' } })]);

      const record = await store.sessions.load('s1');
      expect(record?.core).toBe('{"step":2}');
      expect(record?.session.lastSeq).toBe(1);
    });
  });
}
