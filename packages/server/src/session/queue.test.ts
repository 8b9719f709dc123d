import { describe, expect, test } from 'vitest';
import { CONFIG, SimulatedSession } from './testing/simulated-session.ts';
import { COMPLETED } from './testing/model-agent.ts';
import { startedSession } from './testing/stories.ts';

/** A session whose first message runs, on an agent that is up. */
function running(config = CONFIG): { session: SimulatedSession; first: string } {
  const started = startedSession(config);
  started.session.agentSays({ type: 'block.started', blockId: 'b1', kind: 'text' });
  return started;
}

const order = (session: SimulatedSession): string[] => session.state.queue.map((entry) => entry.messageId);

describe('a message', () => {
  test.each(['now', 'next', 'later'] as const)(
    '[MSG1] with priority %s starts a turn in an idle session',
    (priority) => {
      const session = new SimulatedSession(CONFIG, true);
      const messageId = session.send(priority);
      expect(session.told()).toEqual([
        `${messageId} queued ${priority} at 0`,
        'title.updated',
        'turn started',
        `${messageId} delivered as turn`,
        'phase initializing',
      ]);
      expect(session.commands).toEqual([`agent.send ${messageId}`]);
    },
  );

  test('[MSG9] joins the queue behind all that are as urgent', () => {
    const { session } = running({ ...CONFIG, steering: false });
    const later = session.send('later');
    const next = session.send('next');
    const latest = session.send('later');
    const another = session.send('next');
    expect(order(session)).toEqual([next, another, later, latest]);
  });

  test('[MSG3] now: cuts the running turn and starts the next one', () => {
    const { session, first } = running();
    session.agentSays({ type: 'block.delta', blockId: 'b1', text: 'half a' });
    const from = session.log.length;
    const urgent = session.send('now');
    expect(session.commands.at(-1)).toBe('agent.interrupt');
    session.agentSays({ type: 'turn.ended', outcome: 'interrupted' });
    expect(session.told(from)).toEqual([
      `${urgent} queued now at 0`,
      'phase interrupting',
      'block b1 interrupted: half a',
      'turn interrupted by message',
      `${first} completed`,
      'turn started',
      `${urgent} delivered as turn`,
      'phase connecting',
    ]);
  });

  test('[MSG3] now: does not wait for messages that are being taken back', () => {
    const { session } = running();
    const steer = session.send('next');
    session.cancel(steer);
    session.send('now');
    expect(session.commands.slice(-2)).toEqual([`agent.withdraw ${steer}`, 'agent.interrupt']);
  });

  test('[MSG3] now: two at once, and the second cuts the first', () => {
    const session = new SimulatedSession(CONFIG, true);
    const first = session.send('now');
    const second = session.send('now');
    expect(session.fate(first)).toBe('delivered');
    expect(session.check.phase).toBe('interrupting');
    session.comeToRest();
    expect([session.fate(first), session.fate(second)]).toEqual(['completed', 'completed']);
  });

  test('[MSG3] now: starts the next turn from wherever it was put, and the others keep their order', () => {
    const { session, first } = running();
    const [a, b, c] = [session.send('later'), session.send('later'), session.send('later')];
    session.update(b, { priority: 'now', place: 1 });
    expect(session.told().slice(-2)).toEqual([`${b} updated now at 1`, 'phase interrupting']);
    const from = session.log.length;
    session.agentSays({ type: 'turn.ended', outcome: 'interrupted' });
    expect(session.told(from)).toEqual([
      'block b1 interrupted: ',
      'turn interrupted by message',
      `${first} completed`,
      'turn started',
      `${b} delivered as turn`,
      'phase connecting',
    ]);
    expect(order(session)).toEqual([a, c]);
    session.agentSays({ type: 'messages.started', messageIds: [b] });
    session.agentSays(COMPLETED);
    expect(session.commands.at(-1)).toBe(`agent.send ${a}`);
  });

  test('[MSG3] now: several start in the order of the queue, past what was put before them', () => {
    const { session } = running();
    const [a, b, c] = [session.send('later'), session.send('later'), session.send('later')];
    session.update(c, { priority: 'now', place: 2 });
    session.update(b, { priority: 'now', place: 1 });
    expect(order(session)).toEqual([a, b, c]);
    session.agentSays({ type: 'turn.ended', outcome: 'interrupted' });
    expect([session.fate(b), session.check.phase]).toEqual(['delivered', 'interrupting']);
    session.agentSays({ type: 'turn.ended', outcome: 'interrupted' });
    expect(session.told().slice(-3)).toEqual(['turn started', `${c} delivered as turn`, 'phase initializing']);
    expect(order(session)).toEqual([a]);
  });

  test('[MSG3] now: does not use up what was put before it when the turn ends by itself', () => {
    const { session } = running();
    const [a, b] = [session.send('later'), session.send('later')];
    session.update(b, { priority: 'now', place: 1 });
    session.agentSays(COMPLETED);
    expect([session.fate(a), session.fate(b), session.check.phase]).toEqual(['queued', 'delivered', 'connecting']);
  });

  test('[MSG2] next: goes to an agent that can be steered, which takes it into the turn', () => {
    const { session, first } = running();
    const steer = session.send('next');
    expect(session.commands.at(-1)).toBe(`agent.send ${steer}`);
    expect(session.fate(steer)).toBe('queued');
    session.agentSays({ type: 'messages.started', messageIds: [steer] });
    session.agentSays({ type: 'block.completed', blockId: 'b1', text: '' });
    session.agentSays(COMPLETED);
    expect(session.told()).toContain(`${steer} delivered as steer`);
    expect([session.fate(first), session.fate(steer)]).toEqual(['completed', 'completed']);
    expect(session.told().filter((told) => told === 'turn started')).toHaveLength(1);
  });

  test('[MSG2] next: starts the next turn when the agent found no place for it', () => {
    const { session, first } = running();
    const steer = session.send('next');
    const from = session.log.length;
    session.agentSays(COMPLETED);
    session.agentSays({ type: 'messages.started', messageIds: [steer] });
    expect(session.told(from)).toEqual([
      'block b1 interrupted: ',
      'turn completed',
      `${first} completed`,
      'phase connecting',
      'turn started',
      `${steer} delivered as turn`,
    ]);
  });

  test('[MSG2] next: waits for the next turn of an agent that cannot be steered', () => {
    const { session } = running({ ...CONFIG, steering: false });
    const waits = session.send('next');
    expect(session.commands).not.toContain(`agent.send ${waits}`);
    session.agentSays(COMPLETED);
    expect(session.commands.at(-1)).toBe(`agent.send ${waits}`);
  });

  test('[MSG4] later: gets a turn of its own, after every next', () => {
    const { session } = running();
    const later = session.send('later');
    const next = session.send('next');
    session.agentSays(COMPLETED);
    session.agentSays({ type: 'messages.started', messageIds: [next] });
    expect(session.fate(later)).toBe('queued');
    session.agentSays(COMPLETED);
    expect(session.commands.at(-1)).toBe(`agent.send ${later}`);
  });

  test('[MSG10] is delivered once, however often the agent says that it started', () => {
    const { session, first } = running();
    const steer = session.send('next');
    session.agentSays({ type: 'messages.started', messageIds: [steer, first, steer] });
    session.agentSays({ type: 'messages.started', messageIds: [steer, 'nobody'] });
    expect(session.told().filter((told) => told.includes('delivered'))).toEqual([
      `${first} delivered as turn`,
      `${steer} delivered as steer`,
    ]);
  });
});

