import { expect, test } from 'vitest';
import { StreamedText } from './streamed-text.ts';

const one = { generation: 1, blockId: 'a', text: 'one' };

test('[LOG4] text of one block of one agent is one delta, which is given once', () => {
  const streamed = new StreamedText();
  expect(streamed.extend(one)).toBe(false);
  streamed.begin({ ...one });
  expect(streamed.extend({ ...one, text: ' two' })).toBe(true);
  expect(streamed.waits).toBe(true);

  expect(streamed.take()).toEqual({
    type: 'agent',
    generation: 1,
    event: { type: 'block.delta', blockId: 'a', text: 'one two' },
  });
  expect(streamed.take()).toBeNull();
  expect(streamed.waits).toBe(false);
});

test.each([
  ['another block', { ...one, blockId: 'b' }],
  ['another process', { ...one, generation: 2 }],
])('[LOG4] text of %s does not continue it', (_, other) => {
  const streamed = new StreamedText();
  streamed.begin({ ...one });
  expect(streamed.extend(other)).toBe(false);
  expect(streamed.take()).toMatchObject({ event: { text: 'one' } });
});
