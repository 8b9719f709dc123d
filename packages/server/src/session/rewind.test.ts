import { describe, expect, test } from 'vitest';
import { COMPLETED } from './testing/model-agent.ts';
import { say, startedSession } from './testing/stories.ts';
import { SimulatedSession, CONFIG } from './testing/simulated-session.ts';

/** A session with two turns behind it. */
function twoTurns(): { session: SimulatedSession; first: string; second: string } {
  const session = new SimulatedSession(CONFIG, true);
  const first = session.send('next');
  session.comeToRest();
  const second = session.send('next');
  session.comeToRest();
  return { session, first, second };
}

const told = (session: SimulatedSession, type: string): unknown[] => session.log.filter((event) => event.type === type);

describe('a rewind', () => {
  test('[REW1][REW2] is one event, and the next process has exactly what is left', () => {
    const { session, first, second } = twoTurns();
    expect(session.conversation.messageIds).toEqual([first, second]);
    const request = session.rewind(1);
    expect(session.replyTo(request)).toBe('ok');
    expect(told(session, 'session.rewound')).toMatchObject([{ turns: 1 }]);
    expect(session.commands).toEqual(['agent.close']);
    const third = session.send('next');
    session.comeToRest();
    session.checkRest();
    expect(session.conversation.messageIds).toEqual([first, third]);
    expect(session.state.rewind).toBeNull();
  });

  test('[REW1] holds over a crash of the server, until an agent has begun anew', () => {
    const { session, first } = twoTurns();
    session.rewind(1);
    session.crash();
    expect(session.state.rewind).toMatchObject({ lastMessageId: first });
    const third = session.send('next');
    session.crash();
    expect(session.state.rewind).toMatchObject({ lastMessageId: first });
    session.comeToRest();
    const fourth = session.send('next');
    session.comeToRest();
    expect(session.conversation.messageIds).toEqual([first, third, fourth]);
    expect(session.state.rewind).toBeNull();
  });

  test('[REW1] to the beginning leaves nothing', () => {
    const { session } = twoTurns();
    session.rewind(0);
    const third = session.send('next');
    session.comeToRest();
    expect(session.conversation.messageIds).toEqual([third]);
  });

  test('[REW1] twice before the agent begins anew goes back to the further place', () => {
    const { session, first } = twoTurns();
    session.send('next');
    session.comeToRest();
    session.rewind(2);
    session.rewind(1);
    const next = session.send('next');
    session.comeToRest();
    expect(session.conversation.messageIds).toEqual([first, next]);
  });

  test('[REW1] does not bring back a message that a crash had left in doubt', () => {
    const { session, first } = startedSession();
    say(session, 'b1', 'half');
    session.crash();
    expect(session.state.carried).toEqual([first]);
    session.rewind(0);
    expect(session.state.carried).toEqual([]);
    const next = session.send('next');
    session.comeToRest();
    expect(session.conversation.messageIds).toEqual([next]);
  });

  test('[REW3] is refused while a turn runs, and while the agent holds a message that it may start', () => {
    const { session } = startedSession();
    expect(session.replyTo(session.beginRewind(0))).toBe('invalid_request');
    const steer = session.send('next');
    expect(session.state.queue).toMatchObject([{ messageId: steer, hold: 'handed' }]);
    session.agentSays(COMPLETED);
    expect(session.state.turn).toBeNull();
    expect(session.replyTo(session.beginRewind(0))).toBe('invalid_request');
    expect(session.state.held).toBe(false);
    session.comeToRest();
    session.checkRest();
  });

  test('[REW3] is refused while another one is on its way, and when the server stops', () => {
    const { session } = twoTurns();
    session.beginRewind(1);
    expect(session.replyTo(session.beginRewind(1))).toBe('invalid_request');
    expect(session.replyTo(session.endRewind())).toBe('ok');
    session.input({ type: 'drain' });
    expect(session.replyTo(session.beginRewind(1))).toBe('agent_unavailable');
  });

  test('[REW3] is given up when the agent begins to work by itself meanwhile', () => {
    const { session } = twoTurns();
    session.beginRewind(0);
    session.agentSays({ type: 'block.started', blockId: 'b1', kind: 'text' });
    expect(session.replyTo(session.endRewind())).toBe('invalid_request');
    expect(told(session, 'session.rewound')).toEqual([]);
    session.comeToRest();
    session.checkRest();
  });

  test('[REW3] of which only the outcome is asked does not end background work', () => {
    const { session } = twoTurns();
    const task = { taskId: 't', kind: 'shell', title: 'A task', status: 'running' as const };
    session.agentSays({ type: 'background.changed', tasks: [task] });
    const requestId = session.newId('request');
    session.waiting.add(requestId);
    session.input({ type: 'rewind.begin', requestId, agent: 'leaves when free' });
    expect(session.replyTo(requestId)).toBe('invalid_request');
    expect(session.commands).toEqual([]);
    expect(session.state.held).toBe(false);
  });

  test('[REW4] holds what is sent meanwhile, and lets it go on after it', () => {
    const { session, first } = twoTurns();
    session.beginRewind(1);
    const third = session.send('now');
    session.input({ type: 'evict' });
    session.tick();
    expect(session.fate(third)).toBe('queued');
    expect(session.state.turn).toBeNull();
    session.endRewind();
    expect(session.fate(third)).toBe('delivered');
    session.comeToRest();
    session.checkRest();
    expect(session.conversation.messageIds).toEqual([first, third]);
  });

  test('[REW4] that is given up, or that a crash cut, lets the queue go on as well', () => {
    for (const end of ['given up', 'crash'] as const) {
      const { session, first, second } = twoTurns();
      session.beginRewind(1);
      const third = session.send('next');
      if (end === 'crash') session.crash();
      else session.input({ type: 'rewind.end', requestId: 'x', done: null });
      session.comeToRest();
      session.checkRest();
      expect(session.conversation.messageIds).toEqual([first, second, third]);
    }
  });

  test('[REW5] of files alone leaves the conversation and the agent’s process', () => {
    const { session, first, second } = twoTurns();
    session.beginRewind(0);
    const done = { toSeq: 0, turns: 2, cut: null, files: ['/srv/a.txt'] };
    session.input({ type: 'rewind.end', requestId: 'x', done });
    expect(told(session, 'files.rewound')).toMatchObject([{ toSeq: 0, files: ['/srv/a.txt'] }]);
    expect(told(session, 'session.rewound')).toEqual([]);
    const third = session.send('next');
    session.comeToRest();
    expect(session.conversation.messageIds).toEqual([first, second, third]);
  });
});
