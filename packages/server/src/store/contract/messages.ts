import { describe, expect } from 'vitest';
import { aBatch, aMessage, aRecord, storeTest } from './fixture.ts';
import type { OpenStore } from './fixture.ts';
import type { Store, StoredMessage } from '../store.ts';

export function messagesContract(open: OpenStore): void {
  const test = storeTest(open);

  describe('messages', () => {
    test('[MSG8] a message is kept with all it has, and found by both of its ids', async ({ store, reopen }) => {
      const image = { type: 'image' as const, mediaType: 'image/png' as const, data: 'A'.repeat(3_000_000) };
      const message = aMessage('m1', 's1', {
        clientMessageId: 'c1',
        content: [{ type: 'text', text: '\u0000' }, image],
      });
      await save(store, 's1', [message]);
      await save(store, 's2', []);

      const after = await reopen();
      expect(await after.messages.get('s1', 'm1')).toEqual(message);
      expect(await after.messages.byClientMessageId('s1', 'c1')).toEqual(message);
      expect(await after.messages.get('s2', 'm1')).toBeNull();
      expect(await after.messages.byClientMessageId('s2', 'c1')).toBeNull();
    });

    test('[MSG9] the queue is in order of place, and holds what waits only', async ({ store }) => {
      await save(store, 's1', [
        aMessage('m1', 's1', { place: 2 }),
        aMessage('m2', 's1', { place: 0 }),
        aMessage('m3', 's1', { place: 1 }),
        aMessage('m4', 's1', { state: 'delivered', place: 0 }),
      ]);
      await save(store, 's1', [aMessage('m3', 's1', { state: 'cancelled', place: 1 })]);

      expect((await store.messages.queued('s1')).map((message) => message.id)).toEqual(['m2', 'm1']);
    });

    test('[MSG7] the list is in order of creation, whatever changed since', async ({ store }) => {
      const ids = Array.from({ length: 7 }, (_, index) => `m${index}`);
      for (const id of ids) await save(store, 's1', [aMessage(id, 's1')]);
      await save(store, 's2', [aMessage('other', 's2')]);
      await save(store, 's1', [aMessage('m0', 's1', { state: 'completed' })]);

      const seen: StoredMessage[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.messages.list('s1', cursor, 3);
        seen.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== undefined);

      expect(seen.map((message) => message.id)).toEqual(ids);
      expect(seen[0]?.state).toBe('completed');
      await expect(store.messages.list('s1', 'nonsense', 3)).rejects.toMatchObject({ code: 'invalid_request' });
    });

    test('[MSG5] two messages of one session never share a client’s id', async ({ store }) => {
      await save(store, 's1', [aMessage('m1', 's1', { clientMessageId: 'c1' })]);

      await expect(save(store, 's1', [aMessage('m2', 's1', { clientMessageId: 'c1' })])).rejects.toThrow(/refused/);
      await save(store, 's2', [aMessage('m2', 's2', { clientMessageId: 'c1' })]);

      expect(await store.messages.get('s1', 'm2')).toBeNull();
      expect((await store.messages.byClientMessageId('s2', 'c1'))?.id).toBe('m2');
    });
  });
}

async function save(store: Store, sessionId: string, messages: StoredMessage[]): Promise<void> {
  await store.events.append([aBatch(sessionId, { record: aRecord(sessionId), messages })]);
}
