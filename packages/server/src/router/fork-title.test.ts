import { expect, test } from 'vitest';
import { houses, idle, log, OWNER } from '../actor/testing/session-house.ts';

const { open } = houses();

test.each([
  ['that a user gave it later', { title: 'My name' }, 'My name'],
  ['of its first message', {}, 'Second'],
])('[FORK1] a fork is born with the title of its source, %s', async (_, changes, title) => {
  const house = await open();
  const { id } = await house.sessions.create(OWNER, {});
  await house.sessions.send(OWNER, id, { content: 'Second' });
  await idle(house, id);
  await house.sessions.update(id, changes);
  const fork = await house.sessions.fork(OWNER, id, {});
  expect(fork.title).toBe(title);
  expect((await log(house.sessions, fork.id))[0]).toMatchObject({ type: 'session.created', session: { title } });
  expect((await house.sessions.get(fork.id)).title).toBe(title);
});
