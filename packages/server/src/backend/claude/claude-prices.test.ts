import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reply, type BilledUsage } from '@hearth/testkit';
import { callUsage, costOf } from '../../usage/call-cost.ts';
import { startTestBed, type OpenAgent, type TestBed } from './testing/test-bed.ts';

const NOTHING = { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
/** Numbers that tell the kinds of tokens apart in the sum. */
const SHORT = {
  ...NOTHING,
  input_tokens: 1_009,
  output_tokens: 2_003,
  cache_read_input_tokens: 40_009,
  cache_creation_input_tokens: 3_001,
  cache_creation: { ephemeral_5m_input_tokens: 1_000, ephemeral_1h_input_tokens: 2_001 },
};

let bed: TestBed;
let agent: OpenAgent;
beforeAll(async () => {
  bed = await startTestBed();
  agent = bed.open({ model: 'claude-sonnet-4-5' });
});
afterAll(async () => {
  await agent.ended();
  await bed.close();
});

/** What the real binary says that one call cost, in billionths of a dollar. */
async function counted(model: string, usage: BilledUsage): Promise<number> {
  bed.api.setScript((request) => (request.isSideRequest ? undefined : reply().text('ok').billed(usage)));
  agent.process.configure({ model });
  const ended = await agent.turn(`with ${model}`);
  expect(bed.api.bills.at(-1)).toMatchObject({ model, usage });
  return Math.round((ended.costUsd ?? 0) * 1e9);
}

describe('the prices of the real binary', () => {
  test.each([
    'claude-opus-5-5',
    'claude-opus-4-8',
    'claude-opus-4-5-20251101',
    'claude-sonnet-5-5',
    'claude-sonnet-5',
    'claude-sonnet-4-6',
    'claude-sonnet-4-5',
    'claude-haiku-5-5',
    'claude-haiku-4-5',
    'claude-3-5-haiku-20241022',
    'claude-mythos-5-1',
    'claude-unheard-of-9',
  ])('[USE6] %s costs what the binary counts for it', async (model) => {
    expect(await counted(model, SHORT)).toBe(costOf(model, callUsage(SHORT)));
  });

  test('[USE6] long prompts, regions and searches cost what the binary counts for them', async () => {
    const long = { ...NOTHING, input_tokens: 70_000, cache_read_input_tokens: 40_009, output_tokens: 11 };
    const dear = { ...SHORT, inference_geo: 'us', server_tool_use: { web_search_requests: 3 } };

    expect(await counted('claude-haiku-5-5', long)).toBe(costOf('claude-haiku-5-5', callUsage(long)));
    expect(await counted('claude-haiku-4-5', dear)).toBe(costOf('claude-haiku-4-5', callUsage(dear)));
  });

  test.each(['claude-opus-5-5', 'claude-opus-5', 'claude-opus-4-7', 'claude-mythos-5-2', 'claude-haiku-4-5'])(
    '[USE6] %s in the fast mode costs what the binary counts for it',
    async (model) => {
      const fast = { ...SHORT, speed: 'fast' };
      expect(await counted(model, fast)).toBe(costOf(model, callUsage(fast)));
    },
  );
});
