import { readFileSync } from 'node:fs';
import { reply } from '@hearth/testkit';
import type { Reply } from '@hearth/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { readyOf, seenBy, startTestBed } from './testing/test-bed.ts';
import type { OpenAgent, TestBed } from './testing/test-bed.ts';

let bed: TestBed;

afterEach(async () => {
  await bed.close();
});

const keysAsked = (): (string | undefined)[] => bed.api.requests.map((request) => request.apiKey);

function spent(untilMs: number): Reply {
  return reply().status(429, {
    headers: {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-reset': String(Math.ceil(untilMs / 1000)),
    },
  });
}

/** By account, tokens in and out, as the agent's events count them. */
function counted({ events }: OpenAgent): Record<string, number[]> {
  const sums: Record<string, number[]> = {};
  for (const event of events) {
    if (event.type !== 'call.counted') continue;
    const [input = 0, output = 0] = sums[event.accountId] ?? [];
    sums[event.accountId] = [input + event.usage.inputTokens, output + event.usage.outputTokens];
  }
  return sums;
}

function billed(): Record<string, number[]> {
  const sums: Record<string, number[]> = {};
  for (const { apiKey = '', usage } of bed.api.bills) {
    const [input = 0, output = 0] = sums[apiKey] ?? [];
    sums[apiKey] = [input + usage.input_tokens, output + usage.output_tokens];
  }
  return sums;
}

