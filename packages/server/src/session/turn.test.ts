import { describe, expect, test } from 'vitest';
import type { AgentEvent } from './agent-event.ts';
import { COMPLETED, USAGE } from './testing/model-agent.ts';
import type { SimulatedSession } from './testing/simulated-session.ts';
import { ask, say, startedSession } from './testing/stories.ts';

const OVERLOADED = { code: 'overloaded', message: 'Too busy.', retryable: true, status: 529 } as const;
const CRASHED = { code: 'agent_crashed', message: 'Killed.', retryable: true } as const;

/** The end of a turn, by model. */
function withModels(): AgentEvent {
  const context = { usedTokens: 1, maxTokens: 2 };
  const spent = { usage: USAGE, costUsd: 0.5, models: [{ model: 'm', ...USAGE, costUsd: 0.5 }] };
  return { type: 'turn.ended', outcome: 'completed', stopReason: 'end_turn', context, ...spent };
}

const ends = (session: SimulatedSession): string[] =>
  session.told().filter((told) => /^turn (completed|failed|interrupted)/.test(told));

describe('a turn', () => {
  test('[TURN9] ends with what is open, its own end, its messages’ ends, and only then the phase', () => {
    const { session, first } = startedSession();
    say(session, 'b1', 'half');
    ask(session, 'a1');
    const from = session.log.length;
    session.agentSays({ type: 'turn.ended', outcome: 'failed', error: OVERLOADED });
    expect(session.told(from)).toEqual([
      'block b1 interrupted: half',
      'tool.completed',
      'approval a1 cancelled',
      'turn failed: overloaded',
      `${first} failed`,
      'phase idle',
    ]);
  });

  test('[TURN1] has one end, whatever the agent says after it', () => {
    const { session } = startedSession();
    session.agentSays(COMPLETED);
    const from = session.log.length;
    session.agentSays(COMPLETED);
    session.agentSays({ type: 'turn.ended', outcome: 'failed', error: OVERLOADED });
    session.agentSays({ type: 'block.delta', blockId: 'b1', text: 'late' });
    session.agentSays({ type: 'block.completed', blockId: 'b1', text: 'late' });
    session.agentSays({ type: 'tool.completed', toolCallId: 't1', output: '', isError: false });
    session.agentSays({ type: 'exited', error: CRASHED });
    expect(session.told(from)).toEqual([]);
  });

  test('[TURN7] that the model refused lets its process go: what waits starts on a new one, once', () => {
    const { session } = startedSession();
    const next = session.send('later');
    const error = { code: 'invalid_request', message: 'Refused.', retryable: false, status: 400 } as const;
    session.agentSays({ type: 'turn.ended', outcome: 'failed', error, agentLeaves: true });
    session.agentSays({ type: 'exited' }, 0);
    expect(session.commands.filter((command) => command === `agent.send ${next}`)).toHaveLength(1);
    session.comeToRest();
    expect(session.fate(next)).toBe('completed');
    expect(session.told()).not.toContain('retry.scheduled');
  });

  test('[TURN10] from which nothing came is tried once more on a fresh process', () => {
    const { session, first } = startedSession();
    session.agentSays({ type: 'exited', error: CRASHED });
    expect(session.commands.at(-1)).toBe(`agent.send ${first}`);
    expect(session.told().slice(-2)).toEqual(['retry.scheduled', 'phase initializing']);
    session.agentSays({ type: 'exited', error: CRASHED }, 1);
    expect(ends(session)).toEqual(['turn failed: agent_crashed']);
    expect(session.fate(first)).toBe('failed');
  });

  test('[TURN10] is tried again with what steered it, and with its messages pending', () => {
    const { session, first } = startedSession();
    const steer = session.send('next');
    session.agentSays({ type: 'messages.started', messageIds: [steer] });
    session.agentSays({ type: 'exited', error: CRASHED });
    expect(session.commands.slice(-2)).toEqual([`agent.send ${first}`, `agent.send ${steer}`]);
    session.comeToRest();
    session.checkRest();
    expect([session.fate(first), session.fate(steer)]).toEqual(['completed', 'completed']);
    expect(ends(session)).toEqual(['turn completed']);
  });

  test.each([
    ['something came from it', (session: SimulatedSession) => say(session, 'b1', 'half')],
    [
      'a tool was called',
      (session: SimulatedSession) =>
        session.agentSays({ type: 'tool.called', toolCallId: 't1', name: 'Bash', input: {}, parentToolCallId: 't0' }),
    ],
  ])('[TURN10] is not tried again once %s', (_, come) => {
    const { session } = startedSession();
    come(session);
    session.agentSays({ type: 'exited', error: CRASHED });
    expect(ends(session)).toEqual(['turn failed: agent_crashed']);
  });

  test('[TURN10] is not tried again when that cannot help', () => {
    const { session } = startedSession();
    session.agentSays({ type: 'exited', error: { ...CRASHED, code: 'agent_unavailable', retryable: false } });
    expect(ends(session)).toEqual(['turn failed: agent_unavailable']);
  });

  test('[TURN11] opens when the agent speaks by itself, and ends like any other', () => {
    const { session } = startedSession();
    session.agentSays(COMPLETED);
    const from = session.log.length;
    say(session, 'b2', 'the build is done');
    session.agentSays({ type: 'block.completed', blockId: 'b2', text: 'the build is done' });
    session.agentSays(COMPLETED);
    expect(session.told(from)).toEqual([
      'turn started',
      'block.started',
      'phase streaming',
      'block.delta',
      'block b2 whole: the build is done',
      'turn completed',
      'phase idle',
    ]);
  });

  test('[TURN12] goes on when work that the agent had begun by itself ends, and bears its cost', () => {
    const { session } = startedSession();
    session.agentSays(COMPLETED);
    const second = session.send('next');
    say(session, 'b2', 'the build');
    session.agentSays({ type: 'block.completed', blockId: 'b2', text: 'the build is done' });
    session.agentSays(COMPLETED);
    expect(session.fate(second)).toBe('delivered');
    session.agentSays({ type: 'messages.started', messageIds: [second] });
    session.agentSays(COMPLETED);
    expect(session.fate(second)).toBe('completed');
    const last = session.log.findLast((event) => event.type === 'turn.completed');
    expect(last).toMatchObject({ costUsd: 1, usage: { inputTokens: 2 * USAGE.inputTokens } });
  });

  test('[TURN14] leaves subagents at work that run in the background', () => {
    const { session } = startedSession();
    session.agentSays({ type: 'block.started', blockId: 'sub', kind: 'text', parentToolCallId: 'task' });
    session.agentSays(COMPLETED);
    const from = session.log.length;
    session.agentSays({ type: 'block.delta', blockId: 'sub', text: 'still here' });
    session.agentSays({ type: 'block.completed', blockId: 'sub', text: 'still here' });
    session.agentSays({ type: 'tool.called', toolCallId: 'deep', name: 'Read', input: {}, parentToolCallId: 'task' });
    session.agentSays({ type: 'tool.completed', toolCallId: 'deep', output: '', isError: false });
    expect(session.told(from)).toEqual(['block.delta', 'block sub whole: still here', 'tool.called', 'tool.completed']);
    expect(session.log.slice(from).every((event) => event.turnId === undefined)).toBe(true);
  });

  test('[TURN14] a process that goes takes its background with it', () => {
    const { session } = startedSession();
    session.agentSays({ type: 'block.started', blockId: 'sub', kind: 'text', parentToolCallId: 'task' });
    session.agentSays({ type: 'tool.called', toolCallId: 'deep', name: 'Read', input: {}, parentToolCallId: 'task' });
    session.agentSays(COMPLETED);
    session.input({ type: 'evict' });
    expect(session.told().slice(-2)).toEqual(['block sub interrupted: ', 'tool.completed']);
    expect(session.check.openBlocks.size + session.check.openTools.size).toBe(0);
  });

  test('[TURN14] of tasks that end with their process, or with their server, clients are told', () => {
    for (const loss of ['process', 'server']) {
      const { session } = startedSession();
      const task = { taskId: 'task', kind: 'shell', title: 'Watch', status: 'running' } as const;
      session.agentSays({ type: 'background.changed', tasks: [task] });
      session.agentSays(COMPLETED);
      const from = session.log.length;
      if (loss === 'process') session.agentSays({ type: 'exited' });
      else session.crash();
      expect(session.log.slice(from)).toMatchObject([{ type: 'background.changed', tasks: [] }]);
    }
  });

  test('[TURN14] tasks that are gone are told before the turn that lost them ends', () => {
    const { session } = startedSession();
    const task = { taskId: 'task', kind: 'shell', title: 'Watch', status: 'running' } as const;
    session.agentSays({ type: 'background.changed', tasks: [task] });
    say(session, 'b', 'so far');
    const from = session.log.length;
    session.agentSays({ type: 'exited' });
    const told = session.told(from);
    expect(told.indexOf('background.changed')).toBeGreaterThan(-1);
    expect(told.indexOf('background.changed')).toBeLessThan(told.indexOf('turn failed: agent_crashed'));
  });
});

