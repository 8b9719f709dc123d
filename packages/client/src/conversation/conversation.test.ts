import type { Event, EventBody } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { backlog } from '../../test/backlog.ts';
import { applyEvent, appendDelta, foldEvents, startConversation } from './index.ts';
import type { Conversation, TurnEntry } from './index.ts';

function log(...bodies: EventBody[]): Event[] {
  return bodies.map((body, index) => {
    const seq = index + 1;
    return { sessionId: 's1', seq, time: new Date(seq).toISOString(), ...body };
  });
}

function turnOf(state: Conversation, turnId = 't1'): TurnEntry {
  const entry = state.timeline.find((one) => one.type === 'turn' && one.turnId === turnId);
  if (entry?.type !== 'turn') throw new Error(`there is no turn ${turnId}`);
  return entry;
}

const turnId = 't1';
const started: EventBody = { type: 'turn.started', turnId, messageIds: ['m1'] };
const completed: EventBody = {
  type: 'turn.completed',
  turnId,
  stopReason: 'end_turn',
  usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 0, cacheCreationTokens: 0 },
  costUsd: 0.25,
  durationMs: 10,
  context: { usedTokens: 3, maxTokens: 100 },
};
const queued = (messageId: string, place: number): EventBody => ({
  type: 'message.queued',
  messageId,
  content: messageId,
  priority: 'next',
  author: 'owner',
  place,
});
const block = (text: string, rest: object = {}): EventBody => ({
  type: 'block.completed',
  turnId,
  blockId: 'b1',
  kind: 'text',
  text,
  ...rest,
});
const delta = (offset: number, text: string): EventBody => ({
  type: 'block.delta',
  turnId,
  blockId: 'b1',
  offset,
  text,
});
const blockStarted: EventBody = { type: 'block.started', turnId, blockId: 'b1', kind: 'text' };

test('a turn that is over says when, and the seq that a fork up to here starts from', () => {
  expect(turnOf(foldEvents(log(started, block('a'))))).not.toHaveProperty('endSeq');
  expect(turnOf(foldEvents(log(started, block('a'), completed)))).toMatchObject({
    endSeq: 3,
    endedAt: new Date(3).toISOString(),
  });
});

describe('a delta', () => {
  test.each([
    ['continues', 'abc', 3, 'de', 'abcde'],
    ['overlaps from the middle', 'abc', 1, 'bcde', 'abcde'],
    ['says all again', 'abc', 0, 'abcde', 'abcde'],
    ['counts UTF-16 code units', '😀', 2, '!', '😀!'],
  ])('that %s', (_name, text, offset, added, whole) => {
    expect(appendDelta(text, { offset, text: added })).toBe(whole);
  });
});