describe('a queued message', () => {
  test('[MSG6] is changed and moved', () => {
    const { session } = running({ ...CONFIG, steering: false });
    const [a, b, c] = [session.send('later'), session.send('later'), session.send('later')];
    session.update(c, { place: 0, content: 'changed' });
    expect(order(session)).toEqual([c, a, b]);
    session.update(a, { priority: 'next' });
    expect(order(session)).toEqual([a, c, b]);
    session.update(a, { place: 99 });
    expect(order(session)).toEqual([c, b, a]);
    const kept = session.update(b, { content: 'only the words' });
    expect(session.told().at(-1)).toBe(`${b} updated later at 1`);
    expect(session.replyTo(kept)).toBe('ok');
  });

  test('[MSG6] that becomes urgent cuts the turn', () => {
    const { session } = running();
    const waits = session.send('later');
    session.update(waits, { priority: 'now' });
    expect(session.commands.at(-1)).toBe('agent.interrupt');
  });

  test('[MSG6] is cancelled', () => {
    const { session } = running();
    const waits = session.send('later');
    expect(session.replyTo(session.cancel(waits))).toBe('ok');
    expect(session.fate(waits)).toBe('cancelled');
  });

  test('[MSG11] that the agent holds is asked back first', () => {
    const { session } = running();
    const steer = session.send('next');
    const request = session.cancel(steer);
    expect(session.commands.at(-1)).toBe(`agent.withdraw ${steer}`);
    expect(session.replyTo(request)).toBeUndefined();
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: true });
    expect([session.replyTo(request), session.fate(steer)]).toEqual(['ok', 'cancelled']);
  });

  test('[MSG11] goes to the agent again with its new words', () => {
    const { session } = running();
    const steer = session.send('next');
    session.update(steer, { content: 'other words' });
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: true });
    expect(session.commands.slice(-2)).toEqual([`agent.withdraw ${steer}`, `agent.send ${steer}`]);
  });

  test('[MSG11] that the agent does not give back any more is delivered', () => {
    const { session } = running();
    const steer = session.send('next');
    const request = session.cancel(steer);
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: false });
    expect(session.replyTo(request)).toBe('message_delivered');
    const again = session.cancel(steer);
    expect(session.replyTo(again)).toBe('message_delivered');
    session.agentSays({ type: 'messages.started', messageIds: [steer] });
    expect(session.fate(steer)).toBe('delivered');
  });

  test('[MSG11] that starts while it is asked back is delivered, and the others move on', () => {
    const { session } = running();
    const [steer, later] = [session.send('next'), session.send('later')];
    const [tooLate, moved] = [session.cancel(steer), session.update(later, { place: 0 })];
    session.agentSays({ type: 'messages.started', messageIds: [steer] });
    expect([session.replyTo(tooLate), session.replyTo(moved)]).toEqual(['message_delivered', 'ok']);
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: false });
    expect(order(session)).toEqual([later]);
  });

  test('[MSG11] is not asked back for ever when another one is moved', () => {
    const { session } = running();
    const [steer, later] = [session.send('next'), session.send('later')];
    const moved = session.update(later, { place: 0 });
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: false });
    expect(session.replyTo(moved)).toBe('ok');
    expect(session.commands.filter((command) => command === `agent.withdraw ${steer}`)).toHaveLength(1);
  });

  test('[MSG11] whose change waits while the turn ends is changed before the next one starts', () => {
    const { session } = running();
    const steer = session.send('next');
    const request = session.update(steer, { content: 'other words' });
    session.agentSays(COMPLETED);
    expect(session.check.phase).toBe('connecting');
    session.agentSays({ type: 'message.withdrawn', messageId: steer, ok: true });
    expect(session.replyTo(request)).toBe('ok');
    expect(session.told().slice(-4)).toEqual([
      'phase connecting',
      `${steer} updated next at 0`,
      'turn started',
      `${steer} delivered as turn`,
    ]);
  });

  test('[MSG12] whose agent dies is given back: the change is made and answered', () => {
    const { session } = running();
    const steer = session.send('next');
    const request = session.cancel(steer);
    session.agentSays({ type: 'exited' });
    expect([session.replyTo(request), session.fate(steer)]).toEqual(['ok', 'cancelled']);
  });

  test('[MSG6] can be changed no more once it is delivered', () => {
    const { session, first } = running();
    expect(session.replyTo(session.cancel(first))).toBe('message_delivered');
    expect(session.replyTo(session.update(first, { priority: 'now' }))).toBe('message_delivered');
  });
});
