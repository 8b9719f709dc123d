import { describe, expect, test } from 'vitest';
import { Inbox } from './inbox.ts';
import { cutIndex, endOfCut, findMessage } from './transcript.ts';

const MESSAGE = '8c1bd76e-a397-4ccf-8e45-5503ebd76933';
const OTHER = '0b9dfd0c-3e0b-4f43-9b53-6d0a4f4f4c11';

/** Hands a message over so often, each time but the last taking it back. @returns the uuid that the process reads */
async function handOver(inbox: Inbox, messageId: string, times: number): Promise<string> {
  for (let i = 0; i < times; i += 1) {
    inbox.takeBack(messageId);
    inbox.add({ messageId, content: 'Hello' });
  }
  inbox.open();
  for await (const { uuid = '' } of inbox.messages()) return uuid;
  return '';
}

describe('a message that was handed over many times', () => {
  test.each([1, 2, 16, 17, 18, 5_000])(
    '[RES8] [REW1] stands in the transcript under its uuid of the %i. time',
    async (times) => {
      const uuid = await handOver(new Inbox(), MESSAGE, times);
      const entries = [
        { type: 'user', uuid: OTHER, promptSource: 'sdk' },
        { type: 'assistant', uuid: 'answer' },
        { type: 'user', uuid, promptSource: 'sdk' },
      ];
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
      expect(findMessage(entries, MESSAGE)).toBe(2);
      expect(findMessage(entries.slice(2), OTHER)).toBe(-1);
      expect(cutIndex(entries, [MESSAGE])).toBe(2);
      expect(endOfCut(entries, { lastMessageId: OTHER, nextMessageIds: [MESSAGE] })).toBe(2);
    },
  );

  test('has another uuid each time', async () => {
    const uuids = await Promise.all(Array.from({ length: 40 }, (_, i) => handOver(new Inbox(), MESSAGE, i + 1)));
    expect(new Set(uuids).size).toBe(40);
  });
});