describe('blocks', () => {
  test('stream into their turn and end whole', () => {
    const events = log(started, blockStarted, delta(0, 'Hel'), delta(3, 'lo'), block('Hello'), completed);
    const streaming = foldEvents(events.slice(0, 4));
    expect(turnOf(streaming).items).toMatchObject([{ type: 'block', text: 'Hello', state: 'streaming' }]);
    expect(turnOf(foldEvents(events)).items).toMatchObject([{ text: 'Hello', state: 'done' }]);
  });

  test('of a retry go, and those of an interrupt stay as partial', () => {
    const retried = log(started, blockStarted, delta(0, 'Hel'), block('Hel', { partial: true, reason: 'retry' }));
    expect(turnOf(foldEvents(retried)).items).toEqual([]);
    const cut = log(started, blockStarted, delta(0, 'Hel'), block('Hel', { partial: true, reason: 'interrupted' }));
    expect(turnOf(foldEvents(cut)).items).toMatchObject([{ text: 'Hel', state: 'partial' }]);
  });

  test('are the same from a compacted log, whatever was seen before', () => {
    const events = log(started, blockStarted, delta(0, 'a'), delta(1, 'b'), delta(2, 'c'), delta(3, 'd'));
    const whole = foldEvents(events);
    for (let after = 0; after <= events.length; after += 1) {
      const seen = foldEvents(events.slice(0, after));
      expect(foldEvents(backlog(events, after), seen)).toEqual(whole);
    }
  });

  describe('of a subagent in the background', () => {
    const parentToolCallId = 'c1';
    const begun: EventBody = { ...blockStarted, parentToolCallId };
    const later = (body: EventBody): EventBody => ({ ...body, turnId: 't2' });
    const outside = ({ turnId: _turn, ...body }: EventBody): EventBody => body;
    const end = (of: (body: EventBody) => EventBody): EventBody => of(block('Hello', { parentToolCallId }));
    const blocksOf = (state: Conversation): unknown[] =>
      state.timeline.flatMap((entry) => (entry.type === 'turn' ? entry.items : [])).filter((i) => i.type === 'block');

    test.each([
      ['in a later turn', later],
      ['between turns', outside],
    ])('[LOG10] go on after their turn %s, and are the same from a compacted log', (_name, of) => {
      const next: EventBody = of === later ? { ...started, turnId: 't2' } : { type: 'title.updated', title: 'T' };
      const events = log(started, begun, delta(0, 'He'), completed, next, of(delta(2, 'l')), end(of));
      const open = events.slice(0, -1);
      const compacted = events.filter(({ type }) => type !== 'block.delta');

      expect(blocksOf(foldEvents(open.slice(0, 4)))).toMatchObject([{ text: 'He', state: 'streaming' }]);
      expect(blocksOf(foldEvents(open))).toMatchObject([{ text: 'Hel', state: 'streaming', parentToolCallId }]);
      expect(blocksOf(foldEvents(events))).toMatchObject([{ text: 'Hello', state: 'done', parentToolCallId }]);
      expect(foldEvents(compacted)).toEqual(foldEvents(events));
    });

    test('[SUB2] are told as such at their end to whoever joined in the middle', () => {
      const joined = log(
        started,
        begun,
        delta(0, 'He'),
        delta(2, 'llo'),
        end((body) => body),
      ).slice(3);
      expect(blocksOf(foldEvents(joined))).toMatchObject([{ text: 'Hello', state: 'done', parentToolCallId }]);
    });
  });

  test('that are known only by their end, as in a compacted log, are there', () => {
    expect(turnOf(foldEvents(log(started, block('Hello')))).items).toMatchObject([{ text: 'Hello', state: 'done' }]);
  });
});

describe('messages', () => {
  test('wait in the order of their places, and move', () => {
    const state = foldEvents(
      log(queued('m1', 0), queued('m2', 1), queued('m3', 0), {
        type: 'message.updated',
        messageId: 'm2',
        content: 'changed',
        priority: 'now',
        place: 0,
      }),
    );
    expect(state.queue.map(({ messageId }) => messageId)).toEqual(['m2', 'm3', 'm1']);
    expect(state.queue[0]).toMatchObject({ content: 'changed', priority: 'now', author: 'owner' });
  });

  test('stand in the turn where they were delivered, and end with it', () => {
    const state = foldEvents(
      log(
        queued('m1', 0),
        started,
        { type: 'message.delivered', turnId, messageId: 'm1', as: 'turn' },
        block('Hello'),
        queued('m2', 0),
        { type: 'message.delivered', turnId, messageId: 'm2', as: 'steer' },
        completed,
        { type: 'message.completed', messageId: 'm1' },
        { type: 'message.completed', messageId: 'm2' },
      ),
    );
    expect(state.queue).toEqual([]);
    expect(turnOf(state).items).toMatchObject([
      { type: 'message', content: 'm1', as: 'turn', state: 'completed' },
      { type: 'block' },
      { type: 'message', content: 'm2', as: 'steer', state: 'completed' },
    ]);
    expect(turnOf(state).state).toMatchObject({ status: 'completed', costUsd: 0.25 });
    expect(state).toMatchObject({ costUsd: 0.25, context: { usedTokens: 3 } });
  });

  test('that were cancelled stand between the turns', () => {
    const state = foldEvents(log(queued('m1', 0), { type: 'message.cancelled', messageId: 'm1', reason: 'why not' }));
    expect(state.timeline).toMatchObject([{ type: 'undelivered', content: 'm1', outcome: 'cancelled' }]);
  });
});

