import { expect, test } from 'vitest';
import { COMPLETED } from './testing/model-agent.ts';
import { CONFIG, SimulatedSession } from './testing/simulated-session.ts';
import { ask, call, say, startedSession } from './testing/stories.ts';

const phases = (session: SimulatedSession): string[] =>
  session.log.flatMap((event) => (event.type === 'phase.changed' ? [event.phase] : []));

test('[PHASE1] a turn goes through its phases, each told once', () => {
  const session = new SimulatedSession(CONFIG, true);
  const first = session.send('next');
  session.agentSays({ type: 'ready', agentSessionId: 'conversation-1' });
  session.agentSays({ type: 'messages.started', messageIds: [first] });
  session.agentSays({ type: 'block.started', blockId: 'b1', kind: 'thinking' });
  session.agentSays({ type: 'block.completed', blockId: 'b1', text: 'hm' });
  say(session, 'b2', 'look');
  session.agentSays({ type: 'block.completed', blockId: 'b2', text: 'look' });
  ask(session, 'a1');
  session.answer('a1');
  session.agentSays({ type: 'tool.completed', toolCallId: 'call-a1', output: '', isError: false });
  session.agentSays({
    type: 'retry.scheduled',
    attempt: 1,
    maxAttempts: 3,
    delayMs: 10,
    error: { code: 'overloaded' },
  });
  say(session, 'b3', 'done');
  session.agentSays({ type: 'block.completed', blockId: 'b3', text: 'done' });
  session.agentSays(COMPLETED);
  expect(phases(session)).toEqual([
    'initializing',
    'connecting',
    'thinking',
    'streaming',
    'tool',
    'awaiting_approval',
    'tool',
    'thinking',
    'retrying',
    'streaming',
    'idle',
  ]);
});

test('[PHASE1] a warm session begins with connecting, and tells since when', () => {
  const { session } = startedSession();
  session.agentSays(COMPLETED);
  session.wait(5_000);
  session.send('next');
  expect(session.log.at(-1)).toMatchObject({ phase: 'connecting', since: new Date(session.now).toISOString() });
  expect(session.state.phaseSince).toBe(session.now);
});

test('[PHASE4] what works in the background does not hide what the turn does', () => {
  const { session } = startedSession();
  session.agentSays({ type: 'tool.called', toolCallId: 'deep', name: 'Bash', input: {}, parentToolCallId: 'task' });
  say(session, 'b1', 'meanwhile');
  expect(session.check.phase).toBe('streaming');
});

test('[PHASE4] several tools at once are one phase, until the last has ended', () => {
  const { session } = startedSession();
  call(session, 't1');
  call(session, 't2');
  session.agentSays({ type: 'tool.completed', toolCallId: 't1', output: '', isError: false });
  expect(session.check.phase).toBe('tool');
  session.agentSays({ type: 'tool.completed', toolCallId: 't2', output: '', isError: false });
  expect(session.check.phase).toBe('thinking');
});

test.each(['connecting', 'streaming', 'tool', 'awaiting_approval', 'retrying', 'interrupting'])(
  '[PHASE3] %s leads back to idle when the process dies',
  (phase) => {
    const { session } = startedSession();
    session.agentSays({ type: 'notice', level: 'info', code: 'note', text: 'note' });
    if (phase === 'streaming') say(session, 'b1', 'half');
    if (phase === 'tool') call(session, 't1');
    if (phase === 'awaiting_approval') ask(session, 'a1');
    const error = { code: 'overloaded' } as const;
    if (phase === 'retrying')
      session.agentSays({ type: 'retry.scheduled', attempt: 1, maxAttempts: 3, delayMs: 10, error });
    if (phase === 'interrupting') session.interrupt();
    expect(session.check.phase).toBe(phase);
    session.agentSays({ type: 'exited', error: { code: 'agent_crashed', message: 'Killed.', retryable: false } });
    expect(session.check.phase).toBe('idle');
  },
);
