import { describe, expect, test } from 'vitest';
import { FAILING_SEEDS } from './faults/failing-seeds.ts';
import { commandOf, keepReport } from './faults/keep-report.ts';
import { runFaults } from './faults/run-faults.ts';
import type { FaultRun } from './faults/run-faults.ts';

const SCRIPTED_RUNS = 50;
const CLAUDE_RUNS = 6;
const POSTGRES_RUNS = 4;
const TIMEOUT = { timeout: 400_000 };

/** `whole`, or what broke, where the whole story is, and how to see it again. */
async function verdict(run: FaultRun): Promise<string> {
  try {
    await runFaults(run);
    return 'whole';
  } catch (error) {
    const said = error instanceof Error ? error.message : 'the run broke';
    return `${said}\nwhat happened: ${keepReport(run, error)}\nagain: ${commandOf(run)}`;
  }
}

function runs(agent: FaultRun['agent'], count: number): FaultRun[] {
  return Array.from({ length: count }, (_, index) => ({ agent, seed: index + 1, steps: 24 }));
}

/** The short form; the long one is `npm run faults -- --runs 1000 --agent claude`. */
describe.concurrent('[LOG2][LOG10][MSG10][TURN1][APR2][PHASE3] nothing is lost, doubled or left, whatever fails', () => {
  test.each(runs('scripted', SCRIPTED_RUNS))('scripted agent, seed $seed', TIMEOUT, async (run) => {
    expect(await verdict(run)).toBe('whole');
  });

  test.each(FAILING_SEEDS)('$agent agent, seed $seed, which found: $found', TIMEOUT, async (run) => {
    expect(await verdict(run)).toBe('whole');
  });
});

describe('[STO13][LOG10][MSG10][TURN1] the same over PostgreSQL, which is killed, restarted and stands still', () => {
  const over = runs('scripted', POSTGRES_RUNS).map((run): FaultRun => ({ ...run, database: 'postgres' }));
  test.each(over)('scripted agent, seed $seed', TIMEOUT, async (run) => {
    expect(await verdict(run)).toBe('whole');
  });
});

describe.concurrent('[RES6][RES8][AGT3] the model is told every message once and in order, whatever fails', () => {
  test.each(runs('claude', CLAUDE_RUNS))('claude, seed $seed', TIMEOUT, async (run) => {
    expect(await verdict(run)).toBe('whole');
  });
});
