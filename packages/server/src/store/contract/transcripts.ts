import { describe, expect } from 'vitest';
import { storeTest } from './fixture.ts';
import type { OpenStore } from './fixture.ts';
import type { TranscriptEntry, TranscriptKey } from '../store.ts';

const MAIN: TranscriptKey = { projectKey: 'p', agentSessionId: 'a', subpath: '' };
const SUBAGENT: TranscriptKey = { ...MAIN, subpath: 'subagents/one' };

export function transcriptsContract(open: OpenStore): void {
  const test = storeTest(open);

  describe('transcripts', () => {
    test('[TRN1] entries come back deeply equal and in order', async ({ store, reopen }) => {
      const entries: TranscriptEntry[] = [
        { type: 'user', uuid: 'u1', message: { content: 'nul \u0000 and \ud800', list: [1, 1.5, null, { a: [] }] } },
        { type: 'mode' },
        { type: 'mode' },
        { type: 'assistant', uuid: 'u2', text: 'é'.repeat(2_000_000) },
        JSON.parse('{"type":"odd","__proto__":{"x":1},"constructor":"c"}') as TranscriptEntry,
      ];
      await store.transcripts.append(MAIN, entries.slice(0, 2));
      await store.transcripts.append(MAIN, entries.slice(2));

      const after = await reopen();
      expect(await after.transcripts.load(MAIN)).toEqual(entries);
      expect(await after.transcripts.load(SUBAGENT)).toBeNull();
    });

    test('[TRN1] who reads has what was appended before, also when it is still on its way', async ({ store }) => {
      const appending = [MAIN, MAIN, SUBAGENT].map((key) => store.transcripts.append(key, [{ type: 'user' }]));
      const reads = [store.transcripts.load(MAIN), store.transcripts.load(SUBAGENT)];
      const subpaths = store.transcripts.listSubpaths('p', 'a');

      expect(await Promise.all(reads)).toEqual([[{ type: 'user' }, { type: 'user' }], [{ type: 'user' }]]);
      expect(await subpaths).toEqual(['subagents/one']);
      await Promise.all(appending);
    });

    test('[TRN2] an entry with a uuid is stored once, however often and concurrently it comes', async ({ store }) => {
      const batch = (from: number) =>
        Array.from({ length: 10 }, (_, index): TranscriptEntry => ({ type: 'user', uuid: `u${from + index}` }));
      await Promise.all([0, 5, 0, 10, 5].map((from) => store.transcripts.append(MAIN, batch(from))));
      await store.transcripts.append(MAIN, [...batch(18), { type: 'user', uuid: 'u0', changed: true }]);
      await store.transcripts.append(SUBAGENT, batch(0));

      const stored = await store.transcripts.load(MAIN);
      expect(stored?.map((entry) => Number(entry.uuid?.slice(1)))).toEqual(Array.from({ length: 28 }, (_, n) => n));
      expect(stored?.[0]).not.toHaveProperty('changed');
      expect(await store.transcripts.load(SUBAGENT)).toHaveLength(10);
    });

    test('[TRN3] nothing appended is nothing there', async ({ store }) => {
      await store.transcripts.append(MAIN, []);

      expect(await store.transcripts.load(MAIN)).toBeNull();
      expect(await store.transcripts.listSessions('p')).toEqual([]);
    });

    test('[TRN4] conversations and their subagents can be listed', async ({ store }) => {
      const before = Date.now();
      await store.transcripts.append(MAIN, [{ type: 'user' }]);
      await store.transcripts.append({ ...SUBAGENT, subpath: 'subagents/two' }, [{ type: 'user' }]);
      await store.transcripts.append(SUBAGENT, [{ type: 'user' }]);
      await store.transcripts.append({ ...MAIN, agentSessionId: 'b' }, [{ type: 'user' }]);
      await store.transcripts.append({ ...MAIN, projectKey: 'q', agentSessionId: 'c' }, [{ type: 'user' }]);

      const listed = await store.transcripts.listSessions('p');
      expect(listed.map((item) => item.agentSessionId).toSorted()).toEqual(['a', 'b']);
      expect(listed.every((item) => Number.isInteger(item.mtime) && item.mtime >= before)).toBe(true);
      expect(await store.transcripts.listSubpaths('p', 'a')).toEqual(['subagents/one', 'subagents/two']);
      expect(await store.transcripts.listSubpaths('p', 'b')).toEqual([]);
    });

    test('[TRN5] a summary is folded with every append, from new entries alone', async ({ store, reopen }) => {
      const count = (previous: { data: Record<string, unknown> } | undefined, added: TranscriptEntry[]) => ({
        entries: Number(previous?.data['entries'] ?? 0) + added.length,
      });
      const append = (uuid: string) => store.transcripts.appendWithSummary(MAIN, [{ type: 'user', uuid }], count);
      await Promise.all(['u1', 'u2', 'u1', 'u3', 'u3'].map(append));

      const after = await reopen();
      const [summary, ...others] = await after.transcripts.loadSummaries('p');
      expect(others).toEqual([]);
      expect(summary).toMatchObject({ agentSessionId: 'a', data: { entries: 3 } });
      expect(summary?.mtime).toBe((await after.transcripts.listSessions('p'))[0]?.mtime);
      expect(await after.transcripts.loadSummaries('q')).toEqual([]);
    });

    test('[TRN5] a fold that throws leaves nothing behind', async ({ store }) => {
      const append = store.transcripts.appendWithSummary(MAIN, [{ type: 'user', uuid: 'u1' }], () => {
        throw new Error('cannot fold');
      });

      await expect(append).rejects.toThrow();
      expect(await store.transcripts.load(MAIN)).toBeNull();
    });

    test('[TRN6] a deletion takes along what was appended before it and is still on its way', async ({ store }) => {
      await store.transcripts.append(MAIN, [{ type: 'user' }]);

      const appending = [MAIN, SUBAGENT, SUBAGENT].map((key) => store.transcripts.append(key, [{ type: 'user' }]));
      await store.transcripts.delete(MAIN);
      await Promise.all(appending);

      expect(await store.transcripts.load(MAIN)).toBeNull();
      expect(await store.transcripts.load(SUBAGENT)).toBeNull();
    });

    test('[TRN6] deleting a conversation takes its subagents along; deleting a subagent, itself', async ({ store }) => {
      for (const key of [MAIN, SUBAGENT, { ...MAIN, subpath: 'subagents/two' }, { ...MAIN, agentSessionId: 'b' }]) {
        await store.transcripts.appendWithSummary(key, [{ type: 'user', uuid: 'u1' }], () => ({}));
      }

      await store.transcripts.delete(SUBAGENT);
      expect(await store.transcripts.load(SUBAGENT)).toBeNull();
      expect(await store.transcripts.load(MAIN)).toHaveLength(1);

      await store.transcripts.delete(MAIN);
      expect(await store.transcripts.load(MAIN)).toBeNull();
      expect(await store.transcripts.listSubpaths('p', 'a')).toEqual([]);
      expect((await store.transcripts.loadSummaries('p')).map((item) => item.agentSessionId)).toEqual(['b']);
    });
  });
}
