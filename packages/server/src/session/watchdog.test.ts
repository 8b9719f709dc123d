import { describe, expect, test } from 'vitest';
import { COMPLETED } from './testing/model-agent.ts';
import { CONFIG, SimulatedSession } from './testing/simulated-session.ts';
import { ask, call, say, startedSession } from './testing/stories.ts';
import { deadlineOf } from './watchdog.ts';

const { firstOutputTimeoutMs, silenceTimeoutMs } = CONFIG;

const deadline = (session: SimulatedSession): number | null => {
  const at = deadlineOf(session.state, session.config);
  return at === null ? null : at - session.now;
};

describe('the watchdog', () => {
  test('[WD1] ends an agent that never begins, after one more try', () => {
    const session = new SimulatedSession(CONFIG, true);
    const messageId = session.send('next');
    expect(deadline(session)).toBe(firstOutputTimeoutMs);
    session.reachDeadline();
    expect(session.commands).toEqual([`agent.send ${messageId}`, 'agent.kill', `agent.send ${messageId}`]);
    session.reachDeadline();
    expect(session.told().slice(-3)).toEqual(['turn failed: agent_silent', `${messageId} failed`, 'phase idle']);
  });

  test('[WD2] ends an agent that falls silent within its work', () => {
    const { session } = startedSession();
    say(session, 'b1', 'and then');
    expect(deadline(session)).toBe(silenceTimeoutMs);
    session.wait(silenceTimeoutMs - 1);
    session.agentSays({ type: 'activity' });
    expect(deadline(session)).toBe(silenceTimeoutMs);
    session.reachDeadline();
    expect(session.told().slice(-4)).toEqual([
      'block b1 interrupted: and then',
      'turn failed: agent_silent',
      expect.stringContaining('failed'),
      'phase idle',
    ]);
  });

  test('[WD1] looks again too early without harm', () => {
    const { session } = startedSession();
    const from = session.log.length;
    session.wait(firstOutputTimeoutMs - 1);
    session.tick();
    expect([session.told(from), session.commands.includes('agent.kill')]).toEqual([[], false]);
  });

  test('[WD3] sleeps while a tool of the turn runs or an approval waits', () => {
    const { session } = startedSession();
    call(session, 't1');
    expect(deadline(session)).toBeNull();
    session.wait(10 * silenceTimeoutMs);
    session.tick();
    expect(session.check.phase).toBe('tool');
    session.agentSays({ type: 'tool.completed', toolCallId: 't1', output: '', isError: false });
    expect(deadline(session)).toBe(silenceTimeoutMs);
    ask(session, 'a1');
    session.agentSays({ type: 'tool.completed', toolCallId: 'call-a1', output: '', isError: false });
    expect(deadline(session)).toBeNull();
    session.wait(10 * silenceTimeoutMs);
    session.answer('a1');
    expect(deadline(session)).toBe(silenceTimeoutMs);
  });

  test('[WD4] is not held off by work in the background', () => {
    const { session } = startedSession();
    session.agentSays({ type: 'tool.called', toolCallId: 'deep', name: 'Bash', input: {}, parentToolCallId: 'gone' });
    expect(deadline(session)).toBe(silenceTimeoutMs);
    session.agentSays(COMPLETED);
    expect(deadline(session)).toBeNull();
  });

  test('[WD5] watches over messages that the agent was to start', () => {
    const { session } = startedSession();
    const steer = session.send('next');
    session.agentSays(COMPLETED);
    expect([session.check.phase, deadline(session)]).toEqual(['connecting', firstOutputTimeoutMs]);
    session.reachDeadline();
    expect(session.commands.slice(-2)).toEqual(['agent.kill', `agent.send ${steer}`]);
    expect(session.fate(steer)).toBe('delivered');
  });

  test('[WD5] gives them their whole time from the end of the turn on', () => {
    const { session } = startedSession();
    session.send('next');
    for (let round = 0; round < 10; round += 1) {
      session.wait(firstOutputTimeoutMs - 1);
      session.agentSays({ type: 'activity' });
    }
    session.agentSays(COMPLETED);
    expect(deadline(session)).toBe(firstOutputTimeoutMs);
  });

  test('[WD6] waits out the delay of a retry', () => {
    const { session } = startedSession();
    const error = { code: 'rate_limited' } as const;
    session.agentSays({ type: 'retry.scheduled', attempt: 1, maxAttempts: 3, delayMs: 600_000, error });
    expect(deadline(session)).toBe(600_000 + firstOutputTimeoutMs);
  });

  test('[WD3] has nothing to do in an idle session', () => {
    const session = new SimulatedSession(CONFIG, true);
    expect(deadline(session)).toBeNull();
    session.tick();
    expect(session.log).toEqual([]);
  });
});