describe('tools and approvals', () => {
  test('run in parallel and are matched by their ids', () => {
    const call = (toolCallId: string): EventBody => ({
      type: 'tool.called',
      turnId,
      toolCallId,
      name: 'Bash',
      input: { command: toolCallId },
    });
    const done = (toolCallId: string, isError: boolean): EventBody => ({
      type: 'tool.completed',
      turnId,
      toolCallId,
      output: toolCallId,
      isError,
    });
    const state = foldEvents(log(started, call('c1'), call('c2'), done('c1', true), done('c2', false)));
    expect(turnOf(state).items).toMatchObject([
      { toolCallId: 'c1', state: 'error', output: 'c1' },
      { toolCallId: 'c2', state: 'done', output: 'c2' },
    ]);
  });

  test('are pending until resolved', () => {
    const ask = (approvalId: string): EventBody => ({
      type: 'approval.requested',
      turnId,
      approvalId,
      kind: 'tool',
      toolName: 'Bash',
      input: {},
      suggestions: [],
    });
    const state = foldEvents(
      log(started, ask('a1'), ask('a2'), {
        type: 'approval.resolved',
        turnId,
        approvalId: 'a1',
        decision: 'deny',
        by: 'owner',
      }),
    );
    expect(state.approvals.map(({ approvalId }) => approvalId)).toEqual(['a2']);
    expect(turnOf(state).items).toMatchObject([{ outcome: 'deny', by: 'owner' }, { outcome: 'pending' }]);
  });
});

describe('the session', () => {
  test('shows its phase, its title, its plan and a retry that is waited for', () => {
    const error = { code: 'overloaded' as const, status: 529 };
    const retrying = log(
      { type: 'phase.changed', phase: 'retrying', since: '2026-01-01T00:00:00.000Z' },
      { type: 'retry.scheduled', turnId, attempt: 1, maxAttempts: 3, delayMs: 500, error },
      { type: 'plan.updated', entries: [{ content: 'think', status: 'in_progress' }] },
      { type: 'phase.changed', phase: 'thinking', since: '2026-01-01T00:00:01.000Z' },
    );
    const waiting = foldEvents(retrying.slice(0, 3));
    expect(waiting).toMatchObject({ phase: 'retrying', retry: { attempt: 1, error }, plan: [{ content: 'think' }] });
    expect(foldEvents(retrying)).toMatchObject({ phase: 'thinking', retry: null });
  });

  test('[LOG10] shows a retry for as long as it is waited for, whatever approval is asked meanwhile', () => {
    const since = new Date(1).toISOString();
    const wait: EventBody = {
      type: 'retry.scheduled',
      turnId,
      attempt: 1,
      maxAttempts: 5,
      delayMs: 60_000,
      error: { code: 'overloaded' },
    };
    const phase = (name: 'retrying' | 'awaiting_approval' | 'interrupting'): EventBody => ({
      type: 'phase.changed',
      phase: name,
      since,
    });
    const asked = log(started, wait, phase('retrying'), phase('awaiting_approval'), blockStarted);

    expect(foldEvents(asked.slice(0, 4)).retry).toMatchObject({ attempt: 1 });
    expect(foldEvents(asked).retry).toBeNull();
    expect(foldEvents(log(started, phase('interrupting'), wait)).retry).toBeNull();
  });

  test('goes on from what a session says of itself', () => {
    const session = {
      ...sessionOf(),
      title: 'old',
      lastSeq: 4,
      phase: 'tool' as const,
      usage: { ...sessionOf().usage, costUsd: 2 },
    };
    const state = foldEvents(
      log(started, started, started, started, { type: 'session.updated', changes: { title: 'new' } }),
      startConversation(session),
    );
    expect(state).toMatchObject({ lastSeq: 5, phase: 'tool', costUsd: 2, session: { title: 'new', cwd: '/' } });
    expect(state.timeline).toEqual([]);
  });

  test('is the same object when nothing is new, and shares what did not change', () => {
    const events = log(
      { ...started, turnId: 't0' },
      { ...completed, turnId: 't0' },
      started,
      blockStarted,
      delta(0, 'a'),
    );
    const before = foldEvents(events.slice(0, 4));
    const after = foldEvents(events.slice(4), before);
    expect(applyEvent(after, events[2]!)).toBe(after);
    expect(turnOf(after, 't0')).toBe(turnOf(before, 't0'));
    expect(turnOf(after)).not.toBe(turnOf(before));
    expect(turnOf(before).items).toMatchObject([{ text: '' }]);
  });

  test('an event of a later version moves the cursor alone', () => {
    const state = foldEvents(log(started));
    const later = { sessionId: 's1', seq: 9, time: '', type: 'weather.changed' } as unknown as Event;
    expect(applyEvent(state, later)).toEqual({ ...state, lastSeq: 9 });
  });
});

