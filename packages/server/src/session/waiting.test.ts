import { describe, expect, test } from 'vitest';
import type { AgentEvent } from './agent-event.ts';
import { COMPLETED, USAGE } from './testing/model-agent.ts';
import { CONFIG } from './testing/simulated-session.ts';
import type { SimulatedSession } from './testing/simulated-session.ts';
import { call, startedSession } from './testing/stories.ts';
import { deadlineOf } from './watchdog.ts';

const HOUR_MS = 3_600_000;

const spent = (delayMs = HOUR_MS): AgentEvent => ({
  type: 'retry.scheduled',
  attempt: 1,
  maxAttempts: 1,
  delayMs,
  error: { code: 'account_exhausted', status: 429 },
  forReset: true,
});

/** A turn whose tool has run, and whose next call waits for an account's reset. */
function waitingSession(): { session: SimulatedSession; first: string } {
  const { session, first } = startedSession();
  call(session, 't1');
  session.agentSays({ type: 'tool.completed', toolCallId: 't1', output: 'done', isError: false });
  session.agentSays(spent());
  session.reachDeadline();
  return { session, first };
}

describe('a turn that waits for an account', () => {
  test('[WAIT1] shows that it waits, lets its process go, and goes on with it by itself in a new one', () => {
    const { session, first } = waitingSession();
    expect(session.check.phase).toBe('retrying');
    expect(session.commands.slice(-1)).toEqual(['agent.kill']);
    expect(deadlineOf(session.state, CONFIG)).toBe(session.now + HOUR_MS - 1_500);

    session.reachDeadline();
    expect(session.commands.slice(-1)).toEqual(['agent.resume']);
    session.agentSays({ type: 'ready', agentSessionId: 'conversation-1' });
    session.agentSays({ type: 'block.started', blockId: 'b', kind: 'text' });
    session.agentSays({ type: 'block.completed', blockId: 'b', text: 'there' });
    session.agentSays(COMPLETED);

    expect(session.fate(first)).toBe('completed');
    expect(session.log.filter((event) => event.type === 'turn.started')).toHaveLength(1);
    expect(session.commands.filter((command) => command.startsWith('agent.send'))).toHaveLength(1);
  });

  test('[WAIT1] is sent its messages again when the agent had not taken them', () => {
    const { session, first } = startedSession();
    session.agentSays(COMPLETED);
    const second = session.send('next');
    session.agentSays(spent());
    session.reachDeadline();
    session.reachDeadline();
    expect(session.commands.slice(-2)).toEqual(['agent.kill', `agent.send ${second}`]);
    expect(session.fate(first)).toBe('completed');
  });

  test('[WAIT1] keeps its process for a short wait, and while something else of it runs', () => {
    const { session } = startedSession();
    session.agentSays(spent(3_000));
    session.wait(3_000);
    session.tick();
    expect(session.commands).not.toContain('agent.kill');

    call(session, 't1');
    session.agentSays({ ...spent(), accountId: 'one' } as AgentEvent);
    session.wait(2_000);
    session.tick();
    expect(session.commands).not.toContain('agent.kill');
  });

  test('[WAIT2] survives a restart of the server, kindly or not', () => {
    const { session, first } = waitingSession();
    session.crash();
    expect(session.check.phase).toBe('retrying');
    session.input({ type: 'drain' });
    session.input({ type: 'shutdown' });
    session.input({ type: 'wake' });
    session.wait(2 * HOUR_MS);
    session.tick();
    expect(session.check.turn).not.toBeNull();
    session.crash();
    session.reachDeadline();
    expect(session.commands).toEqual(['agent.resume']);
    session.agentSays({ type: 'ready', agentSessionId: 'conversation-1' });
    session.agentSays(COMPLETED);
    expect(session.fate(first)).toBe('completed');
  });

  test('[WAIT2] survives one that comes before its process was let go, unless a tool was open', () => {
    const { session } = startedSession();
    session.agentSays(spent());
    session.crash();
    expect(session.check.phase).toBe('retrying');

    const { session: busy } = startedSession();
    call(busy, 't1');
    busy.agentSays(spent());
    busy.crash();
    expect(busy.log.at(-1)).toMatchObject({ type: 'phase.changed', phase: 'idle' });
  });

  test('[WAIT3] keeps the queue, and ends at once for an interrupt or a message that cannot wait', () => {
    const { session, first } = waitingSession();
    const later = session.send('later');
    const next = session.send('next');
    expect(session.commands.at(-1)).toBe('agent.kill');
    const now = session.send('now');
    expect([session.fate(first), session.fate(later), session.fate(next)]).toEqual(['completed', 'queued', 'queued']);
    expect(session.commands).toContain(`agent.send ${now}`);

    const other = waitingSession();
    other.session.interrupt();
    expect(other.session.check.phase).toBe('idle');
    expect(other.session.told().slice(-3)).toEqual([
      'turn interrupted by user',
      `${other.first} completed`,
      'phase idle',
    ]);
  });

  test('[WAIT3] goes on early when it is woken', () => {
    const { session } = waitingSession();
    session.input({ type: 'wake' });
    expect(session.commands.at(-1)).toBe('agent.resume');
  });
});

