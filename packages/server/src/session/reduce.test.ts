import { describe, expect, test } from 'vitest';
import { COMPLETED } from './testing/model-agent.ts';
import { CONFIG, SimulatedSession } from './testing/simulated-session.ts';
import { ask, call, say, startedSession } from './testing/stories.ts';

describe('a session that is loaded after its server died', () => {
  test('[RES2] ends the cut turn with the text that was stored, and nothing is left open', () => {
    const { session, first } = startedSession();
    say(session, 'b1', 'half an ans');
    ask(session, 'a1');
    const from = session.log.length;
    session.crash();
    expect(session.told(from)).toEqual([
      'block b1 interrupted: half an ans',
      'tool.completed',
      'approval a1 cancelled',
      'turn interrupted by crash',
      `${first} completed`,
      'phase idle',
    ]);
  });

  test('[RES5] goes on with its queue, in its order', () => {
    const { session } = startedSession();
    const [steer, later] = [session.send('next'), session.send('later')];
    session.crash();
    expect(session.fate(steer)).toBe('delivered');
    session.comeToRest();
    session.checkRest();
    expect(session.fate(later)).toBe('completed');
  });

  test('[RES5] has cancelled what was to be cancelled, though nobody hears the answer', () => {
    const { session } = startedSession();
    const steer = session.send('next');
    session.interrupt(true);
    session.crash();
    expect(session.fate(steer)).toBe('cancelled');
  });

  test('[RES6] gives the agent what it may have missed, until a turn has completed', () => {
    const { session, first } = startedSession();
    session.crash();
    const second = session.send('next');
    expect(session.state.carried).toEqual([first]);
    session.crash();
    expect(session.state.carried).toEqual([first, second]);
    session.send('next');
    session.comeToRest();
    session.checkRest();
    expect(session.state.carried).toEqual([]);
    expect(session.conversation.messageIds.slice(0, 2)).toEqual([first, second]);
  });

  test('[RES8] sends a message again that a process took unheard, and names it as pending before', () => {
    const session = new SimulatedSession(CONFIG, true);
    const first = session.send('next');
    const oneMove = (): void => session.agentMoves(true)[0]?.();
    session.carry();
    for (const _ of ['ready', 'takes', 'starts']) oneMove();
    const steer = session.send('next');
    session.carry();
    session.interrupt();
    session.wait(CONFIG.interruptTimeoutMs);
    session.tick();
    const unheard = (): void => session.agentMoves()[0]?.();
    for (const _ of ['takes', 'starts']) unheard();
    expect(session.conversation.messageIds).toEqual([first, steer]);
    expect(session.effects.findLast((effect) => effect.type === 'agent.send')).toMatchObject({ pending: [steer] });
    session.comeToRest();
    session.checkRest();
    expect(session.conversation.messageIds).toEqual([first, steer]);
  });

  test('[RES7] hears nothing of processes that were before', () => {
    const { session } = startedSession();
    session.crash();
    const from = session.log.length;
    say(session, 'b9', 'I am still here');
    session.agentSays(COMPLETED, 0);
    session.agentSays({ type: 'exited' }, 0);
    expect(session.told(from)).toEqual([]);
  });

  test('[RES5] accepts work again when its server had been draining', () => {
    const { session } = startedSession();
    session.input({ type: 'drain' });
    const waits = session.send('next');
    session.agentSays(COMPLETED);
    expect([session.fate(waits), session.check.phase]).toEqual(['queued', 'idle']);
    session.crash();
    expect(session.fate(waits)).toBe('delivered');
  });
});

describe('a session whose server stops', () => {
  test('[SES11] draining: the turn comes to its end, and no other begins', () => {
    const { session, first } = startedSession();
    const steer = session.send('next');
    session.input({ type: 'drain' });
    const later = session.send('later');
    session.send('now');
    session.agentSays(COMPLETED);
    expect([session.fate(first), session.fate(steer), session.fate(later)]).toEqual(['completed', 'queued', 'queued']);
    expect([session.commands.at(-1), session.check.phase]).toEqual(['agent.close', 'idle']);
  });

  test('[RES4] at once: the turn is interrupted by shutdown, and messages are kept', () => {
    const { session } = startedSession();
    const waits = session.send('later');
    session.input({ type: 'shutdown' });
    session.agentSays({ type: 'turn.ended', outcome: 'interrupted' });
    expect(session.told()).toContain('turn interrupted by shutdown');
    expect([session.fate(waits), session.commands.at(-1)]).toEqual(['queued', 'agent.close']);
  });
});

describe('a session that is closed', () => {
  test('[SES8] ends everything, and refuses what comes then', () => {
    const { session, first } = startedSession();
    call(session, 't1');
    const waits = session.send('later');
    const from = session.log.length;
    session.close();
    expect(session.told(from)).toEqual([
      'tool.completed',
      'turn interrupted by user',
      `${first} completed`,
      `${waits} cancelled`,
      'session.closed',
      'phase closed',
    ]);
    expect(session.commands.at(-1)).toBe('agent.kill');
    expect(session.replyTo(session.interrupt())).toBe('session_closed');
    session.send('now');
    session.crash();
    expect(session.told().at(-1)).toBe('phase closed');
  });
});

describe('the agent of a session', () => {
  test('[SES7] tells its own id, which may change, beside the session’s', () => {
    const { session } = startedSession();
    session.agentSays({ type: 'ready', agentSessionId: 'conversation-1' });
    session.agentSays({ type: 'ready', agentSessionId: 'conversation-2' });
    const changes = session.log.flatMap((event) => (event.type === 'session.updated' ? [event.changes] : []));
    expect(changes).toEqual([{ agentSessionId: 'conversation-1' }, { agentSessionId: 'conversation-2' }]);
  });

  test('[SES9] is configured while it lives, and not woken for it', () => {
    const { session } = startedSession();
    const changes = { model: 'other', title: 'Mine' };
    session.input({ type: 'session.update', requestId: 'r1', changes });
    expect(session.commands.at(-1)).toBe('agent.configure');
    session.agentSays(COMPLETED);
    session.input({ type: 'evict' });
    session.input({ type: 'session.update', requestId: 'r2', changes });
    expect(session.commands.at(-1)).toBe('agent.close');
  });

  test('[SES12] is let go when the session is idle, never in its work, and the next message wakes it', () => {
    const { session } = startedSession();
    session.input({ type: 'evict' });
    expect(session.commands).not.toContain('agent.close');
    session.agentSays({
      type: 'background.changed',
      tasks: [{ taskId: 't', kind: 'shell', title: 'A server', status: 'running' }],
    });
    session.agentSays(COMPLETED);
    session.input({ type: 'evict' });
    expect(session.commands).not.toContain('agent.close');
    session.agentSays({ type: 'background.changed', tasks: [] });
    session.input({ type: 'evict' });
    expect(session.commands.at(-1)).toBe('agent.close');
    const next = session.send('next');
    expect(session.commands.at(-1)).toBe(`agent.send ${next}`);
  });

  test('[SES10] the first message gives the session its title, unless it has one', () => {
    const session = new SimulatedSession(CONFIG, true);
    session.send('next');
    session.send('next');
    expect(session.told().filter((told) => told === 'title.updated')).toHaveLength(1);
  });
});
