import { expect, test } from 'vitest';
import { houses, idle, log, OWNER } from '../actor/testing/session-house.ts';

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

test('[WS5] what comes after a message that is refused is done all the same', async () => {
  const house = await open();
  const { id } = await house.sessions.create(OWNER, {});
  const [sent, interrupted] = await Promise.allSettled([
    house.sessions.send(OWNER, 'nobody', { content: 'x' }),
    house.sessions.interrupt('nobody', false),
    house.sessions.interrupt(id, false),
  ]);
  expect([sent.status, interrupted.status]).toEqual(['rejected', 'rejected']);
});
