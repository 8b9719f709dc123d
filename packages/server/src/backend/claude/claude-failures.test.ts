import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reply } from '@hearth/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProcess } from '../../process/process-table.ts';
import { readyOf, seenBy, startTestBed, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed({
    config: { maxRetries: 1 },
    api: {
      script: ({ body: { model } }) =>
        model.includes('nosuch') ? reply().status(404, { message: `model: ${model}` }) : undefined,
    },
  });
});
afterAll(async () => {
  await bed.close();
});

describe('failures of the model API', () => {
  test('[TURN5] a 529 is retried, which is told, and the turn completes', async () => {
    const agent = bed.open();
    expect((await agent.turn('[[status 529 1]] [[say ok]]')).outcome).toBe('completed');
    expect(agent.events.filter((event) => event.type === 'retry.scheduled')).toMatchObject([
      { attempt: 1, maxAttempts: 1, error: { code: 'overloaded', status: 529 } },
    ]);
    await agent.ended();
  });

  test('[TURN6] a stream that breaks starts again: the torn text is abandoned and does not mix with the new', async () => {
    const agent = bed.open();
    bed.api.setBeforeCut(async () => agent.wait('block.delta', undefined, 0));
    expect((await agent.turn('[[cut 3 1]] [[tokens 6 5]]')).outcome).toBe('completed');
    const blocks = agent.events.filter((event) => event.type === 'block.completed');
    expect(blocks).toMatchObject([{ abandoned: true }, { text: 'w0 w1 w2 w3 w4 w5 ' }]);
    const streamed = agent.events.filter(
      (event) => event.type === 'block.delta' && event.blockId === blocks[0]?.blockId,
    );
    expect(streamed.map((event) => (event.type === 'block.delta' ? event.text : '')).join('')).toMatch(
      /^w0 (w1 (w2 )?)?$/,
    );
    expect(blocks[1]).not.toHaveProperty('abandoned');
    expect(blocks[0]?.blockId).not.toBe(blocks[1]?.blockId);
    const order = agent.events
      .map((event) => event.type)
      .filter((type) => type !== 'activity' && type !== 'block.delta');
    expect(order.indexOf('block.completed')).toBeLessThan(order.indexOf('retry.scheduled'));
    await agent.ended();
  });

  test.each([
    [401, 'agent_unauthorized', false],
    [429, 'rate_limited', true],
    [500, 'overloaded', true],
    [529, 'overloaded', true],
  ] as const)('a %i that stays is %s', async (status, code, retryable) => {
    const agent = bed.open();
    const end = await agent.turn(`[[status ${status} 99]]`);
    expect(end).toMatchObject({
      outcome: 'failed',
      error: { code, status, retryable, hint: expect.any(String) as string },
    });
    expect((await agent.turn('[[say on]]')).outcome).toBe('completed');
    // The message of a failed turn stays in the conversation, once.
    expect(seenBy(bed.api.requests.at(-1))).toEqual([`[[status ${status} 99]]`, '[[say on]]']);
    await agent.ended();
  });

  test('[TURN8] a text that speaks of errors is no error', async () => {
    const agent = bed.open();
    const end = await agent.turn('[[say API Error: 401 authentication_error, error_during_execution]]');
    expect(end.outcome).toBe('completed');
    await agent.ended();
  });

  test('[TURN7] a message that is refused as invalid is left out of what follows, also after a restart', async () => {
    const sessionId = 'poisoned';
    let agent = bed.open({ sessionId });
    await agent.turn('first');
    const poison = agent.send('[[status 400 99]]');
    const end = await agent.wait('turn.ended');
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'invalid_request', status: 400, retryable: false } });
    // The process ends in the same breath, so that nothing is sent to it any more.
    expect(agent.events.slice(agent.events.indexOf(end))).toEqual([end, { type: 'exited' }]);
    const { agentSessionId } = readyOf(agent.events);
    bed.restart();
    agent = bed.open({ sessionId, agentSessionId });
    expect((await agent.turn('second')).outcome).toBe('completed');
    expect(seenBy(bed.api.requests.at(-1))).toEqual(['first', 'second']);
    expect(JSON.stringify(bed.api.requests.at(-1)?.body.messages)).not.toContain(poison);
    const next = readyOf(agent.events).agentSessionId;
    expect(next).not.toBe(agentSessionId);
    await expect.poll(() => bed.transcripts.load(key(agentSessionId))).toBeNull();
    await agent.ended();
  });

  test('a first message that is refused leaves a conversation that begins anew', async () => {
    const sessionId = 'poisoned-first';
    let agent = bed.open({ sessionId });
    expect((await agent.turn('[[status 400 99]]')).outcome).toBe('failed');
    await agent.wait('exited', undefined, 0);
    agent = bed.open({ sessionId, agentSessionId: readyOf(agent.events).agentSessionId });
    expect((await agent.turn('fresh')).outcome).toBe('completed');
    expect(seenBy(bed.api.requests.at(-1))).toEqual(['fresh']);
    await agent.ended();
  });

  test('an unknown model fails the turn and is named', async () => {
    const agent = bed.open({ model: 'claude-nosuch-9' });
    const end = await agent.turn('hi');
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'invalid_request', retryable: false } });
    expect(end.outcome === 'failed' && end.error.message).toContain('claude-nosuch-9');
    await agent.ended();
  });

  test('a model that a live session cannot have is refused with a notice', async () => {
    const agent = bed.open();
    await agent.turn('hi');
    agent.process.configure({ model: 'claude-nosuch-9' });
    const notice = await agent.wait('notice');
    expect(notice).toMatchObject({ level: 'warning', code: 'not_configured' });
    expect(notice.text).toContain('claude-nosuch-9');
    expect((await agent.turn('still here')).outcome).toBe('completed');
    await agent.ended();
  });

  test('the limit of model rounds ends the turn as exceeded', async () => {
    const agent = bed.open({ allowedTools: ['Bash'], maxTurns: 1 });
    const end = await agent.turn('[[tool Bash {"command":"echo x"}]]');
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'budget_exceeded' } });
    await agent.ended();
  });
});

