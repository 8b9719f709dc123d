import { describe, expect, test } from 'vitest';
import { COMPLETED } from './testing/model-agent.ts';
import { CONFIG, SimulatedSession } from './testing/simulated-session.ts';
import { ask, call, say, startedSession } from './testing/stories.ts';

const INTERRUPTED = { type: 'turn.ended', outcome: 'interrupted' } as const;

describe('an interrupt', () => {
  test.each([
    ['while nothing has come', () => undefined],
    ['while text streams', (session: SimulatedSession) => say(session, 'b1', 'half')],
    ['while a tool runs', (session: SimulatedSession) => call(session, 't1')],
    ['while an approval waits', (session: SimulatedSession) => ask(session, 'a1')],
    [
      'while a retry waits',
      (session: SimulatedSession) =>
        session.agentSays({
          type: 'retry.scheduled',
          attempt: 1,
          maxAttempts: 9,
          delayMs: 60_000,
          error: { code: 'rate_limited' },
        }),
    ],
  ])('[INT1] stops the turn %s', (_, work) => {
    const { session, first } = startedSession();
    work(session);
    expect(session.replyTo(session.interrupt())).toBe('ok');
    expect(session.check.phase).toBe('interrupting');
    session.agentSays(INTERRUPTED);
    expect(session.told().slice(-3)).toEqual(['turn interrupted by user', `${first} completed`, 'phase idle']);
  });

  test('[INT1] names the turn that it stops', () => {
    const { session } = startedSession();
    const turnId = session.state.turn!.turnId;
    expect(session.replies.get(session.interrupt())).toEqual({
      ok: true,
      result: { type: 'interrupt', result: { interrupted: true, turnId } },
    });
  });

  test('[INT3] of an idle session does nothing', () => {
    const session = new SimulatedSession(CONFIG, true);
    const request = session.interrupt();
    expect(session.replies.get(request)).toEqual({
      ok: true,
      result: { type: 'interrupt', result: { interrupted: false } },
    });
    expect([session.log, session.commands]).toEqual([[], []]);
  });

  test('[INT5] of a turn that is being stopped changes nothing', () => {
    const { session } = startedSession();
    session.interrupt();
    session.interrupt();
    session.send('now');
    expect(session.commands.filter((command) => command === 'agent.interrupt')).toHaveLength(1);
  });

  test('[INT6] that the agent does not heed ends its process, and the next message gets a fresh one', () => {
    const { session, first } = startedSession();
    say(session, 'b1', 'half');
    session.interrupt();
    const waits = session.send('next');
    session.wait(CONFIG.interruptTimeoutMs);
    session.tick();
    expect(session.told().slice(-6)).toEqual([
      'block b1 interrupted: half',
      'turn interrupted by user',
      `${first} completed`,
      'turn started',
      `${waits} delivered as turn`,
      'phase initializing',
    ]);
    expect(session.commands.slice(-2)).toEqual(['agent.kill', `agent.send ${waits}`]);
    expect(session.state.carried).toEqual([first]);
  });

  test('[INT7] of a process that dies of it is an interrupt, no failure', () => {
    const { session } = startedSession();
    session.interrupt();
    session.agentSays({ type: 'exited', error: { code: 'agent_crashed', message: 'Killed.', retryable: true } });
    expect(session.told()).toContain('turn interrupted by user');
  });

  test('[INT7] comes too late for a turn that ends by itself', () => {
    const { session } = startedSession();
    session.interrupt();
    session.agentSays(COMPLETED);
    expect(session.told()).toContain('turn completed');
  });

  test('[INT4] leaves the queue, which goes on by itself', () => {
    const { session } = startedSession();
    const [steer, later] = [session.send('next'), session.send('later')];
    session.interrupt();
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: true });
    session.agentSays(INTERRUPTED);
    expect(session.fate(steer)).toBe('delivered');
    expect(session.fate(later)).toBe('queued');
  });

  test('[INT4] cancels the queue when it is asked to, also what the agent holds', () => {
    const { session } = startedSession();
    const [steer, later] = [session.send('next'), session.send('later')];
    session.interrupt(true);
    expect(session.fate(later)).toBe('cancelled');
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: true });
    session.agentSays(INTERRUPTED);
    expect(session.fate(steer)).toBe('cancelled');
    expect(session.log.filter((event) => event.type === 'message.cancelled')).toEqual([
      expect.objectContaining({ messageId: later, reason: 'interrupt' }),
      expect.objectContaining({ messageId: steer, reason: 'interrupt' }),
    ]);
    expect(session.check.phase).toBe('idle');
  });

  test('[INT4] cannot cancel what the agent has taken: it ends with the turn', () => {
    const { session } = startedSession();
    const steer = session.send('next');
    session.interrupt(true);
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: false });
    session.agentSays({ type: 'messages.started', messageIds: [steer] });
    session.agentSays(INTERRUPTED);
    expect(session.fate(steer)).toBe('completed');
  });

  test('[INT8] before the agent saw the message keeps the message for the next process', () => {
    const session = new SimulatedSession(CONFIG, true);
    const unseen = session.send('next');
    session.interrupt();
    session.agentSays({ type: 'message.withdrawn', messageId: unseen, ok: true });
    session.agentSays(INTERRUPTED);
    expect(session.fate(unseen)).toBe('completed');
    expect(session.commands.at(-1)).toBe('agent.close');
    expect(session.state.carried).toEqual([unseen]);
    session.send('next');
    session.comeToRest();
    session.checkRest();
    expect(session.conversation.messageIds[0]).toBe(unseen);
  });
});
