import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endOrphans } from '../../process/orphans.ts';
import { readLocal } from './local-transcript.ts';
import { readyOf, seenBy, startTestBed, type OpenAgent, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
});
afterAll(async () => {
  await bed.close();
});

const idOf = (agent: OpenAgent): string => readyOf(agent.events).agentSessionId;
const lastSeen = () => seenBy(bed.api.requests.at(-1));

describe('going on with a conversation', () => {
  test('[RES1] after a restart, with the local transcripts gone, under the same id, and each turn costs its own', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    await agent.turn('one');
    const second = await agent.turn('two');
    const agentSessionId = idOf(agent);
    await agent.ended();
    rmSync(join(bed.place('').configDir, 'projects'), { recursive: true });
    bed.restart();
    agent = bed.open({ sessionId, agentSessionId });
    const third = await agent.turn('three');
    expect(idOf(agent)).toBe(agentSessionId);
    expect(lastSeen()).toEqual(['one', 'two', 'three']);
    const outcome = bed.api.requests.at(-1)?.outcome;
    expect(third.usage?.outputTokens).toBe(outcome?.type === 'answered' ? outcome.usage.output_tokens : null);
    expect(third.costUsd).toBeGreaterThan(0);
    expect(third.costUsd).toBeLessThan((second.costUsd ?? 0) * 3);
    await agent.ended();
    // No copies of the configuration are left in the temporary folder.
    expect(readdirSync(join(bed.cwd, '..', 'tmp')).filter((name) => name.startsWith('claude-resume'))).toEqual([]);
  });

  test('the cost after a process was killed is not mixed with what was saved before', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    await agent.turn('one');
    const agentSessionId = idOf(agent);
    await agent.ended();
    agent = bed.open({ sessionId, agentSessionId });
    await agent.turn('two');
    agent.process.kill();
    await agent.wait('exited', undefined, 0);
    agent = bed.open({ sessionId, agentSessionId });
    const end = await agent.turn('three');
    expect(lastSeen()).toEqual(['one', 'two', 'three']);
    const outcome = bed.api.requests.at(-1)?.outcome;
    expect(end.usage?.outputTokens).toBe(outcome?.type === 'answered' ? outcome.usage.output_tokens : null);
    await agent.ended();
  });

  test('[SES6] [RES8] leaves no copy of it behind: not of a start that failed, nor of a process that was killed', async () => {
    const stored = async (): Promise<string[]> =>
      (await bed.transcripts.listSessions(bed.place('').projectKey)).map(({ agentSessionId }) => agentSessionId);
    const before = await stored();
    const [sessionId, messageId] = [randomUUID(), randomUUID()];
    const begin = async (agentSessionId?: string): Promise<string> => {
      const conversation = agentSessionId === undefined ? {} : { agentSessionId, pendingMessageIds: [messageId] };
      const agent = bed.open({ sessionId, ...conversation });
      if (agentSessionId === undefined) await agent.turn('one');
      agent.send('[[say a]] [[stall]]', messageId);
      const key = { projectKey: bed.place('').projectKey, subpath: '' };
      const isWritten = async (): Promise<boolean> => {
        const entries = (await bed.transcripts.load({ ...key, agentSessionId: idOf(agent) })) ?? [];
        return entries.some(({ uuid }) => uuid === messageId);
      };
      await agent.wait('block.delta', ({ text }) => text.includes('a'));
      await expect.poll(isWritten).toBe(true);
      agent.process.kill();
      await agent.process.gone;
      return idOf(agent);
    };
    const first = await begin();
    bed.restart({ pathToClaudeCodeExecutable: '/bin/false' });
    const failing = bed.open({ sessionId, agentSessionId: first, pendingMessageIds: [messageId] });
    await failing.process.gone;
    expect(await stored()).toEqual([...before, first]);

    const backend = bed.restart();
    const second = await begin(first);
    const agent = bed.open({ sessionId, agentSessionId: second, pendingMessageIds: [messageId] });
    await agent.turn('[[say done]]', messageId);
    const third = idOf(agent);
    await expect.poll(stored).toEqual([...before, third]);
    await agent.ended();

    const fourth = await begin(third);
    await backend.forget({ sessionId, cwd: bed.cwd, agentSessionId: fourth });
    expect(await stored()).toEqual(before);
  });

  test('[RES9] what only the local transcript has is taken into the store before anything resumes', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    await agent.turn('one');
    const agentSessionId = idOf(agent);
    await agent.turn('two');
    await agent.ended();
    // As after a kill of the host: the store has only what it was told in time.
    const place = bed.place(agentSessionId);
    const key = { projectKey: place.projectKey, agentSessionId, subpath: '' };
    const all = (await bed.transcripts.load(key)) ?? [];
    const cut = all.findIndex((entry) => JSON.stringify(entry).includes('"two"'));
    await bed.transcripts.delete(key);
    await bed.transcripts.append(key, all.slice(0, cut));
    // A line that was cut off in the middle of its write harms nobody.
    appendFileSync(
      join(place.configDir, 'projects', place.projectKey, `${agentSessionId}.jsonl`),
      '{"type":"user","uu',
    );
    agent = bed.open({ sessionId, agentSessionId });
    await agent.turn('three');
    expect(lastSeen()).toEqual(['one', 'two', 'three']);
    const uuids = ((await bed.transcripts.load(key)) ?? []).flatMap((entry) => entry.uuid ?? []);
    expect(new Set(uuids).size).toBe(uuids.length);
    await agent.ended();
  });

  test('[RES9] an orphan is ended before its conversation goes on, and what was stored of its turn is kept', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    await agent.turn('one');
    const agentSessionId = idOf(agent);
    const cut = agent.send('[[tokens 200 50]]');
    await agent.wait('block.delta');
    await expect.poll(async () => JSON.stringify(await transcriptOf(agentSessionId))).toContain(cut);
    const orphans = await endOrphans(bed.processes);
    expect(orphans.map((orphan) => orphan.sessionId)).toEqual([sessionId]);
    await agent.wait('exited', undefined, 0);
    agent = bed.open({ sessionId, agentSessionId, carried: [{ messageId: cut, content: '[[tokens 200 50]]' }] });
    await agent.turn('two');
    expect(lastSeen()).toEqual(['one', '[[tokens 200 50]]', 'two']);
    await agent.ended();
  });

  test('[RES8] a message that is sent again after its attempt came to nothing is there once', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    await agent.turn('one');
    const agentSessionId = idOf(agent);
    const messageId = agent.send('[[tokens 100 50]]');
    await agent.wait('block.delta');
    await expect.poll(async () => JSON.stringify(await transcriptOf(agentSessionId))).toContain(messageId);
    agent.process.kill();
    await agent.wait('exited', undefined, 0);
    agent = bed.open({ sessionId, agentSessionId, pendingMessageIds: [messageId] });
    expect((await agent.turn('[[say whole]]', messageId)).outcome).toBe('completed');
    expect(lastSeen()).toEqual(['one', '[[say whole]]']);
    expect(idOf(agent)).not.toBe(agentSessionId);
    await agent.ended();
  });

  test('a first message that is sent again begins the conversation anew', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    const messageId = agent.send('[[tokens 100 50]]');
    await agent.wait('block.delta');
    const agentSessionId = idOf(agent);
    await expect.poll(async () => JSON.stringify(await transcriptOf(agentSessionId))).toContain(messageId);
    agent.process.kill();
    await agent.wait('exited', undefined, 0);
    agent = bed.open({ sessionId, agentSessionId, pendingMessageIds: [messageId] });
    expect((await agent.turn('[[say anew]]', messageId)).outcome).toBe('completed');
    expect(lastSeen()).toEqual(['[[say anew]]']);
    await agent.ended();
  });

  test('[RES6] carried messages that the transcript lacks go in front of the next one, the others not twice', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    const known = agent.send('known');
    await agent.wait('turn.ended', undefined, 0);
    const agentSessionId = idOf(agent);
    await agent.ended();
    const carried = [
      { messageId: known, content: 'known' },
      { messageId: randomUUID(), content: 'lost in the crash' },
    ];
    agent = bed.open({ sessionId, agentSessionId, carried });
    await agent.turn('next');
    const seen = lastSeen().join('\n');
    expect(seen.split('known')).toHaveLength(2);
    expect(seen.split('lost in the crash')).toHaveLength(2);
    expect(seen.indexOf('lost in the crash')).toBeLessThan(seen.indexOf('next'));
    await agent.ended();
  });

  test('[RES6] a carried message is there once also when the next turn is lost as well', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    await agent.turn('one');
    const agentSessionId = idOf(agent);
    await agent.ended();
    const first = { messageId: randomUUID(), content: 'lost in the first crash' };
    agent = bed.open({ sessionId, agentSessionId, carried: [first] });
    const cut = agent.send('[[tokens 60 20]]');
    await agent.wait('block.delta');
    agent.process.kill();
    await agent.wait('exited', undefined, 0);
    const second = { messageId: cut, content: '[[tokens 60 20]]' };
    agent = bed.open({ sessionId, agentSessionId, carried: [first, second] });
    await agent.turn('[[say whole]]');
    expect(lastSeen()).toEqual(['one', first.content, second.content, '[[say whole]]']);
    await agent.ended();
  });

  test('a conversation that the user clears goes on under another id, which is told and can be resumed', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    await agent.turn('one');
    const before = idOf(agent);
    expect((await agent.turn('/clear')).outcome).toBe('completed');
    await agent.turn('two');
    expect(lastSeen()).toEqual(['two']);
    const after = idOf(agent);
    expect(after).not.toBe(before);
    await agent.ended();
    agent = bed.open({ sessionId, agentSessionId: after });
    await agent.turn('three');
    expect(lastSeen()).toEqual(['two', 'three']);
    await agent.ended();
  });

  test('a conversation that was compacted says so, and can be resumed', async () => {
    const sessionId = randomUUID();
    let agent = bed.open({ sessionId });
    await agent.turn('[[say a long story]]');
    await agent.turn('[[say and more of it]]');
    expect((await agent.turn('/compact')).outcome).toBe('completed');
    expect(agent.events.find((event) => event.type === 'context.compacted')).toMatchObject({ trigger: 'manual' });
    expect((await agent.turn('after')).outcome).toBe('completed');
    await agent.ended();
    agent = bed.open({ sessionId, agentSessionId: idOf(agent) });
    expect((await agent.turn('[[say resumed]]')).outcome).toBe('completed');
    expect(agent.texts()).toEqual(['resumed']);
    await agent.ended();
  });

  test('a conversation of which nothing is left begins anew under a new id', async () => {
    const agent = bed.open({ agentSessionId: randomUUID() });
    expect((await agent.turn('hello')).outcome).toBe('completed');
    await agent.ended();
  });

  test('a process that is opened while the one before still ends waits for it', async () => {
    const sessionId = randomUUID();
    const first = bed.open({ sessionId });
    await first.turn('one');
    first.process.close();
    const second = bed.open({ sessionId, agentSessionId: idOf(first) });
    await second.turn('two');
    expect(lastSeen()).toEqual(['one', 'two']);
    await second.ended();
  });
});