describe('a block', () => {
  test('[TURN3] grows without holes, and its end has all of it', () => {
    const { session } = startedSession();
    say(session, 'b1', 'sm');
    session.agentSays({ type: 'block.delta', blockId: 'b1', text: '' });
    session.agentSays({ type: 'block.delta', blockId: 'b1', text: '🔥ile' });
    session.agentSays({ type: 'block.completed', blockId: 'b1', text: 'sm🔥ile.' });
    const deltas = session.log.flatMap((event) => (event.type === 'block.delta' ? [event.offset] : []));
    expect(deltas).toEqual([0, 2]);
    expect(session.told()).toContain('block b1 whole: sm🔥ile.');
  });

  test('[TURN3] ends as it was streamed when the agent does not repeat it', () => {
    const { session } = startedSession();
    for (const text of ['sm', '🔥', 'ile']) say(session, 'b1', text);
    session.agentSays({ type: 'block.completed', blockId: 'b1' });
    expect(session.told()).toContain('block b1 whole: sm🔥ile');
  });

  test('[TURN3] starts once', () => {
    const { session } = startedSession();
    say(session, 'b1', 'one');
    session.agentSays({ type: 'block.started', blockId: 'b1', kind: 'text' });
    session.agentSays({ type: 'block.delta', blockId: 'b1', text: ' two' });
    expect(session.check.openBlocks.get('b1')).toBe('one two');
  });

  test('[TURN6] whose attempt broke is marked, so that it can be dropped', () => {
    const { session } = startedSession();
    say(session, 'b1', 'torn');
    session.agentSays({ type: 'block.completed', blockId: 'b1', abandoned: true });
    const error = { code: 'overloaded' } as const;
    session.agentSays({ type: 'retry.scheduled', attempt: 1, maxAttempts: 3, delayMs: 500, error });
    say(session, 'b2', 'whole');
    session.agentSays({ type: 'block.completed', blockId: 'b2', text: 'whole' });
    session.agentSays(COMPLETED);
    expect(session.told()).toEqual(
      expect.arrayContaining(['block b1 retry: torn', 'phase retrying', 'block b2 whole: whole']),
    );
  });

  test('[TURN13] that was cut is not whole because the agent says so', () => {
    const { session } = startedSession();
    say(session, 'b1', 'half');
    session.interrupt();
    session.agentSays({ type: 'block.completed', blockId: 'b1', text: 'half' });
    expect(session.told().at(-1)).toBe('block b1 interrupted: half');
  });

  test('[TURN13] that came to its end while the turn is cut is whole', () => {
    const { session } = startedSession();
    say(session, 'b1', 'half');
    session.interrupt();
    session.agentSays({ type: 'block.completed', blockId: 'b1', text: 'half and the rest' });
    expect(session.told().at(-1)).toBe('block b1 whole: half and the rest');
  });

  test('[USE8] that is lost has used what was seen of its calls; a turn that ends names what it used itself', () => {
    const seen = {
      model: 'm',
      inputTokens: 5,
      outputTokens: 1,
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
      costUsd: 0.1,
    };
    const { session } = startedSession();
    session.agentSays({ type: 'calls.seen', models: [seen] });
    session.agentSays({ type: 'calls.seen', models: [{ ...seen, outputTokens: 9, costUsd: 0.2 }] });
    say(session, 'b1', 'half');
    session.agentSays({ type: 'exited', error: CRASHED });
    expect(session.log.find((event) => event.type === 'turn.failed')).toMatchObject({
      usage: { inputTokens: 5, outputTokens: 9 },
      costUsd: 0.2,
      models: [{ model: 'm', outputTokens: 9 }],
    });

    const { session: other } = startedSession();
    other.agentSays({ type: 'calls.seen', models: [seen] });
    other.agentSays(withModels());
    expect(other.log.find((event) => event.type === 'turn.completed')).toMatchObject({
      usage: USAGE,
      costUsd: 0.5,
    });
  });

  test('[USE8] that is tried again on a fresh process bears what was seen of both attempts', () => {
    const seen = {
      model: 'm',
      inputTokens: 5,
      outputTokens: 1,
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
      costUsd: 0.1,
    };
    const { session, first } = startedSession();
    session.agentSays({ type: 'calls.seen', models: [seen] });
    session.agentSays({ type: 'exited', error: CRASHED });
    session.agentSays({ type: 'ready', agentSessionId: 'conversation-1' }, 1);
    session.agentSays({ type: 'messages.started', messageIds: [first] }, 1);
    session.agentSays(withModels(), 1);
    const [end] = session.log.filter((event) => event.type === 'turn.completed');
    expect(end).toMatchObject({ costUsd: 0.6, usage: { inputTokens: USAGE.inputTokens + 5 } });
    expect(end?.models).toEqual([expect.objectContaining({ model: 'm', inputTokens: USAGE.inputTokens + 5 })]);
  });

  test('[BUD2] that may not go on is cut and fails with why', () => {
    const error = { code: 'budget_exceeded', message: 'Spent.', retryable: false } as const;
    const { session } = startedSession();
    say(session, 'b1', 'half');
    session.input({ type: 'turn.stop', error });
    expect(session.commands.at(-1)).toBe('agent.interrupt');
    session.agentSays({ type: 'turn.ended', outcome: 'interrupted' });
    expect(ends(session)).toEqual(['turn failed: budget_exceeded']);

    const { session: other } = startedSession();
    other.input({ type: 'turn.stop', error });
    other.agentSays({ type: 'exited', error: CRASHED });
    expect(ends(other)).toEqual(['turn failed: budget_exceeded']);
  });
});
