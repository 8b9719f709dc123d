import type { Event, EventBody } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { conversationTurns, cutFor, placeAt, withoutRewound } from './log-turns.ts';

/** A log in a few words: `+m1` queued, `t1:m1` a turn with its message, `t1<m2` a steer, `t1.` its end, `t1!` a tool, `<4` a rewind. */
function log(story: string): Event[] {
  const bodies = story.split(' ').flatMap(told);
  return bodies.map((body, index) => ({
    sessionId: 's',
    seq: index + 1,
    time: new Date(index).toISOString(),
    ...body,
  }));
}

const messages = new Map<string, string[]>();

function told(word: string): EventBody[] {
  const [, turnId = '', sign = '', rest = ''] = /^(t?\d*)([+:<.!])(.*)$/.exec(word) ?? [];
  if (sign === '+') {
    return [{ type: 'message.queued', messageId: rest, content: rest, priority: 'next', author: 'owner', place: 0 }];
  }
  if (sign === '<' && turnId === '') return [{ type: 'session.rewound', toSeq: Number(rest), turns: 1 }];
  if (sign === '<') return [{ type: 'message.delivered', turnId, messageId: rest, as: 'steer' }];
  if (sign === '!') return [{ type: 'tool.called', turnId, toolCallId: 'c', name: 'Write', input: {} }];
  if (sign === ':') {
    const messageIds = rest === '' ? [] : rest.split(',');
    messages.set(turnId, messageIds);
    const delivered = messageIds.map((messageId) => ({
      type: 'message.delivered' as const,
      turnId,
      messageId,
      as: 'turn' as const,
    }));
    return [{ type: 'turn.started', turnId, messageIds }, ...delivered];
  }
  const ends = (messages.get(turnId) ?? []).map((messageId) => ({
    type: 'message.completed' as const,
    turnId,
    messageId,
  }));
  return [{ type: 'turn.interrupted', turnId, by: 'user' }, ...ends];
}

const ids = (turns: readonly { turnId: string }[]): string => turns.map((turn) => turn.turnId).join(' ');
const words = (events: readonly Event[]): string => events.map((event) => event.seq).join(' ');

describe('the place of a seq', () => {
  // 1 queued, 2–3 start, 4–5 end; 6 queued, 7–8 start, 9–10 end; 11 queued, 12–13 start.
  const events = log('+m1 t1:m1 t1. +m2 t2:m2 t2. +m3 t3:m3');
  const turns = conversationTurns(events);

  test.each([
    [0, '', 0],
    [3, '', 0],
    [4, 't1', 5],
    [5, 't1', 5],
    [8, 't1', 5],
    [9, 't1 t2', 10],
    [13, 't1 t2', 10],
    [Number.POSITIVE_INFINITY, 't1 t2', 10],
  ])('[FORK1] %d is behind the last turn that was over there', (seq, kept, end) => {
    const place = placeAt(turns, seq);
    expect([ids(place.kept), place.seq]).toEqual([kept, end]);
    expect(place.gone).toHaveLength(turns.length - place.kept.length);
  });

  test('[FORK1] an agent is told what stays and what goes, with what may be on its way', () => {
    expect(cutFor(placeAt(turns, 5), events)).toEqual({ lastMessageId: 'm1', nextMessageIds: ['m2', 'm3'] });
    expect(cutFor(placeAt(turns, 13), events, ['m4'])).toEqual({ lastMessageId: 'm2', nextMessageIds: ['m3', 'm4'] });
    expect(cutFor(placeAt(turns, 0), events)).toEqual({ lastMessageId: null, nextMessageIds: ['m1', 'm2', 'm3'] });
  });

  test('a steered message is a part of its turn', () => {
    const steered = log('+m1 t1:m1 +m2 t1<m2 t1. +m3 t2:m3 t2.');
    const place = placeAt(conversationTurns(steered), 8);
    expect(cutFor(place, steered)).toEqual({ lastMessageId: 'm2', nextMessageIds: ['m3'] });
  });

  test('a turn that the agent began by itself goes with the one before', () => {
    const unasked = log('+m1 t1:m1 t1. t2: t2. +m3 t3:m3 t3.');
    const turnsOf = conversationTurns(unasked);
    expect(ids(placeAt(turnsOf, 5).kept)).toBe('t1 t2');
    expect(ids(placeAt(turnsOf, 7).kept)).toBe('t1 t2');
    expect(ids(placeAt(turnsOf, 0).kept)).toBe('');
  });
});

describe('what was rewound', () => {
  // 5 ends t1, 10 ends t2, 11 takes t2 back, 16 ends t3.
  const events = log('+m1 t1:m1 t1. +m2 t2:m2 t2. <5 +m3 t3:m3 t3.');

  test('[REW2] is no turn of the conversation, and none of its events is left', () => {
    expect(ids(conversationTurns(events))).toBe('t1 t3');
    expect(words(withoutRewound(events))).toBe('1 2 3 4 5 11 12 13 14 15 16');
  });

  test('[FORK5] is not at a place within it', () => {
    const place = placeAt(conversationTurns(events), 10);
    expect([ids(place.kept), place.seq]).toEqual(['t1', 5]);
    expect(cutFor(place, events)).toEqual({ lastMessageId: 'm1', nextMessageIds: ['m2', 'm3'] });
  });

  test('[REW2] may be rewound again, further back', () => {
    const again = [...events, ...log('<0').map((event) => ({ ...event, seq: 17 }))];
    expect(conversationTurns(again)).toEqual([]);
    expect(words(withoutRewound(again))).toBe('11 17');
  });

  test('[REW2] does not take along a message that waited then', () => {
    const waiting = log('+m1 t1:m1 +m9 t1. <0 t2:m9 t2.');
    expect(words(withoutRewound(waiting))).toBe('4 7 8 9 10 11');
  });

  test('[REW2] has what stood between its turns, but not what is about the session', () => {
    const time = new Date(0).toISOString();
    const head = { sessionId: 's', time };
    const between: Event[] = [
      { ...head, seq: 6, type: 'notice', level: 'info', code: 'x', text: 'said in between' },
      { ...head, seq: 7, type: 'title.updated', title: 'A title' },
      { ...head, seq: 8, type: 'session.rewound', toSeq: 0, turns: 1 },
    ];
    expect(words(withoutRewound([...log('+m1 t1:m1 t1.'), ...between]))).toBe('7 8');
  });
});
