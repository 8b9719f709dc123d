import { describe, expect, test } from 'vitest';
import type { TranscriptEntry } from '../../store/store.ts';
import { copyTranscript, cutIndex, endOfCut, findMessage, identityOf, wireUuid } from './transcript.ts';

const prompt = (uuid: string, more: Partial<TranscriptEntry> = {}): TranscriptEntry => ({
  type: 'user',
  uuid,
  promptSource: 'sdk',
  message: { role: 'user', content: uuid },
  ...more,
});
const answer = (uuid: string, more: Partial<TranscriptEntry> = {}): TranscriptEntry => ({
  type: 'assistant',
  uuid,
  ...more,
});
const refusal = (status: number) => answer('refused', { isApiErrorMessage: true, apiErrorStatus: status });
const result = (uuid: string): TranscriptEntry => ({ type: 'user', uuid, toolUseResult: {}, message: { content: [] } });
const note = (type: string): TranscriptEntry => ({ type });

describe('where a message stands', () => {
  test('under its id, under that of a later attempt, merged into another, or as a note within a turn', () => {
    const entries = [
      prompt('a'),
      prompt(wireUuid('b', 2)),
      prompt('d', { mergedSendUuids: ['c'] }),
      { type: 'attachment', uuid: 'x', attachment: { type: 'queued_command', source_uuid: 'e' } },
    ];
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => findMessage(entries, id))).toEqual([0, 1, 2, 2, 3, -1]);
  });

  test('each attempt has a uuid of its own, the same one every time', () => {
    const uuids = [0, 1, 2].map((attempt) => wireUuid('8c1bd76e-a397-4ccf-8e45-5503ebd76933', attempt));
    expect(new Set(uuids).size).toBe(3);
    expect(wireUuid('8c1bd76e-a397-4ccf-8e45-5503ebd76933', 1)).toBe(uuids[1]);
    for (const uuid of uuids) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  });
});

describe('where a conversation is cut', () => {
  const two = [prompt('a'), answer('1'), note('queue-operation'), prompt('b'), answer('2')];

  test('nowhere, when all is well', () => {
    expect(cutIndex(two, [])).toBeUndefined();
    expect(cutIndex(two, ['unknown'])).toBeUndefined();
    expect(cutIndex([], ['a'])).toBeUndefined();
  });

  test('before what is sent again, with the notes that brought it', () => {
    expect(cutIndex(two, ['b'])).toBe(2);
    expect(cutIndex(two, ['b', 'a'])).toBe(0);
  });

  test.each([400, 413])('before the prompt of a turn that was refused with %i', (status) => {
    expect(cutIndex([...two, prompt('c'), refusal(status)], [])).toBe(5);
    expect(cutIndex([...two, prompt('c'), answer('3'), result('r'), refusal(status), note('last-prompt')], [])).toBe(5);
  });

  test.each([401, 429, 500, 529])('not after a failure with %i, whose prompt stays', (status) => {
    expect(cutIndex([...two, prompt('c'), refusal(status)], [])).toBeUndefined();
  });

  test('not for a refusal that the conversation went on from', () => {
    expect(cutIndex([...two, prompt('c'), refusal(400), prompt('d'), answer('4')], [])).toBeUndefined();
  });
});

describe('copies', () => {
  test('a cut leaves what stands before the first message that goes; an interruption’s note is within its turn', () => {
    const interruption: TranscriptEntry = { type: 'user', uuid: 'i', message: { content: [] } };
    const entries = [prompt('a'), answer('1'), interruption, note('queue-operation'), prompt('b'), answer('2')];
    expect(endOfCut(entries, { lastMessageId: 'a', nextMessageIds: ['b'] })).toBe(3);
    expect(endOfCut(entries, { lastMessageId: 'a', nextMessageIds: ['never-stored', 'b'] })).toBe(3);
    expect(endOfCut(entries, { lastMessageId: 'b', nextMessageIds: [] })).toBe(6);
    expect(endOfCut(entries, { lastMessageId: 'b', nextMessageIds: ['never-stored'] })).toBe(6);
    expect(endOfCut(entries, { lastMessageId: null, nextMessageIds: ['never-stored'] })).toBe(0);
  });

  test('an entry is known by its uuid, and a note of a checkpoint by all that it says', () => {
    expect(identityOf(prompt('a'))).toBe('a');
    expect(identityOf(note('mode'))).toBeUndefined();
    const snapshot = (messageId: string): TranscriptEntry => ({ type: 'file-history-snapshot', messageId });
    expect(identityOf(snapshot('a'))).toBe(identityOf(snapshot('a')));
    expect(identityOf(snapshot('a'))).not.toBe(identityOf(snapshot('b')));
  });

  test('a copy has the new id, and no totals of cost', () => {
    const entries = [prompt('a', { sessionId: 'old' }), note('cost-state'), note('mode')];
    expect(copyTranscript(entries, 'new')).toEqual([prompt('a', { sessionId: 'new' }), note('mode')]);
    expect(copyTranscript(entries, 'new', 1)).toHaveLength(1);
    expect(entries[0]).toHaveProperty('sessionId', 'old');
  });
});