describe('copies and removal', () => {
  test('a fork goes on from the end of a turn, and its source does not notice', async () => {
    const sessionId = randomUUID();
    const agent = bed.open({ sessionId });
    const first = agent.send('one');
    await agent.wait('turn.ended', undefined, 0);
    const second = randomUUID();
    await agent.turn('two', second);
    const source = { sessionId, cwd: bed.cwd, agentSessionId: idOf(agent), newSessionId: randomUUID() };
    const whole = await bed.backend.fork?.({ ...source, cut: { lastMessageId: second, nextMessageIds: [] } });
    const part = await bed.backend.fork?.({ ...source, cut: { lastMessageId: first, nextMessageIds: [second] } });
    for (const [agentSessionId, before] of [
      [whole, ['one', 'two']],
      [part, ['one']],
    ] as const) {
      const fork = bed.open({ agentSessionId: agentSessionId ?? '' });
      await fork.turn('three');
      expect(lastSeen()).toEqual([...before, 'three']);
      await fork.ended();
    }
    await agent.turn('four');
    expect(lastSeen()).toEqual(['one', 'two', 'four']);
    await agent.ended();
  });

  test('a conversation that is forgotten is gone from the store and from the disk', async () => {
    const sessionId = randomUUID();
    const agent = bed.open({ sessionId });
    await agent.turn('one');
    const agentSessionId = idOf(agent);
    const place = bed.place(agentSessionId);
    await agent.ended();
    expect((await readLocal(place)).size).toBe(1);
    await bed.backend.forget({ sessionId, cwd: bed.cwd, agentSessionId });
    expect((await readLocal(place)).size).toBe(0);
    expect(await transcriptOf(agentSessionId)).toBeNull();
    expect(existsSync(join(place.configDir, 'projects', place.projectKey, agentSessionId))).toBe(false);
  });

  test('the store lists conversations with their summaries', async () => {
    const agent = bed.open();
    await agent.turn('a title of sorts');
    await agent.ended();
    const { projectKey } = bed.place('');
    const summaries = await bed.transcripts.loadSummaries(projectKey);
    const summary = summaries.find((one) => one.agentSessionId === idOf(agent));
    expect(JSON.stringify(summary?.data)).toContain('a title of sorts');
  });
});

async function transcriptOf(agentSessionId: string) {
  return bed.transcripts.load({ projectKey: bed.place('').projectKey, agentSessionId, subpath: '' });
}
