import type { Event, Message } from '@hearth/protocol';
import { expect, test } from 'vitest';
import { COMPLETED, USAGE } from './testing/model-agent.ts';
import { CONFIG, emptySession, SimulatedSession } from './testing/simulated-session.ts';
import { ask, say, startedSession } from './testing/stories.ts';
import { applyEvent } from './view.ts';
import type { SessionView } from './view.ts';

/** What a reader of the whole log knows: the session, and how each message stands. */
function fold(log: readonly Event[]): { view: SessionView; messages: Map<string, Message> } {
  const messages = new Map<string, Message>();
  let view: SessionView = { session: emptySession(), delivered: [] };
  for (const event of log) {
    const folded = applyEvent(view, event);
    view = folded.view;
    for (const message of folded.changed) messages.set(message.id, message);
  }
  return { view, messages };
}

test('[SES1] the session is the fold of its log', () => {
  const { session, first } = startedSession({ ...CONFIG, steering: false });
  const [a, b] = [session.send('later'), session.send('next')];
  session.update(a, { place: 0, content: 'changed' });
  ask(session, 'a1');
  const { view, messages } = fold(session.log);
  expect(view.session).toMatchObject({
    phase: 'awaiting_approval',
    turnId: session.state.turn?.turnId,
    lastSeq: session.log.length,
    title: 'A title',
    agentSessionId: 'conversation-1',
    queue: [
      { id: a, content: 'changed', priority: 'later', state: 'queued' },
      { id: b, content: `say ${b}`, priority: 'next', state: 'queued' },
    ],
    approvals: [{ approvalId: 'a1', kind: 'tool', toolName: 'Bash' }],
  });
  expect(view.delivered.map((message) => message.id)).toEqual([first]);
  expect(messages.get(first)?.state).toBe('delivered');
});

test('[SES1] messages end as their turn does, and what the turns cost adds up', () => {
  const { session, first } = startedSession();
  session.agentSays(COMPLETED);
  const second = session.send('next');
  session.agentSays({ type: 'messages.started', messageIds: [second] });
  const error = { code: 'overloaded', message: 'Too busy.', retryable: true } as const;
  session.agentSays({ type: 'turn.ended', outcome: 'failed', error, usage: USAGE, costUsd: 0.25 });
  const { view, messages } = fold(session.log);
  expect([messages.get(first)?.state, messages.get(second)?.state]).toEqual(['completed', 'failed']);
  expect(view.delivered).toEqual([]);
  expect(view.session).not.toHaveProperty('turnId');
  expect(view.session.usage).toEqual({ ...USAGE, inputTokens: 6, outputTokens: 4, cacheReadTokens: 2, costUsd: 0.75 });
});

test('[SES15] the session tells how its last turn ended, until that turn is taken back', () => {
  const { session } = startedSession();
  expect(fold(session.log).view.session).not.toHaveProperty('lastTurn');
  session.agentSays(COMPLETED);
  const completed = fold(session.log).view.session.lastTurn;
  const end = session.log.find(({ type }) => type === 'turn.completed');
  expect(completed).toEqual({ turnId: end?.turnId, outcome: 'completed', seq: end?.seq, endedAt: end?.time });
  const second = session.send('next');
  session.agentSays({ type: 'messages.started', messageIds: [second] });
  const error = { code: 'overloaded', message: 'Too busy.', hint: 'Wait.', retryable: true } as const;
  session.agentSays({ type: 'turn.ended', outcome: 'failed', error, usage: USAGE, costUsd: 0.25 });
  const { view } = fold(session.log);
  expect(view.session.lastTurn).toMatchObject({
    outcome: 'failed',
    error: { code: 'overloaded', message: 'Too busy.' },
  });
  const head = { sessionId: 'session-1', seq: view.session.lastSeq + 1, time: emptySession().createdAt };
  const rewound = (toSeq: number) =>
    applyEvent(view, { ...head, type: 'session.rewound', toSeq, turns: 1 }).view.session;
  expect(rewound(view.session.lastSeq).lastTurn?.outcome).toBe('failed');
  expect(rewound(completed?.seq ?? 0)).not.toHaveProperty('lastTurn');
});

test('[SES1] a delta is no news of the session', () => {
  const { session } = startedSession();
  say(session, 'b1', 'one');
  const before = fold(session.log).view.session;
  session.wait(60_000);
  session.agentSays({ type: 'block.delta', blockId: 'b1', text: ' two' });
  expect(fold(session.log).view.session).toEqual({ ...before, lastSeq: session.log.length });
});

test('[SES1] what is not known changes nothing', () => {
  const view: SessionView = { session: emptySession(), delivered: [] };
  const head = { sessionId: 'session-1', seq: 1, time: emptySession().createdAt };
  const events: Event[] = [
    { ...head, type: 'message.updated', messageId: 'x', priority: 'now', place: 0 },
    { ...head, type: 'message.delivered', messageId: 'x', as: 'turn' },
    { ...head, type: 'message.cancelled', messageId: 'x' },
    { ...head, type: 'message.completed', messageId: 'x' },
    { ...head, type: 'approval.resolved', approvalId: 'x', decision: 'deny' },
  ];
  for (const event of events) {
    expect(applyEvent(view, event)).toEqual({
      view: { ...view, session: { ...view.session, lastSeq: 1 } },
      changed: [],
    });
  }
});

test('[SES1] clients see the same after any log as the core does', () => {
  const session = new SimulatedSession(CONFIG, true);
  for (const priority of ['now', 'later', 'next', 'now'] as const) session.send(priority);
  session.comeToRest();
  expect(fold(session.log).view.session.phase).toBe('idle');
  session.checkRest();
});

test('[TURN2] costs are added without drift', () => {
  let view: SessionView = { session: emptySession(), delivered: [] };
  const head = { sessionId: 'session-1', time: emptySession().createdAt };
  for (const [index, costUsd] of [0.1, 0.2, 0.0000003].entries()) {
    const event: Event = { ...head, seq: index + 1, type: 'turn.interrupted', by: 'user', usage: USAGE, costUsd };
    ({ view } = applyEvent(view, event));
  }
  expect(view.session.usage.costUsd).toBe(0.3000003);
});
