import { describe, expect, test } from 'vitest';
import { houses, idle, log, OWNER, until } from '../actor/testing/session-house.ts';
import type { House } from '../actor/testing/session-house.ts';
import { createScriptedBackend } from '../backend/scripted/scripted-backend.ts';
import { systemClock } from '../concurrency/clock.ts';
import { deferred } from '../concurrency/deferred.ts';

describe('deletions', () => {
  const { open } = houses();

  async function thatForgets(forget: () => Promise<void>): Promise<House> {
    const backend = createScriptedBackend({ clock: systemClock, newId: () => crypto.randomUUID(), maxRetries: 1 });
    return open({ backend: { ...backend, forget } });
  }

  test('[SES6] a deleted session is gone with its log and its messages, and its key is free again', async () => {
    const house = await open();
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[tokens 1000 10]]', clientMessageId: 'k' });
    await house.sessions.delete(id);
    await expect(house.sessions.get(id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await house.store.events.read(id, 0, 10, 10_000)).toEqual([]);
    expect((await house.sessions.list({})).items).toEqual([]);
  });

  test('[SES6][MSG12] whatever is asked of a session that is being deleted is answered', async () => {
    const house = await open();
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[hang]]' });
    const asked = [
      house.sessions.delete(id),
      ...Array.from({ length: 5 }, () => house.sessions.interrupt(id, false)),
      house.sessions.update(id, { title: 'x' }),
      house.sessions.send(OWNER, id, { content: 'x' }),
      house.sessions.delete(id),
    ];
    const answers = await Promise.allSettled(asked);
    const codes = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : [],
    );
    expect(codes.filter((code) => code !== 'not_found' && code !== 'session_closed')).toEqual([]);
    expect([answers[0]?.status, answers.at(-1)?.status]).toEqual(['fulfilled', 'fulfilled']);
    await expect(house.sessions.get(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('[SES6] a session that is on its way out is not brought back by who asks for it', async () => {
    const forgetting = deferred<void>();
    const house = await thatForgets(() => forgetting.promise);
    const { id } = await house.sessions.create(OWNER, {});
    const deletion = house.sessions.delete(id);
    await until('it to be out of memory', async () => Promise.resolve(house.registry.peek(id) === undefined));
    const sink = { events: () => true, heartbeat: () => undefined, end: () => undefined };
    await expect(house.sessions.get(id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(house.sessions.subscribe(id, 0, sink)).rejects.toMatchObject({ code: 'not_found' });
    expect(house.registry.peek(id)).toBeUndefined();
    forgetting.resolve();
    await deletion;
    await expect(house.sessions.delete(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('[SES6] a deletion that was cut short is finished by the next one', async () => {
    const house = await thatForgets(() => Promise.reject(new Error('the disk failed')));
    const { id } = await house.sessions.create(OWNER, {});
    await expect(house.sessions.delete(id)).rejects.toMatchObject({ message: 'the disk failed' });
    expect(await house.sessions.get(id)).toMatchObject({ phase: 'closed' });
    await house.close();

    const next = await open();
    await next.sessions.delete(id);
    expect((await next.sessions.list({ status: 'all' })).items).toEqual([]);
  });

  test('[SES16] a session that somebody came back to is not deleted for its age', async () => {
    const house = await open();
    const used = await Promise.all(['turn', 'watched', 'sent', 'left'].map(() => house.sessions.create(OWNER, {})));
    const [turn = '', watched = '', sent = '', left = ''] = used.map(({ id }) => id);
    await house.sessions.send(OWNER, sent, { content: '[[say back]]' });
    await idle(house, sent);
    const sinceMs = Date.parse((await house.sessions.get(sent)).updatedAt);
    await house.sessions.send(OWNER, turn, { content: '[[hang]]' });
    const sink = { events: () => true, heartbeat: () => undefined, end: () => undefined };
    const subscription = await house.sessions.subscribe(watched, 0, sink);
    await until('it to be older', async () => Promise.resolve(Date.now() > sinceMs));

    const unused = (id: string, at = Date.now()) => house.sessions.deleteUnused(id, at);
    expect(await Promise.all([unused(turn), unused(watched), unused(sent, sinceMs), unused(left)])).toEqual([
      false,
      false,
      false,
      true,
    ]);
    subscription.close();
    expect(await unused(watched)).toBe(true);
    expect((await log(house.sessions, sent)).length).toBeGreaterThan(0);
    expect((await house.sessions.list({ status: 'all' })).items).toHaveLength(2);
  });
});
