import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentEvent } from '../backend.ts';
import { agentEnvironment, processEnvironment } from './claude-config.ts';
import { BackgroundReader } from './background-reader.ts';
import { projectKeyOf } from './local-transcript.ts';
import { PlanReader } from './plan-reader.ts';
import type { WireMessage, WireModelUsage } from './sdk-message.ts';
import { presentTool } from './tool-presentation.ts';
import { Translator } from './translator.ts';
import { codeOfFailure, errorOfResult } from './turn-error.ts';
import { TurnUsageMeter } from './turn-usage.ts';

function translate(...messages: WireMessage[]): AgentEvent[] {
  const events: AgentEvent[] = [];
  let ids = 0;
  const translator = new Translator({
    emit: (event) => events.push(event),
    newId: () => `id${(ids += 1)}`,
    permissionMode: 'default',
  });
  for (const message of messages) translator.read(message);
  return events;
}

describe('what the binary says', () => {
  test('of a compaction', () => {
    const boundary = { trigger: 'manual', pre_tokens: 1234 };
    expect(translate({ type: 'system', subtype: 'compact_boundary', compact_metadata: boundary })).toEqual([
      { type: 'context.compacted', trigger: 'manual', preTokens: 1234 },
    ]);
  });

  test('that nobody knows yet is a sign of life, never a failure', () => {
    const strange: WireMessage[] = [
      { type: 'something_new' },
      { type: 'system', subtype: 'something_new' },
      { type: 'system' },
      { type: 'stream_event' },
      { type: 'assistant' },
      { type: 'user', message: { content: 'a note' } },
    ];
    for (const message of strange) {
      expect(translate(message).filter((event) => event.type !== 'activity')).toEqual([]);
    }
  });

  test('whole at once, without a stream, is a block all the same', () => {
    const message: WireMessage = { type: 'assistant', message: { id: 'm', content: [{ type: 'text', text: 'hi' }] } };
    expect(translate(message)).toEqual([
      { type: 'block.started', blockId: 'id1', kind: 'text' },
      { type: 'block.completed', blockId: 'id1', text: 'hi' },
    ]);
  });

  test('of a tool call twice is told once; results that are no text stay as they are', () => {
    const call: WireMessage = {
      type: 'assistant',
      parent_tool_use_id: 'p',
      message: { content: [{ type: 'tool_use', id: 't', name: 'mcp__git__log', input: {} }] },
    };
    const image = [
      { type: 'text', text: 'a' },
      { type: 'image', source: {} },
    ];
    const result: WireMessage = {
      type: 'user',
      message: { content: [{ type: 'tool_result', tool_use_id: 't', content: image, is_error: true }] },
    };
    expect(translate(call, call, result).filter((event) => event.type !== 'activity')).toEqual([
      {
        type: 'tool.called',
        toolCallId: 't',
        name: 'mcp__git__log',
        input: {},
        title: 'git: log',
        kind: 'other',
        parentToolCallId: 'p',
      },
      { type: 'tool.completed', toolCallId: 't', output: image, isError: true },
    ]);
  });
});

describe('tools', () => {
  test.each([
    ['Bash', { command: 'ls\n  -l' }, 'ls ⏎ -l', 'execute'],
    ['Edit', { file_path: '/a/b.ts' }, '/a/b.ts', 'edit'],
    ['Grep', { pattern: 'x+' }, 'x+', 'search'],
    ['WebFetch', { url: 'https://example.org' }, 'https://example.org', 'fetch'],
    ['Agent', { description: 'look around' }, 'look around', 'think'],
    ['Read', undefined, 'Read', 'read'],
    ['Unheard', { a: 1 }, 'Unheard', 'other'],
  ])('%s is shown as what it is', (name, input, title, kind) => {
    expect(presentTool(name, input)).toEqual({ title, kind });
  });

  test('a title is one line and not endless', () => {
    expect(presentTool('Bash', { command: 'x'.repeat(1000) }).title).toHaveLength(200);
    expect(presentTool('Bash', { command: `${'x'.repeat(198)}😀x` }).title).toBe(`${'x'.repeat(198)}…`);
  });
});

describe('plans and background work', () => {
  test('single tasks make a list, which is told whole', () => {
    const plan = new PlanReader();
    expect(plan.onToolCompleted('TaskCreate', { subject: 'dig' }, { task: { id: '1' } })).toHaveLength(1);
    plan.onToolCompleted('TaskCreate', { subject: 'fill' }, { task: { id: '2' } });
    expect(plan.onToolCompleted('TaskUpdate', { taskId: '1', status: 'completed' }, {})).toEqual([
      { content: 'dig', status: 'completed' },
      { content: 'fill', status: 'pending' },
    ]);
    expect(plan.onToolCompleted('TaskUpdate', { taskId: '1', status: 'deleted' }, {})).toHaveLength(1);
    expect(plan.onToolCompleted('TaskUpdate', { taskId: '9' }, {})).toBeUndefined();
    expect(plan.onToolCompleted('Bash', {}, {})).toBeUndefined();
  });

  test('a task that was killed is stopped; ambient ones are not shown', () => {
    const reader = new BackgroundReader();
    const tasks = [{ task_id: 'a' }, { task_id: 'b', ambient: true }];
    expect(reader.onMessage({ type: 'system', subtype: 'background_tasks_changed', tasks })).toEqual([
      { taskId: 'a', kind: 'task', title: 'a', status: 'running' },
    ]);
    const end = { type: 'system', subtype: 'task_updated', task_id: 'a', patch: { status: 'killed' } };
    expect(reader.onMessage(end)).toMatchObject([{ taskId: 'a', status: 'stopped' }]);
    expect(reader.onMessage(end)).toBeUndefined();
  });
});

