import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelUsage } from '@hearth/protocol';
import { callUsage, costOf } from '../../usage/call-cost.ts';
import type { AgentEvent } from '../backend.ts';
import { startTestBed, type OpenAgent, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
});
afterAll(async () => bed.close());

type Sums = Record<string, { input: number; output: number; read: number; created: number; nanoUsd: number }>;

/** By model, what was billed from this bill on; but for the question whether a model is there, which costs a token. */
function billed(from: number): Sums {
  const side = new Set(bed.api.requests.filter(({ body }) => body.max_tokens === 1).map(({ number }) => number));
  const bills = bed.api.bills.slice(from).filter(({ number }) => !side.has(number));
  return sumOf(
    bills.map(({ model, usage }) => {
      const used = callUsage(usage);
      return { ...used, model, costUsd: costOf(model, used) / 1e9 };
    }),
  );
}

function used(events: readonly AgentEvent[]): Sums {
  return sumOf(events.flatMap((event) => (event.type === 'turn.ended' ? (event.models ?? []) : [])));
}

function sumOf(parts: readonly ModelUsage[]): Sums {
  const sums: Sums = {};
  for (const part of parts) {
    const sum = (sums[part.model] ??= { input: 0, output: 0, read: 0, created: 0, nanoUsd: 0 });
    sum.input += part.inputTokens;
    sum.output += part.outputTokens;
    sum.read += part.cacheReadTokens;
    sum.created += part.cacheCreationTokens;
    sum.nanoUsd += Math.round(part.costUsd * 1e9);
  }
  return sums;
}

function conversationOf(agent: OpenAgent): string {
  const ready = agent.events.findLast((event) => event.type === 'ready');
  if (ready === undefined) throw new Error('the agent was never ready');
  return ready.agentSessionId;
}

describe('the usage of turns over the real binary', () => {
  test('[USE7] of several models, retried, with tools, compacted and resumed, is what the model API billed', async () => {
    const from = bed.api.bills.length;
    const first = bed.open({ model: 'claude-sonnet-4-5', allowedTools: ['Bash', 'Agent'] });
    await first.turn('[[status 529 1]] [[think hm]] [[say hi]]');
    await first.turn('[[tool Bash {"command":"echo one"}]] [[say done]]');
    const sub = { description: 'a sub', prompt: '[[say inner]]', subagent_type: 'general-purpose', model: 'haiku' };
    await first.turn(`[[tool Agent ${JSON.stringify({ ...sub, run_in_background: false })}]] [[say outer]]`);
    first.process.configure({ model: 'claude-opus-4-8' });
    await first.turn('in another model');
    await first.turn('/compact');
    await first.ended();
    const second = bed.open({ model: 'claude-sonnet-4-5', agentSessionId: conversationOf(first) });
    await second.turn('in another process');
    await second.ended();

    const sums = billed(from);
    expect(Object.keys(sums)).toHaveLength(3);
    expect(used([...first.events, ...second.events])).toEqual(sums);
  });

  test('[USE7] the input of answers that broke off is what the model API billed, their output at most', async () => {
    const from = bed.api.bills.length;
    const agent = bed.open({ model: 'claude-sonnet-4-5' });
    agent.send('[[tokens 100 20]]');
    await agent.wait('block.delta', undefined, 0);
    agent.process.interrupt();
    await agent.wait('turn.ended', undefined, 0);
    const before = agent.events.length;
    bed.api.setBeforeCut(async () => agent.wait('block.delta', undefined, before));
    await agent.turn('[[cut 4 1]] [[tokens 6 0]]');
    await agent.ended();

    const [bill] = Object.values(billed(from));
    const [sum] = Object.values(used(agent.events));
    expect(bed.api.bills.slice(from).map(({ outcome }) => outcome)).toEqual(['aborted', 'cut', 'whole']);
    expect(sum).toMatchObject({ input: bill?.input, read: bill?.read, created: bill?.created });
    expect(sum?.output).toBeGreaterThan(0);
    expect(sum?.output).toBeLessThanOrEqual(bill?.output ?? 0);
  });

  test('[USE8] of a process that is killed the calls that were seen are known, and the next one does not count them again', async () => {
    const from = bed.api.bills.length;
    const agent = bed.open({ model: 'claude-sonnet-4-5', allowedTools: ['Bash'] });
    await agent.turn('before');
    const counted = used(agent.events)['claude-sonnet-4-5'];
    const killedFrom = bed.api.bills.length;
    agent.send('[[tool Bash {"command":"echo one"}]] [[tokens 100 20]]');
    await agent.wait('tool.completed', undefined, 0);
    await agent.wait('block.delta');
    agent.process.kill();
    await agent.wait('exited', undefined, 0);
    await bed.api.waitForRequest(
      ({ outcome }) => outcome.type === 'aborted' && bed.api.bills.length === killedFrom + 2,
    );
    const resumed = bed.open({ model: 'claude-sonnet-4-5', agentSessionId: conversationOf(agent) });
    await resumed.turn('after');
    await resumed.ended();

    const seen = agent.events.findLast((event) => event.type === 'calls.seen');
    const lost = sumOf(seen?.models ?? [])['claude-sonnet-4-5'];
    const next = used(resumed.events)['claude-sonnet-4-5'];
    const bill = billed(from)['claude-sonnet-4-5'];
    for (const kind of ['input', 'read', 'created'] as const) {
      expect((counted?.[kind] ?? 0) + (lost?.[kind] ?? 0) + (next?.[kind] ?? 0)).toBe(bill?.[kind]);
    }
    expect(lost?.output).toBeGreaterThan(1);
    expect(lost?.nanoUsd).toBeGreaterThan(0);
    expect((counted?.nanoUsd ?? 0) + (lost?.nanoUsd ?? 0) + (next?.nanoUsd ?? 0)).toBeLessThanOrEqual(
      bill?.nanoUsd ?? 0,
    );
  });
});
