import { randomUUID } from 'node:crypto';
import type { Event } from '@hearth/protocol';
import { FakeClock } from '@hearth/testkit';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { AgentEvent, Backend } from '../backend/backend.ts';
import { createScriptedBackend } from '../backend/scripted/scripted-backend.ts';
import { systemClock } from '../concurrency/clock.ts';
import type { Clock } from '../concurrency/clock.ts';
import type { SessionBatch } from '../store/store.ts';
import { houses, idle, log, OWNER, until } from './testing/session-house.ts';
import type { House } from './testing/session-house.ts';

const USAGE = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };

describe('sessions in memory over a real store', () => {
  const { open, folder } = houses();

  test('[SES1] what a client sees is the fold of the stored log, also after a restart', async () => {
    const first = await open();
    const { id } = await first.sessions.create(OWNER, {});
    await first.sessions.send(OWNER, id, { content: '[[say one]]' });
    await idle(first, id);
    await first.sessions.update(id, { title: 'named', metadata: { a: 1 } });
    const before = await first.sessions.get(id);
    await first.close();

    const second = await open();
    expect(await second.sessions.get(id)).toEqual(before);
    expect(before.lastSeq).toBe((await log(second.sessions, id)).at(-1)?.seq);
    expect(before).toMatchObject({ title: 'named', metadata: { a: 1 }, phase: 'idle', queue: [], approvals: [] });
  });

  test('[MSG5] a key that is sent many times at once makes one message, and keeps the order of the others', async () => {
    const house = await open();
    const { id } = await house.sessions.create(OWNER, {});
    const keyed = { content: 'keyed', clientMessageId: 'k', priority: 'later' } as const;
    const sent = await Promise.all([
      house.sessions.send(OWNER, id, { content: 'first', priority: 'later' }),
      house.sessions.send(OWNER, id, keyed),
      house.sessions.send(OWNER, id, keyed),
      house.sessions.send(OWNER, id, { content: 'last', priority: 'later' }),
    ]);
    expect(sent[1].id).toBe(sent[2].id);
    await idle(house, id);
    const { items } = await house.sessions.messages(id, {});
    expect(items.map((message) => message.content)).toEqual(['first', 'keyed', 'last']);
  });

  test('[SES10] a message without text gives no title, and the first one with text does', async () => {
    const house = await open();
    const { id } = await house.sessions.create(OWNER, {});
    const image = { type: 'image', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const;
    await house.sessions.send(OWNER, id, { content: [image] });
    expect((await house.sessions.get(id)).title).toBeNull();
    await house.sessions.send(OWNER, id, { content: [image, { type: 'text', text: 'What is this?' }] });
    await house.sessions.send(OWNER, id, { content: 'And that?' });
    expect((await house.sessions.get(id)).title).toBe('What is this?');
  });

  test('[RES4] a stop cuts the running turn as shutdown and leaves the queue, which the next start runs', async () => {
    const first = await open();
    const { id } = await first.sessions.create(OWNER, {});
    await first.sessions.send(OWNER, id, { content: '[[tokens 100000 10]]' });
    await first.sessions.send(OWNER, id, { content: '[[say still here]]', priority: 'later' });
    await until('text to stream', async () =>
      (await log(first.sessions, id)).some((event) => event.type === 'block.delta'),
    );
    await first.close();

    const second = await open();
    await second.registry.recover();
    await idle(second, id);
    const events = await log(second.sessions, id);
    expect(events.filter((event) => event.type === 'turn.interrupted')).toMatchObject([{ by: 'shutdown' }]);
    expect(events.filter((event) => event.type === 'turn.completed')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'message.completed')).toHaveLength(2);
  });

  test('[SES5] a session that cannot be read keeps no other from going on, nor the server from its start', async () => {
    const first = await open();
    const ids: string[] = [];
    for (const content of ['[[say one]]', '[[say two]]']) {
      const { id } = await first.sessions.create(OWNER, {});
      await first.sessions.send(OWNER, id, { content: '[[hang]]' });
      await first.sessions.send(OWNER, id, { content, priority: 'later' });
      ids.push(id);
    }
    await first.close();

    const second = await open();
    const [broken = '', sound = ''] = ids;
    const load = second.store.sessions.load.bind(second.store.sessions);
    second.store.sessions.load = async (id) => {
      const record = await load(id);
      return record === null || id !== broken ? record : { ...record, core: '{' };
    };
    await second.registry.recover();
    await idle(second, sound);
    await expect(second.sessions.get(broken)).rejects.toThrow(SyntaxError);
    second.store.sessions.load = load;
    await idle(second, broken);
    expect((await log(second.sessions, broken)).at(-1)).toMatchObject({ type: 'phase.changed', phase: 'idle' });
  });

  test('[LOG4] text that streams is one event per commit, in order with all else that the agent says and the user wants', async () => {
    const agent = speaking();
    const commits: SessionBatch[][] = [];
    // The core is told the time with each input.
    let looks = 0;
    const clock: Clock = {
      ...systemClock,
      now: () => {
        looks += 1;
        return systemClock.now();
      },
    };
    const house = await open({ backend: agent.backend, clock, refuses: (batches) => commits.push(batches) === 0 });
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[stall]]' });
    await until('the turn to run', async () => (await house.sessions.get(id)).phase !== 'idle');
    const stream = (blockId: string, ...texts: string[]): void => {
      for (const text of texts) agent.say({ type: 'block.delta', blockId, text });
    };
    for (const blockId of ['a', 'b', 'c']) agent.say({ type: 'block.started', blockId, kind: 'text' });
    await until('the blocks to be told', async () => (await log(house.sessions, id)).at(-1)?.type === 'phase.changed');
    const before = commits.length;
    looks = 0;

    stream('a', 'o', 'n', 'e');
    agent.say({ type: 'activity' });
    expect(looks, 'what streams waits for the commit').toBe(0);
    stream('b', 't', 'w');
    agent.say({ type: 'activity' });
    stream('b', 'o');
    agent.say({ type: 'notice', level: 'info', code: 'n', text: 'between' });
    stream('a', '!');
    agent.say({ type: 'block.completed', blockId: 'a', text: 'one!' });
    stream('c', 'thr', 'ee');
    await house.sessions.interrupt(id, false);
    await idle(house, id);

    expect(
      commits
        .slice(before)
        .flatMap((batches) => batches.flatMap(({ entries }) => entries))
        .flatMap(({ body }) => {
          const event = JSON.parse(body) as Event;
          return event.type === 'block.delta' || event.type === 'block.completed' || event.type === 'notice'
            ? [`${event.type} ${event.text}`]
            : [];
        }),
    ).toEqual([
      'block.delta two',
      'notice between',
      'block.completed one!',
      'block.delta three',
      'block.completed two',
      'block.completed three',
    ]);
  });

  test('[LOG3] a full disk refuses with a word what to do; nothing stored is harmed, and all goes on when there is room', async () => {
    const small = await open({ maxBytes: 400_000 });
    const { id } = await small.sessions.create(OWNER, {});
    await small.sessions.send(OWNER, id, { content: '[[say before]]' });
    await idle(small, id);
    const stored = await log(small.sessions, id);

    const refused = small.sessions.send(OWNER, id, { content: 'x'.repeat(600_000) });
    await expect(refused).rejects.toMatchObject({ code: 'internal', hint: expect.stringMatching(/\S/) as unknown });
    expect(await log(small.sessions, id)).toEqual(stored);
    await until('the session to take messages again', async () => {
      return small.sessions.send(OWNER, id, { content: '[[say small]]' }).then(
        () => true,
        () => false,
      );
    });
    await idle(small, id);
    await small.close();

    const roomy = await open();
    await roomy.sessions.send(OWNER, id, { content: '[[say after]]' });
    await idle(roomy, id);
    const texts = (await log(roomy.sessions, id)).flatMap((event) =>
      event.type === 'block.completed' ? [event.text] : [],
    );
    expect(texts).toEqual(['before', 'small', 'after']);
  });

  test('[WD1] an agent that says nothing is given up: retried once, then failed with a hint', async () => {
    const clock = new FakeClock();
    const house = await open({ clock });
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[hang 100000000]]' });
    for (const wanted of ['retry.scheduled', 'turn.failed']) {
      await until(wanted, async () => {
        await clock.advance(10_000);
        return (await log(house.sessions, id)).some((event) => event.type === wanted);
      });
    }
    const events = await log(house.sessions, id);
    expect(events.find((event) => event.type === 'turn.failed')).toMatchObject({
      error: { code: 'agent_silent', hint: expect.stringMatching(/\S/) as unknown },
    });
    expect((await house.sessions.get(id)).phase).toBe('idle');
  });

  test('[SES12] a session that nobody uses leaves the memory, but not between who asks for it and what is asked of it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const clock = new FakeClock();
    const { registry, sessions } = await open({ clock });
    const { id } = await sessions.create(OWNER, {});
    const sweep = (): void => void vi.advanceTimersByTime(5_000);
    await clock.advance(11 * 60_000);

    sweep();
    const actor = await registry.get(id);
    sweep();
    const kept = registry.peek(id);
    await actor.request({ type: 'session.update', changes: { title: 'Wanted' } });
    await clock.advance(11 * 60_000);
    sweep();
    sweep();

    expect([kept === actor, registry.peek(id)]).toEqual([true, undefined]);
    expect((await sessions.get(id)).title).toBe('Wanted');
  });

  test.each([
    ['forward, as after a sleep of the machine,', 8 * 3_600_000],
    ['back', -3_600_000],
  ])('[WD8] a clock that is set %s neither takes from an agent’s time nor adds to it', async (_, byMs) => {
    const clock = new FakeClock();
    const house = await open({ clock });
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[say hello]] [[stall 100000000]] [[say again]]' });
    const given = async (type: Event['type']): Promise<boolean> =>
      (await log(house.sessions, id)).some((event) => event.type === type);
    await until('its first words', async () => {
      await clock.advance(1);
      return given('block.delta');
    });

    clock.set(byMs);
    await clock.advance(290_000);
    const early = await given('turn.failed');
    await clock.advance(20_000);

    expect([early, await given('turn.failed')]).toEqual([false, true]);
  });

  test('[WD8][APR7] an approval expires when clients were told, also after a sleep of the machine', async () => {
    const clock = new FakeClock();
    const house = await open({ clock });
    const { id } = await house.sessions.create(OWNER, { approvalTimeoutMs: 8 * 3_600_000 });
    await house.sessions.send(OWNER, id, { content: '[[tool Write {"file_path":"a.txt"}]]' });
    await until('the question', async () => {
      await clock.advance(1);
      return (await house.sessions.get(id)).approvals.length === 1;
    });

    clock.set(8 * 3_600_000);
    await clock.advance(60_000);

    const answer = (await log(house.sessions, id)).find((event) => event.type === 'approval.resolved');
    expect(answer).toMatchObject({ decision: 'expired' });
  });

  test('[LOG9][PHASE3] a session whose agent was to be ended by a commit that the disk refused comes back', async () => {
    const clock = new FakeClock();
    let refused = 0;
    const ends = (batches: SessionBatch[]): boolean =>
      batches.some(({ entries }) => entries.some((entry) => entry.type === 'turn.failed'));
    const house = await open({ clock, refuses: (batches) => ends(batches) && (refused += 1) === 1 });
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[hang 100000000]]' });
    await until('the refusal', async () => {
      await clock.advance(10_000);
      return refused === 1;
    });
    expect((await house.sessions.get(id)).phase).toBe('idle');
    await house.sessions.send(OWNER, id, { content: '[[say again]]' });
    await until('the answer', async () => {
      await clock.advance(10);
      return (await log(house.sessions, id)).some((event) => event.type === 'turn.completed');
    });
  });

  test('[APR2][APR6] an answer that comes long after another is told apart from one that nobody asked for', async () => {
    const house = await open();
    const { id } = await house.sessions.create(OWNER, {});
    const tools = Array.from({ length: 210 }, (_, index) => `[[tool Write {"file_path":"${folder()}/${index}"}]]`);
    await house.sessions.send(OWNER, id, { content: tools.join(' ') });
    await until('all to be asked', async () => (await house.sessions.get(id)).approvals.length === tools.length);
    const asked = (await house.sessions.get(id)).approvals.map(({ approvalId }) => approvalId);
    for (const approvalId of asked) await house.sessions.answer(OWNER, id, approvalId, { decision: 'deny' });
    await idle(house, id);
    const again = (approvalId = '') => house.sessions.answer(OWNER, id, approvalId, { decision: 'allow' });
    await expect(again(asked[0])).rejects.toMatchObject({ code: 'approval_resolved' });
    await expect(again(asked.at(-1))).rejects.toMatchObject({ code: 'approval_resolved' });
    await expect(again(randomUUID())).rejects.toMatchObject({ code: 'not_found' });
  });

  test('[APR7][APR9] an approval expires when its session has a time for it, told before and after', async () => {
    const clock = new FakeClock();
    const house = await open({ clock });
    const { id } = await house.sessions.create(OWNER, { approvalTimeoutMs: 100_000 });
    expect(await house.sessions.get(id)).toMatchObject({ approvalTimeoutMs: 100_000 });
    const asked = async (): Promise<void> => {
      await house.sessions.send(OWNER, id, { content: '[[tool Bash {"command":"touch x"}]]' });
      await until('the question', async () => (await house.sessions.get(id)).phase === 'awaiting_approval');
    };
    await asked();
    expect((await house.sessions.get(id)).approvals).toMatchObject([
      { expiresAt: new Date(clock.now() + 100_000).toISOString() },
    ]);
    await clock.advance(80_000);
    await until('the warning', async () => (await log(house.sessions, id)).some((event) => event.type === 'notice'));
    expect((await house.sessions.get(id)).approvals).toHaveLength(1);
    await clock.advance(20_000);
    await idle(house, id);
    const events = await log(house.sessions, id);
    expect(events.filter((event) => event.type === 'approval.resolved')).toMatchObject([{ decision: 'expired' }]);
    expect(events.filter((event) => event.type === 'tool.completed')).toMatchObject([{ isError: true }]);

    await house.sessions.update(id, { approvalTimeoutMs: null });
    await asked();
    expect((await house.sessions.get(id)).approvals[0]).not.toHaveProperty('expiresAt');
    await clock.advance(30 * 24 * 3_600_000);
    expect((await house.sessions.get(id)).phase).toBe('awaiting_approval');
  });

  test('[SES11] a server that stops takes no new session, which nobody would tell to end', async () => {
    const house = await open();
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[tokens 100000 10]]' });
    const closing = house.close();
    await expect(house.sessions.create(OWNER, {})).rejects.toMatchObject({
      code: 'agent_unavailable',
      hint: expect.stringMatching(/\S/) as unknown,
    });
    await closing;
  });

  test('[LOG9] while the disk refuses, a session is loaded again once at a time, however many ask for it', async () => {
    let full = false;
    let refused = 0;
    const house = await open({ refuses: () => full && (refused += 1) > 0 });
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[hang 100000000]]' });
    full = true;
    const ask = () => house.sessions.update(id, { title: 'x' }).catch(() => undefined);
    for (let time = 0; time < 50; time += 1) await ask();
    const asked = refused;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(refused - asked).toBeLessThanOrEqual(2);
    full = false;
    await until('it to be there again', async () => (await house.sessions.get(id)).phase === 'idle');
  });

  test('[CALL1] calls between two turns belong to the one after, also when the server restarts in between', async () => {
    const agent = speaking();
    const spent = async ({ sessions }: House, id: string): Promise<number> => (await sessions.get(id)).usage.costUsd;
    const first = await open({ backend: agent.backend });
    const { id } = await first.sessions.create(OWNER, {});
    await first.sessions.send(OWNER, id, { content: '[[say one]]' });
    await idle(first, id);
    const before = await spent(first, id);
    agent.say({ type: 'call.counted', accountId: 'one', model: 'm', usage: USAGE, costUsd: 64 });
    agent.say({ type: 'call.counted', accountId: 'one', model: 'm', usage: USAGE, costUsd: 128 });
    await first.close();

    const second = await open();
    await second.sessions.send(OWNER, id, { content: '[[say two]]' });
    await idle(second, id);
    expect((await spent(second, id)) - before).toBeGreaterThan(191);
  });

  test('[SES16][AGT6] a session whose agent works in the background is not at rest, however long nobody used it', async () => {
    const agent = speaking();
    const house = await open({ backend: agent.backend });
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[say one]]' });
    await idle(house, id);
    const works = (status: 'running' | 'completed'): void =>
      agent.say({ type: 'background.changed', tasks: [{ taskId: 't', kind: 'shell', title: 'Serve', status }] });
    works('running');
    await (await house.registry.get(id)).flushed();
    const tomorrow = Date.now() + 24 * 3_600_000;
    expect(await house.sessions.deleteUnused(id, tomorrow)).toBe(false);
    works('completed');
    expect(await house.sessions.deleteUnused(id, tomorrow)).toBe(true);
  });

  test('[CALL1][SES6] calls after the last turn of a session that is deleted stay counted', async () => {
    const agent = speaking();
    const house = await open({ backend: agent.backend });
    const { id } = await house.sessions.create(OWNER, {});
    await house.sessions.send(OWNER, id, { content: '[[say one]]' });
    await idle(house, id);
    agent.say({ type: 'call.counted', accountId: 'one', model: 'm', usage: USAGE, costUsd: 64 });
    await house.sessions.delete(id);
    expect((await house.sessions.usage({})).total.costUsd).toBe(64);
  });

  test.each<[string, AgentEvent]>([
    ['counted', { type: 'call.counted', accountId: 'one', model: 'm', usage: USAGE, costUsd: 64 }],
    ['seen', { type: 'calls.seen', models: [{ model: 'm', ...USAGE, costUsd: 64 }] }],
  ])(
    '[CALL1][USE8] a call that was %s is known when the server dies before anything else happens',
    async (_how, told) => {
      const agent = speaking();
      let dead = false;
      const first = await open({ backend: agent.backend, refuses: () => dead });
      const { id } = await first.sessions.create(OWNER, {});
      await first.sessions.send(OWNER, id, { content: '[[hang 100000000]]' });
      await until('the turn to run', async () => (await first.sessions.get(id)).phase === 'connecting');
      agent.say(told);
      await (await first.registry.get(id)).flushed();
      dead = true;
      await first.close();

      const second = await open();
      await second.registry.recover();
      expect((await log(second.sessions, id)).find((event) => event.type === 'turn.interrupted')).toMatchObject({
        by: 'crash',
        usage: USAGE,
        costUsd: 64,
      });
      expect((await second.sessions.usage({})).total.costUsd).toBe(64);
    },
  );
});

/** The scripted agent, of which a test can say what else it says. */
function speaking(): { backend: Backend; say: (event: AgentEvent) => void } {
  const scripted = createScriptedBackend({ clock: systemClock, newId: randomUUID, maxRetries: 1 });
  let emitted: (event: AgentEvent) => void = () => undefined;
  const backend: Backend = {
    ...scripted,
    open: (spec, emit) => {
      emitted = emit;
      return scripted.open(spec, emit);
    },
  };
  return { backend, say: (event) => emitted(event) };
}