describe('calls that are counted one by one', () => {
  const counted: AgentEvent = { type: 'call.counted', accountId: 'one', model: 'm', usage: USAGE, costUsd: 0.25 };

  test('[CALL1] belong to the turn that they were made in, whatever becomes of its process', () => {
    const { session } = startedSession();
    session.agentSays(counted);
    session.agentSays(counted);
    session.agentSays({ type: 'block.started', blockId: 'b', kind: 'text' });
    session.agentSays({ type: 'exited' });
    expect(session.log.find((event) => event.type === 'turn.failed')).toMatchObject({ costUsd: 0.5 });
  });

  test('[CALL1] between two turns belong to the one after, also when that may not begin', () => {
    const { session } = startedSession();
    session.agentSays({ ...COMPLETED, costUsd: 0 } as AgentEvent);
    session.agentSays(counted);
    session.refusal = { code: 'budget_exceeded', message: 'Spent.', retryable: false };
    session.send('next');
    expect(session.log.find((event) => event.type === 'turn.failed')).toMatchObject({ costUsd: 0.25, usage: USAGE });
    expect(session.state.spentBetween).toBeNull();
  });

  test('[CALL1] between two turns belong to the one after', () => {
    const { session } = startedSession();
    session.agentSays({ ...COMPLETED, costUsd: 0 } as AgentEvent);
    session.agentSays(counted);
    session.agentSays({ type: 'messages.started', messageIds: [session.send('next')] });
    session.agentSays({ ...COMPLETED, costUsd: 0 } as AgentEvent);
    expect(session.log.filter((event) => event.type === 'turn.completed').map((event) => event.costUsd)).toEqual([
      0, 0.25,
    ]);
  });

  test('[CALL1] that are counted when their process is gone belong to the turn after', () => {
    const { session } = startedSession();
    session.agentSays({ type: 'block.started', blockId: 'b', kind: 'text' });
    session.agentSays({ type: 'exited' });
    session.agentSays(counted);
    const next = session.send('next');
    session.agentSays({ type: 'ready', agentSessionId: 'again' });
    session.agentSays({ type: 'messages.started', messageIds: [next] });
    session.agentSays({ ...COMPLETED, costUsd: 0 } as AgentEvent);
    expect(session.log.findLast((event) => event.type === 'turn.completed')).toMatchObject({ costUsd: 0.25 });
  });

  test('[CALL1] between two turns belong to the one after, also when their process was let go and after a crash', () => {
    const { session } = startedSession();
    session.agentSays({ ...COMPLETED, costUsd: 0 } as AgentEvent);
    session.agentSays(counted);
    session.input({ type: 'evict' });
    session.crash();
    const next = session.send('next');
    session.agentSays({ type: 'ready', agentSessionId: 'again' });
    session.agentSays({ type: 'messages.started', messageIds: [next] });
    session.agentSays({ ...COMPLETED, costUsd: 0 } as AgentEvent);
    expect(session.log.findLast((event) => event.type === 'turn.completed')).toMatchObject({ costUsd: 0.25 });
  });
});

describe('accounts in a session', () => {
  test('[SEL8] are told when they change, and not when a new process begins with the same', () => {
    const { session } = startedSession();
    const selected = (accountId: string): AgentEvent => ({
      type: 'account.selected',
      accountId,
      label: accountId,
      reason: 'selected',
    });
    for (const id of ['one', 'one', 'two']) session.agentSays(selected(id));
    const told = session.log.flatMap((event) => (event.type === 'account.selected' ? [event.accountId] : []));
    expect(told).toEqual(['one', 'two']);
    expect(session.state.accountId).toBe('two');
  });
});