describe('claude with accounts', () => {
  test('[SEL9] [RLY1] has no secret in its process, and goes on with another account in the same turn', async () => {
    bed = await startTestBed({ accounts: { 'key-one': { priority: 1 }, 'key-two': { priority: 2 } } });
    let calls = 0;
    bed.api.setScript(({ apiKey, isSideRequest }) => {
      if (isSideRequest || apiKey !== 'key-one') return undefined;
      calls += 1;
      return calls > 1 ? spent(Date.now() + 3_600_000) : undefined;
    });
    const agent = bed.open({ allowedTools: ['Bash'] });

    const ended = await agent.turn('[[tool Bash {"command":"echo ran >> ran.txt; cat ran.txt"}]] [[say fine]]');

    expect(ended).toMatchObject({ outcome: 'completed' });
    expect(readFileSync(`${bed.cwd}/ran.txt`, 'utf8')).toBe('ran\n');
    expect(keysAsked()).toEqual(['key-one', 'key-one', 'key-two']);
    for (const request of bed.api.requests) expect(seenBy(request)).toHaveLength(1);
    const told = agent.events.filter(({ type }) => type === 'account.selected' || type === 'retry.scheduled');
    expect(told).toMatchObject([
      { accountId: 'key-one', reason: 'selected' },
      { accountId: 'key-one', error: { code: 'account_exhausted' }, delayMs: 0 },
      { accountId: 'key-two', reason: 'rotated' },
    ]);
    expect(counted(agent)).toEqual(billed());
    const { pid } = bed.processes.records[0] ?? { pid: 0 };
    for (const file of ['environ', 'cmdline']) {
      expect(readFileSync(`/proc/${pid}/${file}`, 'utf8')).not.toMatch(/key-one|key-two|sk-made-up/);
    }
    await agent.ended();
  });

  test('[RLY4] waits for a busy model API, is told so, and can be interrupted meanwhile', async () => {
    bed = await startTestBed({ accounts: { one: {} }, policy: { retry: { delaysMs: [60_000], jitter: 0 } } });
    bed.api.setScript(() => reply().status(529));
    const agent = bed.open();
    agent.send('hello');
    await agent.wait('retry.scheduled', undefined, 0);
    const from = agent.events.length;
    agent.process.interrupt();
    expect(await agent.wait('turn.ended', undefined, from)).toMatchObject({ outcome: 'interrupted' });
    expect(keysAsked()).toEqual(['one']);

    bed.api.setScript(undefined);
    expect(await agent.turn('[[say again]]')).toMatchObject({ outcome: 'completed' });
    await agent.ended();
  });

  test('[RLY7] says in the words of the relay why no account could make the call', async () => {
    bed = await startTestBed({ accounts: { one: {}, two: {} } });
    bed.api.setScript(() => spent(Date.now() + 3_600_000));
    const agent = bed.open();
    const ended = await agent.turn('hello');
    expect(ended).toMatchObject({
      outcome: 'failed',
      error: { code: 'account_exhausted', retryable: true, message: expect.stringContaining('back at') },
    });
    expect(new Set(keysAsked())).toEqual(new Set(['one', 'two']));
    await agent.ended();
  });

  test('[WAIT1] goes on with an interrupted turn in a new process: no tool runs again, no message is doubled', async () => {
    bed = await startTestBed({ accounts: { one: {} }, policy: { waitForResetMs: 3_600_000 } });
    let isSpent = false;
    bed.api.setScript(({ isSideRequest }) => (isSpent && !isSideRequest ? spent(Date.now() + 1_800_000) : undefined));
    const agent = bed.open({ allowedTools: ['Bash'] });
    agent.send('[[tool Bash {"command":"echo ran >> ran.txt; echo hello"}]] [[say done]]');
    await agent.wait('tool.called', undefined, 0);
    isSpent = true;
    await agent.wait('retry.scheduled', (event) => event.forReset === true, 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    agent.process.kill();
    await agent.process.gone;

    isSpent = false;
    bed.accounts?.all.set('one', {});
    const { agentSessionId } = readyOf(agent.events);
    const second = bed.open({ agentSessionId, resumesTurn: true, allowedTools: ['Bash'], lastAccountId: 'one' });
    const ended = await second.wait('turn.ended', undefined, 0);

    expect(ended).toMatchObject({ outcome: 'completed' });
    expect(second.texts().join('')).toContain('tool said: hello');
    expect(readFileSync(`${bed.cwd}/ran.txt`, 'utf8')).toBe('ran\n');
    expect(seenBy(bed.api.requests.at(-1))).toHaveLength(1);
    expect(second.events.some(({ type }) => type === 'account.selected')).toBe(false);
    await second.ended();
  });

  test('[SEL7] uses the account that the user chooses, from the next call on', async () => {
    bed = await startTestBed({ accounts: { one: { priority: 1 }, two: { priority: 2 } } });
    const agent = bed.open({ pinnedAccountId: 'two' });
    await agent.turn('a');
    agent.process.configure({ accountId: 'one' });
    await agent.turn('b');
    agent.process.configure({ accountId: null });
    await agent.turn('c');
    expect(keysAsked()).toEqual(['two', 'one', 'one']);
    await agent.ended();
  });

  test('[RLY1] takes itself for a subscriber where the account is one', async () => {
    const credentials = { kind: 'oauth' as const, accessToken: 'access' };
    bed = await startTestBed({ accounts: { sub: { kind: 'oauth', credentials } } });
    const agent = bed.open();
    expect(await agent.turn('hello')).toMatchObject({ outcome: 'completed' });
    expect(keysAsked()).toEqual(['access']);
    expect(bed.api.requests[0]?.headers['anthropic-beta']).toContain('oauth-2025-04-20');
    await agent.ended();
  });

  test('[RLY1] [AGT7] gives a spare its way to the model, and its session when it is taken', async () => {
    bed = await startTestBed({ accounts: { one: {} }, config: { spares: 1 } });
    bed.backend.spares?.keepReady(() => true);
    await expect.poll(() => bed.backend.spares?.ready).toBe(1);
    const [spare] = bed.processes.records;
    const agent = bed.open();
    expect(await agent.turn('hello')).toMatchObject({ outcome: 'completed' });
    expect(keysAsked()).toEqual(['one']);
    expect(counted(agent)).toEqual(billed());
    expect(bed.processes.records.some(({ pid }) => pid === spare?.pid)).toBe(true);
    await agent.ended();
  });

  test('[RLY1] leaves no way to the model open for a process that could not be started', async () => {
    bed = await startTestBed({ accounts: { one: {} }, config: { pathToClaudeCodeExecutable: '/bin/false' } });
    const spares = bed.restart({ spares: 1 }).spares;
    spares?.keepReady(() => true);
    await expect.poll(() => bed.logged.join(), { timeout: 30_000 }).toContain('could not be started');
    const agent = bed.open({ model: 'no\u0000name' });
    await agent.wait('exited', undefined, 0);
    await agent.process.gone;
    expect(bed.lanes.map(({ closed }) => closed.aborted)).toEqual([true, true]);
  });

  test('[RLY2] [CALL1] counts what a subagent used until its process ended because of a request that was refused', async () => {
    bed = await startTestBed({ accounts: { one: {} }, config: { closeTimeoutMs: 100 } });
    const agent = bed.open({ allowedTools: ['Agent'] });
    const sub = { description: 'a sub', prompt: '[[tokens 50 0]] [[stall]]', subagent_type: 'general-purpose' };
    const from = agent.events.length;
    await agent.turn(`[[tool Agent ${JSON.stringify({ ...sub, run_in_background: true })}]]`);
    await agent.wait('background.changed', undefined, from);
    // Each call once, with its input: two of the turn, and one that streams.
    await expect
      .poll(() => agent.events.filter((event) => event.type === 'call.counted' && event.usage.outputTokens > 0).length)
      .toBe(3);

    await agent.turn('[[status 400 9]]');
    await agent.process.gone;

    await expect.poll(() => bed.api.bills.length).toBe(3);
    await expect.poll(() => counted(agent)).toEqual(billed());
  });
});