function sessionOf() {
  return {
    id: 's1',
    agent: 'scripted',
    cwd: '/',
    title: null,
    model: null,
    permissionMode: 'default' as const,
    accountId: null,
    phase: 'idle' as const,
    lastSeq: 0,
    queue: [],
    approvals: [],
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0, costUsd: 0 },
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    archived: false,
    metadata: {},
  };
}

describe('what was rewound', () => {
  const turn = (id: string): EventBody[] => [
    queued(`m-${id}`, 0),
    { type: 'turn.started', turnId: id, messageIds: [`m-${id}`] },
    { type: 'message.delivered', turnId: id, messageId: `m-${id}`, as: 'turn' },
    { ...completed, turnId: id },
    { type: 'message.completed', turnId: id, messageId: `m-${id}` },
  ];
  const names = (state: Conversation): string[] =>
    state.timeline.map((entry) => (entry.type === 'turn' ? entry.turnId : entry.type));

  test('[REW2][REW7] is not in the timeline any more, with a note in its place; it stays paid', () => {
    const notice: EventBody = { type: 'notice', level: 'info', code: 'x', text: 'in between' };
    const state = foldEvents(
      log(...turn('t1'), ...turn('t2'), notice, { type: 'session.rewound', toSeq: 5, turns: 1, files: ['/a'] }),
    );
    expect(names(state)).toEqual(['t1', 'note']);
    expect(state.timeline[1]).toMatchObject({ note: { kind: 'rewound', turns: 1, files: ['/a'] } });
    expect(state).toMatchObject({ costUsd: 0.5, context: null, plan: [], lastSeq: 12 });
  });

  test('[REW2] leaves the turns after it, and the messages that wait', () => {
    const rewound: EventBody = { type: 'session.rewound', toSeq: 0, turns: 1 };
    const state = foldEvents(log(...turn('t1'), queued('waiting', 0), rewound, ...turn('t2')));
    expect(names(state)).toEqual(['note', 't2']);
    expect(state.queue.map((message) => message.messageId)).toContain('waiting');
  });

  test('[REW5] files alone leave the timeline as it is', () => {
    const state = foldEvents(log(...turn('t1'), { type: 'files.rewound', toSeq: 0, files: ['/a', '/b'] }));
    expect(names(state)).toEqual(['t1', 'note']);
    expect(state.timeline[1]).toMatchObject({ note: { kind: 'rewound', turns: 0, files: ['/a', '/b'] } });
  });
});