describe('failures of the process', () => {
  test('a kill in the middle of a turn is told as a crash', async () => {
    const agent = bed.open();
    agent.send('[[tokens 100 50]]');
    await agent.wait('block.delta');
    process.kill(bed.processes.records.at(-1)?.pid ?? 0, 'SIGKILL');
    const exited = await agent.wait('exited');
    expect(exited.error).toMatchObject({ code: 'agent_crashed', hint: expect.any(String) as string });
    expect(exited.error?.message).toContain('SIGKILL');
    expect(agent.events.at(-1)).toBe(exited);
  });

  test('[AGT3] the tools of a process that is killed end with it', async () => {
    const agent = bed.open({ allowedTools: ['Bash'] });
    agent.send('[[tool Bash {"command":"echo $$ > pid; exec tail -f /dev/null"}]]');
    await agent.wait('tool.called');
    await expect.poll(() => pidIn(join(bed.cwd, 'pid'))).toBeGreaterThan(0);
    const pid = pidIn(join(bed.cwd, 'pid'));
    agent.process.kill();
    expect(await agent.wait('exited')).toEqual({ type: 'exited' });
    await expect.poll(() => lives(pid)).toBe(false);
    await expect.poll(() => bed.processes.records).toEqual([]);
  });

  test('a binary that is not there, may not run, or ends at once, is told with what to do', async () => {
    const refused = join(bed.outside, 'not-executable');
    writeFileSync(refused, '#!/bin/sh\n');
    const broken = join(bed.outside, 'broken');
    writeFileSync(broken, '#!/bin/sh\necho "this is broken" >&2\nexit 3\n');
    chmodSync(broken, 0o755);
    for (const [path, word] of [
      [join(bed.outside, 'nowhere'), 'is not there'],
      [refused, 'may not be executed'],
      [broken, 'does not run'],
    ] as const) {
      const backend = bed.restart({ pathToClaudeCodeExecutable: path });
      const agent = bed.open();
      const exited = await agent.wait('exited', undefined, 0);
      expect(exited.error).toMatchObject({
        code: 'agent_unavailable',
        retryable: false,
        hint: expect.any(String) as string,
      });
      expect(exited.error?.message).toContain(word);
      const check = await backend.check();
      expect(check.available).toBe(false);
      expect(check.reason).toContain(word);
    }
    expect(await bed.restart().check()).toEqual({ available: true });
  });

  test('a working directory that is gone is named', async () => {
    bed.restart();
    const agent = bed.open({ cwd: join(bed.cwd, 'gone') });
    const exited = await agent.wait('exited', undefined, 0);
    expect(exited.error).toMatchObject({ code: 'agent_unavailable' });
    expect(exited.error?.message).toContain(join(bed.cwd, 'gone'));
  });
});

function key(agentSessionId: string) {
  return { projectKey: bed.place(agentSessionId).projectKey, agentSessionId, subpath: '' };
}

function pidIn(file: string): number {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
}

/** A process that nobody has buried yet is as good as gone. */
function lives(pid: number): boolean {
  const entry = findProcess(pid);
  return entry !== undefined && !entry.zombie;
}
