import { describe, expect } from 'vitest';
import type { Session, SessionListQuery } from '@hearth/protocol';
import { aBatch, allSeqs, aMessage, aNotice, aRecord, aTurn, storeTest } from './fixture.ts';
import type { OpenStore } from './fixture.ts';
import type { Store } from '../store.ts';

export function sessionsContract(open: OpenStore): void {
  const test = storeTest(open);

  describe('sessions', () => {
    test('[SES1] a record comes back as it was, with the last committed number', async ({ store, reopen }) => {
      const record = { ...aRecord('s1', { metadata: { nul: '\u0000' } }), core: '{"a":1}', settings: '{"b":2}' };
      await store.events.append([aBatch('s1', { record, entries: [aNotice(1)] })]);
      await store.events.append([aBatch('s1', { entries: [aNotice(2), aNotice(3)] })]);

      const after = await reopen();

      expect(await after.sessions.load('s1')).toEqual({ ...record, session: { ...record.session, lastSeq: 3 } });
      expect(await after.sessions.load('nobody')).toBeNull();
    });

    test('[SES2] the newest activity comes first, and paging neither repeats nor skips', async ({ store }) => {
      const sessions = Array.from({ length: 25 }, (_, index) => ({
        id: `s${String(index).padStart(2, '0')}`,
        updatedAt: new Date(Date.UTC(2026, 0, 1 + Math.floor(index / 3))).toISOString(),
      }));
      await create(store, sessions);
      const expected = sessions.map((session) => session.id).toReversed();

      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.sessions.list({ limit: 4, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items.map((item) => item.id));
        cursor = page.nextCursor;
        // Whatever becomes active now moves before the cursor and must not come twice.
        if (seen.length === 8) await create(store, [{ id: 's24', updatedAt: '2027-01-01T00:00:00.000Z' }]);
      } while (cursor !== undefined);

      expect(seen).toEqual(expected);
      expect((await store.sessions.list({ limit: 1 })).items[0]?.id).toBe('s24');
    });

    test('[SES16] those at rest since before a time are told, the oldest first, without what waits or works', async ({
      store,
    }) => {
      const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString();
      await create(store, [
        { id: 'b', updatedAt: day(2) },
        { id: 'a', updatedAt: day(1), phase: 'closed' },
        { id: 'busy', updatedAt: day(1), phase: 'streaming' },
        { id: 'old', updatedAt: day(2), archived: true },
        { id: 'queued', updatedAt: day(1) },
        { id: 'new', updatedAt: day(3) },
      ]);
      await store.events.append([aBatch('queued', { messages: [aMessage('m1', 'queued', { state: 'queued' })] })]);
      await store.events.append([aBatch('b', { messages: [aMessage('m2', 'b', { state: 'completed' })] })]);

      expect(await store.sessions.restingSince(Date.UTC(2026, 0, 3), 10)).toEqual(['a', 'b', 'old']);
      expect(await store.sessions.restingSince(Date.UTC(2026, 0, 3), 1)).toEqual(['a']);
      expect(await store.sessions.restingSince(Date.UTC(2026, 0, 1), 10)).toEqual([]);
    });

    test('[SES2] the last page has no next one', async ({ store }) => {
      await create(store, [{ id: 's1' }, { id: 's2' }]);

      expect(await store.sessions.list({ limit: 2 })).not.toHaveProperty('nextCursor');
      expect(await store.sessions.list({ limit: 1 })).toHaveProperty('nextCursor');
    });

    test('[SES3] a listing can be narrowed by what the sessions do', async ({ store }) => {
      const approval = { approvalId: 'a1', kind: 'tool' as const, toolName: 'Bash', input: {}, suggestions: [] };
      await create(store, [
        { id: 'idle' },
        { id: 'busy', phase: 'streaming' },
        { id: 'asking', phase: 'awaiting_approval', approvals: [approval] },
        { id: 'shut', phase: 'closed' },
        { id: 'old', archived: true },
      ]);
      const ids = async (query: SessionListQuery) =>
        (await store.sessions.list(query)).items.map((item) => item.id).toSorted();

      expect(await ids({})).toEqual(['asking', 'busy', 'idle', 'shut']);
      expect(await ids({ status: 'active' })).toEqual(['asking', 'busy']);
      expect(await ids({ status: 'waiting' })).toEqual(['asking']);
      expect(await ids({ status: 'idle' })).toEqual(['idle']);
      expect(await ids({ status: 'archived' })).toEqual(['old']);
      expect(await ids({ status: 'all' })).toEqual(['asking', 'busy', 'idle', 'old', 'shut']);
    });

    test('[SES4] the search finds parts of title and directory, case ignored, nothing read as a pattern', async ({
      store,
    }) => {
      await create(store, [
        { id: 'a', title: 'Fix the Écran', cwd: '/home/ann/Screen' },
        { id: 'b', title: '100% done_now', cwd: '/srv' },
        { id: 'c', title: null, cwd: 'C:\\Code\\screen' },
      ]);
      const ids = async (q: string) => (await store.sessions.list({ q })).items.map((item) => item.id).toSorted();

      expect(await ids('SCREEN')).toEqual(['a', 'c']);
      expect(await ids('éCRAN')).toEqual(['a']);
      expect(await ids('100%')).toEqual(['b']);
      expect(await ids('0% D')).toEqual(['b']);
      expect(await ids('1%d')).toEqual([]);
      expect(await ids('e_n')).toEqual(['b']);
      expect(await ids('x_the')).toEqual([]);
      expect(await ids('\\code\\')).toEqual(['c']);
      expect(await ids('')).toEqual(['a', 'b', 'c']);
      expect(await ids('screen\u0000')).toEqual([]);
      expect(await ids('x'.repeat(100_000))).toEqual([]);
    });

    test('[SES2] a cursor that is not ours is refused by name', async ({ store }) => {
      for (const cursor of ['nonsense', '', Buffer.from('["a","b"]').toString('base64url')]) {
        await expect(store.sessions.list({ cursor })).rejects.toMatchObject({
          code: 'invalid_request',
          issues: [{ path: 'cursor' }],
        });
      }
    });

    test('[SES5] a start finds the sessions that were not at rest', async ({ store }) => {
      await create(store, [
        { id: 'idle' },
        { id: 'busy', phase: 'tool' },
        { id: 'shut', phase: 'closed' },
        { id: 'fed' },
      ]);
      await store.events.append([
        aBatch('fed', { messages: [aMessage('m1', 'fed')] }),
        aBatch('idle', { messages: [aMessage('m2', 'idle', { state: 'completed' })] }),
      ]);

      expect((await store.sessions.unsettled()).toSorted()).toEqual(['busy', 'fed']);
    });

    test('[SES6] a deleted session is gone with its log and messages; its usage stays', async ({ store, reopen }) => {
      const entries = Array.from({ length: 5_000 }, (_, index) => aNotice(index + 1));
      await store.events.append([
        aBatch('s1', { record: aRecord('s1'), entries, messages: [aMessage('m1', 's1')], usage: [aTurn('t1')] }),
        aBatch('s2', { record: aRecord('s2'), entries: [aNotice(1)], messages: [aMessage('m1', 's2')] }),
      ]);

      await store.sessions.delete('s1');
      await store.sessions.delete('s1');

      const after = await reopen();
      expect(await after.sessions.load('s1')).toBeNull();
      expect(await allSeqs(after, 's1')).toEqual([]);
      expect(await after.messages.get('s1', 'm1')).toBeNull();
      expect((await after.usage.report('session', undefined, undefined)).items).toHaveLength(1);
      expect(await allSeqs(after, 's2')).toEqual([1]);
      expect(await after.messages.get('s2', 'm1')).not.toBeNull();
    });
  });
}

async function create(store: Store, sessions: (Partial<Session> & { id: string })[]): Promise<void> {
  await store.events.append(sessions.map((session) => aBatch(session.id, { record: aRecord(session.id, session) })));
}
