import { foldEvents } from '@hearth/client/conversation';
import type { Event, EventBody } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { guessHeight, isSameRow, rowsOf } from './rows.ts';

const turnId = 't1';

function fold(...bodies: EventBody[]) {
  const events = bodies.map((body, index): Event => {
    return { sessionId: 's', seq: index + 1, time: new Date(index).toISOString(), ...body };
  });
  return foldEvents(events);
}

const started: EventBody = { type: 'turn.started', turnId, messageIds: [] };
const interrupted: EventBody = { type: 'turn.interrupted', turnId, by: 'user' };
const text = (blockId: string, said: string, parentToolCallId?: string): EventBody => ({
  type: 'block.completed',
  turnId,
  blockId,
  kind: 'text',
  text: said,
  ...(parentToolCallId === undefined ? {} : { parentToolCallId }),
});
const call = (toolCallId: string, parentToolCallId?: string): EventBody => ({
  type: 'tool.called',
  turnId,
  toolCallId,
  name: 'Task',
  input: {},
  ...(parentToolCallId === undefined ? {} : { parentToolCallId }),
});

describe('the rows of a conversation', () => {
  test('are the parts of a turn, and its end when it is over', () => {
    const { timeline } = fold(started, text('b1', 'one'), interrupted);
    expect(rowsOf(timeline).map((row) => row.type)).toEqual(['item', 'end']);
    expect(rowsOf(fold(started, text('b1', 'one')).timeline).map((row) => row.type)).toEqual(['item']);
  });

  test('what subagents do, at whatever depth, is in the row of the outermost call', () => {
    const { timeline } = fold(started, call('a'), call('b', 'a'), text('b1', 'deep', 'b'), text('b2', 'outside'));
    const rows = rowsOf(timeline);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ type: 'item', inner: [{ toolCallId: 'b' }, { text: 'deep' }] });
  });

  test('a turn that goes on makes new rows only where something changed', () => {
    const before = rowsOf(fold(started, text('b1', 'one'), call('a')).timeline);
    const after = rowsOf(fold(started, text('b1', 'one'), call('a'), text('b2', 'in', 'a')).timeline);
    const [first, second] = before.map((row, index) => isSameRow(row, { ...after[index], ...identical(row) } as never));
    expect(first).toBe(true);
    expect(second).toBe(false);
  });

  test('an unchanged turn gives the same rows', () => {
    const { timeline } = fold(started, text('b1', 'one'), interrupted);
    expect(rowsOf(timeline)[0]).toBe(rowsOf([...timeline])[0]);
  });

  test('a pending approval and leave that was given have no row; what was denied has', () => {
    const approval: EventBody = {
      type: 'approval.requested',
      turnId,
      approvalId: 'p',
      kind: 'tool',
      toolName: 'Bash',
      input: {},
      suggestions: [],
    };
    expect(rowsOf(fold(started, approval).timeline)).toHaveLength(0);
    const resolved = (decision: 'allow' | 'deny'): EventBody => ({
      type: 'approval.resolved',
      turnId,
      approvalId: 'p',
      decision,
    });
    expect(rowsOf(fold(started, approval, resolved('allow')).timeline)).toHaveLength(0);
    expect(rowsOf(fold(started, approval, resolved('deny')).timeline)).toHaveLength(1);
  });

  test('a longer text is guessed to be higher', () => {
    const [short, long] = ['word', 'word '.repeat(500)].map(
      (said) => rowsOf(fold(started, text('b', said)).timeline)[0],
    );
    expect(guessHeight(long)).toBeGreaterThan(guessHeight(short));
  });
});

/** The same item as another fold made of the same event. */
function identical(row: ReturnType<typeof rowsOf>[number]): object {
  return row.type === 'item' ? { item: row.item } : {};
}
