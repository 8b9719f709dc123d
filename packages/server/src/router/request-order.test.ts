import { expect, test } from 'vitest';
import { deferred } from '../concurrency/deferred.ts';
import { houses, idle, log, OWNER } from '../actor/testing/session-house.ts';
import { SendLine } from './send-line.ts';

const { open } = houses();

test('[WS5] an interrupt that comes right after a message stops its turn', async () => {
  const house = await open();
  const { id } = await house.sessions.create(OWNER, {});
  await house.sessions.send(OWNER, id, { content: '[[say warm]]' });
  await idle(house, id);
  const sent = house.sessions.send(OWNER, id, { content: '[[hang]]', clientMessageId: 'k' });
  const interrupted = house.sessions.interrupt(id, false);
  expect(await interrupted).toMatchObject({ interrupted: true });
  await sent;
  await idle(house, id);
  expect(
    (await log(house.sessions, id)).filter(({ type }) => type.startsWith('turn.')).map(({ type }) => type),
  ).toEqual(['turn.started', 'turn.completed', 'turn.started', 'turn.interrupted']);
});

test('[WS5] a change that comes right after a message does not overtake it', async () => {
  const house = await open();
  const { id } = await house.sessions.create(OWNER, {});
  const sent = house.sessions.send(OWNER, id, { content: '[[say hello]]' });
  const named = house.sessions.update(id, { title: 'named' });
  await Promise.all([sent, named]);
  await idle(house, id);
  const types = (await log(house.sessions, id)).map(({ type }) => type);
  const change = (await log(house.sessions, id)).findIndex(
    (event) => event.type === 'session.updated' && event.changes.title === 'named',
  );
  expect(types.indexOf('message.queued')).toBeGreaterThan(0);
  expect(change).toBeGreaterThan(types.indexOf('message.queued'));
});

test('[WS5] what waits for a message goes on when that is refused, and waits for nothing of another session', async () => {
  const line = new SendLine();
  const order: string[] = [];
  const refused = deferred<void>();
  const sent = line.run('one', () => refused.promise).catch(() => order.push('refused'));
  const passed = line.passed('one').then(() => order.push('passed'));
  await line.passed('two');
  order.push('two');
  refused.reject(new Error('no'));
  await Promise.all([sent, passed]);
  expect(order.toSorted()).toEqual(['passed', 'refused', 'two']);
  expect(order[0]).toBe('two');
});
