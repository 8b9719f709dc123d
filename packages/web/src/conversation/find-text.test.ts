import type { Event, EventBody } from '@hearth/protocol';
import { foldEvents } from '@hearth/client/conversation';
import { expect, test } from 'vitest';
import { findInRows } from './find-text.ts';
import { rowsOf } from './rows.ts';

const turnId = 't1';
const bodies: EventBody[] = [
  { type: 'message.queued', messageId: 'm', content: 'Where is the Error?', priority: 'next', author: 'a', place: 0 },
  { type: 'turn.started', turnId, messageIds: ['m'] },
  { type: 'message.delivered', turnId, messageId: 'm', as: 'turn' },
  { type: 'tool.called', turnId, toolCallId: 'c', name: 'Bash', input: { command: 'grep -rn oops' } },
  { type: 'tool.completed', turnId, toolCallId: 'c', output: 'a.ts: error here', isError: false },
  { type: 'block.completed', turnId, blockId: 'b', kind: 'text', text: 'It is in a.ts.' },
];
const events = bodies.map((body, index): Event => {
  return { sessionId: 's', seq: index + 1, time: new Date(index).toISOString(), ...body };
});
const rows = rowsOf(foldEvents(events).timeline);

test('words are found in messages, answers, and in what tools were asked and gave', () => {
  expect(findInRows(rows, 'error')).toEqual([0, 1]);
  expect(findInRows(rows, 'OOPS')).toEqual([1]);
  expect(findInRows(rows, 'a.ts')).toEqual([1, 2]);
  expect(findInRows(rows, 'nowhere')).toEqual([]);
  expect(findInRows(rows, '  ')).toEqual([]);
});