describe('failures', () => {
  test.each([
    [{ status: 400 }, 'invalid_request'],
    [{ status: 401 }, 'agent_unauthorized'],
    [{ status: 401, type: 'billing_error' }, 'account_exhausted'],
    [{ status: 402 }, 'account_exhausted'],
    [{ status: 403 }, 'agent_unauthorized'],
    [{ status: 413 }, 'invalid_request'],
    [{ status: 429 }, 'rate_limited'],
    [{ status: 500 }, 'overloaded'],
    [{ status: 529 }, 'overloaded'],
    [{ status: null, name: 'authentication_failed' }, 'agent_unauthorized'],
    [{ name: 'unknown' }, 'overloaded'],
  ])('%j is %s', (failure, code) => {
    expect(codeOfFailure(failure)).toBe(code);
  });

  test('limits are told as limits', () => {
    const context = { model: 'm' };
    const codeOf = (result: Partial<WireMessage>) => errorOfResult({ type: 'result', ...result }, context).code;
    expect(codeOf({ subtype: 'error_max_turns' })).toBe('budget_exceeded');
    expect(codeOf({ subtype: 'error_max_budget_usd' })).toBe('budget_exceeded');
    expect(codeOf({ subtype: 'error_during_execution', errors: ['broken'] })).toBe('agent_crashed');
    expect(codeOf({ subtype: 'success', terminal_reason: 'prompt_too_long' })).toBe('invalid_request');
  });
});

describe('usage', () => {
  const result = (outputTokens: number, cost: number): WireMessage => ({
    type: 'result',
    total_cost_usd: cost,
    modelUsage: {
      m: {
        inputTokens: 1,
        outputTokens,
        cacheReadInputTokens: 0,
        cacheCreationInputTokens: 0,
        contextWindow: 1000,
        costUSD: cost,
      },
    },
  });

  test('a total that begins anew is not taken for less than nothing', () => {
    const meter = new TurnUsageMeter();
    meter.onRequest({ input_tokens: 5, output_tokens: 1 });
    meter.onRequest({ output_tokens: 7 });
    expect(meter.onResult(result(10, 0.3), 'm')).toMatchObject({
      costUsd: 0.3,
      context: { usedTokens: 12, maxTokens: 1000 },
    });
    expect(meter.onResult(result(30, 0.4), 'm')).toMatchObject({ costUsd: 0.1, usage: { outputTokens: 20 } });
    expect(meter.onResult(result(3, 0.01), 'm')).toMatchObject({ costUsd: 0.01, usage: { outputTokens: 3 } });
  });

  test('[USE7] whatever models a turn used, its whole is the sum of them to the billionth of a dollar', () => {
    const step = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.record({ tokens: fc.nat(100_000), costUSD: fc.double({ min: 0, max: 3, noNaN: true }) }),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const meter = new TurnUsageMeter();
        const totals: Record<string, WireModelUsage> = {};
        let nano = 0;
        for (const used of steps) {
          for (const [model, { tokens, costUSD }] of Object.entries(used)) {
            const before = totals[model];
            totals[model] = {
              inputTokens: (before?.inputTokens ?? 0) + tokens,
              outputTokens: 0,
              cacheReadInputTokens: 0,
              cacheCreationInputTokens: 0,
              costUSD: (before?.costUSD ?? 0) + costUSD,
            };
          }
          const turn = meter.onResult({ type: 'result', modelUsage: structuredClone(totals) }, 'a');
          const parts = turn.models.map((part) => Math.round(part.costUsd * 1e9));
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(Math.round(turn.costUsd * 1e9));
          expect(turn.models.reduce((sum, part) => sum + part.inputTokens, 0)).toBe(turn.usage.inputTokens);
          nano += Math.round(turn.costUsd * 1e9);
        }
        const whole = Object.values(totals).map(({ costUSD }) => Math.round((costUSD ?? 0) * 1e9));
        expect(nano).toBe(whole.reduce((sum, model) => sum + model, 0));
      }),
    );
  });
});

describe('the environment of the agent', () => {
  test('has what the binary understands, and nothing of the server’s own or of an agent around it', () => {
    const env = { PATH: '/bin', ANTHROPIC_API_KEY: 'k', HEARTH_TOKEN: 'secret', DB_PASSWORD: 'p', CLAUDECODE: '1' };
    expect(agentEnvironment(env)).toEqual({ PATH: '/bin', ANTHROPIC_API_KEY: 'k' });
    expect(processEnvironment({ maxRetries: 3, environment: () => env })).toMatchObject({
      CLAUDE_CODE_MAX_RETRIES: '3',
    });
  });

  test('a working directory is named as the binary names it', () => {
    expect(projectKeyOf('/no/such dir/ä.b')).toBe('-no-such-dir---b');
    const long = projectKeyOf(`/${'x'.repeat(300)}`);
    expect(long).toMatch(/^-x{199}-[0-9a-z]+$/);
    expect(long).not.toBe(projectKeyOf(`/${'x'.repeat(301)}`));
  });
});
