import { describe, expect, test } from 'vitest';
import { COMPLETED } from './testing/model-agent.ts';
import { CONFIG } from './testing/simulated-session.ts';
import { ask, startedSession } from './testing/stories.ts';

const resolutions = (told: string[]): string[] => told.filter((one) => one.startsWith('approval a'));

describe('an approval', () => {
  test('[APR2] is answered once: the first answer counts, to the agent and to clients', () => {
    const { session } = startedSession();
    ask(session, 'a1');
    const [first, second] = [session.answer('a1', 'allow'), session.answer('a1', 'deny')];
    expect([session.replyTo(first), session.replyTo(second)]).toEqual(['ok', 'approval_resolved']);
    expect(session.commands.filter((command) => command === 'agent.answer')).toHaveLength(1);
    expect(session.log.at(-2)).toMatchObject({ decision: 'allow', scope: 'once', by: 'owner' });
  });

  test.each(['a2', 'constructor', '__proto__', 'toString', ''])('[APR6] nobody asked for (%j) is not found', (id) => {
    const { session } = startedSession();
    ask(session, 'a1');
    expect(session.replyTo(session.answer(id))).toBe('not_found');
    expect(resolutions(session.told())).toEqual([]);
  });

  test('[APR3] waits beside others, and each is answered for itself', () => {
    const { session } = startedSession();
    for (const id of ['a1', 'a2', 'a3']) ask(session, id);
    session.answer('a2', 'deny');
    expect(session.check.phase).toBe('awaiting_approval');
    expect([...session.check.pendingApprovals]).toEqual(['a1', 'a3']);
    session.answer('a1');
    session.answer('a3');
    expect(session.check.phase).toBe('tool');
  });

  test('[APR3] that is asked for twice is one', () => {
    const { session } = startedSession();
    ask(session, 'a1');
    ask(session, 'a1');
    expect(session.told().filter((told) => told === 'approval.requested')).toHaveLength(1);
  });

  test('[APR7] expires when its time is up, and the agent is told no', () => {
    const { session } = startedSession({ ...CONFIG, approvalTimeoutMs: 60_000 });
    ask(session, 'a1');
    expect(session.log.findLast((event) => event.type === 'approval.requested')).toMatchObject({
      expiresAt: new Date(session.now + 60_000).toISOString(),
    });
    session.wait(59_999);
    session.tick();
    expect(session.check.pendingApprovals.size).toBe(1);
    session.wait(1);
    session.tick();
    expect(resolutions(session.told())).toEqual(['approval a1 expired']);
    expect(session.commands.at(-1)).toBe('agent.answer');
    expect(session.replyTo(session.answer('a1'))).toBe('approval_resolved');
  });

  test('[APR9] is recalled to clients once, a while before it expires', () => {
    const { session } = startedSession({ ...CONFIG, approvalTimeoutMs: 100_000 });
    ask(session, 'a1');
    session.wait(50_000);
    ask(session, 'a2');
    const reminders = (): unknown[] =>
      session.log.flatMap((event) => (event.type === 'notice' ? [[event.code, event.text]] : []));
    session.wait(29_999);
    session.tick();
    expect(reminders()).toEqual([]);
    session.reachDeadline();
    expect(reminders()).toEqual([['approval_expiring', expect.stringContaining('20 s')]]);
    session.wait(1_000);
    session.tick();
    expect(reminders()).toHaveLength(1);
    session.answer('a2');
    session.reachDeadline();
    expect(resolutions(session.told())).toEqual(['approval a2 allow', 'approval a1 expired']);
    expect(reminders()).toHaveLength(1);
  });

  test('[APR9] with a long time is recalled a minute before', () => {
    const { session } = startedSession({ ...CONFIG, approvalTimeoutMs: 3_600_000 });
    ask(session, 'a1');
    session.reachDeadline();
    expect(session.log.at(-1)).toMatchObject({ type: 'notice', text: expect.stringContaining('60 s') as unknown });
    expect(session.check.pendingApprovals.size).toBe(1);
  });

  test('[APR7] waits for ever when no time is set', () => {
    const { session } = startedSession();
    ask(session, 'a1');
    session.wait(365 * 24 * 3_600_000);
    session.tick();
    expect(session.check.phase).toBe('awaiting_approval');
    expect(session.replyTo(session.answer('a1'))).toBe('ok');
  });

  test('[APR5] is cancelled when the agent no longer waits for it', () => {
    const { session } = startedSession();
    ask(session, 'a1');
    session.agentSays({ type: 'approval.withdrawn', approvalId: 'a1' });
    session.agentSays({ type: 'approval.withdrawn', approvalId: 'a1' });
    expect(resolutions(session.told())).toEqual(['approval a1 cancelled']);
  });

  test('[APR5] is cancelled when the turn is cut, and when the process dies between two turns', () => {
    const { session } = startedSession();
    ask(session, 'a1');
    session.interrupt();
    session.agentSays({ type: 'turn.ended', outcome: 'interrupted' });
    expect(resolutions(session.told())).toEqual(['approval a1 cancelled']);
    const subagent = { approvalId: 'a2', kind: 'tool' as const, toolCallId: 'deep', toolName: 'Bash', input: {} };
    session.agentSays({ type: 'approval.requested', approval: { ...subagent, suggestions: [] } });
    expect([session.check.phase, session.state.turn]).toEqual(['awaiting_approval', null]);
    session.agentSays({ type: 'exited' });
    expect(resolutions(session.told()).at(-1)).toBe('approval a2 cancelled');
    expect(session.check.phase).toBe('idle');
  });

  test('[APR4] of a question is answered; a tool is allowed or denied', () => {
    const { session } = startedSession();
    ask(session, 'a1');
    ask(session, 'a2', 'question');
    const answer = { decision: 'answer' as const, answers: { 'Which one?': 'this' } };
    for (const approvalId of ['a1', 'a2']) {
      session.input({ type: 'approval.answer', requestId: `to ${approvalId}`, approvalId, answer, by: 'owner' });
    }
    expect([...session.check.pendingApprovals]).toEqual(['a1']);
    expect(resolutions(session.told())).toEqual(['approval a2 answer']);
  });

  test('[APR8] tells for how long its answer holds', () => {
    const { session } = startedSession();
    ask(session, 'a1');
    const answer = { decision: 'allow' as const, scope: 'session' as const };
    session.input({ type: 'approval.answer', requestId: 'r', approvalId: 'a1', answer, by: 'phone' });
    const resolved = session.log.findLast((event) => event.type === 'approval.resolved');
    expect(resolved).toMatchObject({ scope: 'session', by: 'phone' });
  });

  test('[APR5] is left to a subagent in the background when the turn completes', () => {
    const { session } = startedSession();
    const subagent = { approvalId: 'a1', kind: 'tool' as const, toolCallId: 'deep', toolName: 'Bash', input: {} };
    session.agentSays({ type: 'approval.requested', approval: { ...subagent, suggestions: [] } });
    session.agentSays(COMPLETED);
    expect(session.check.phase).toBe('awaiting_approval');
    expect(session.replyTo(session.answer('a1'))).toBe('ok');
    expect(session.check.phase).toBe('idle');
  });
});
