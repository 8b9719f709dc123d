import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AgentName } from './plan.ts';
import { BrokenRun, runFaults } from './run-faults.ts';

const MOST_CHARS = 500;

/** `npm run faults -- --runs 1000 --seed 1 --agent claude`: runs one seed after the other and tells which ones fail. */
export async function faultsCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      agent: { type: 'string', default: 'scripted' },
      steps: { type: 'string', default: '30' },
      parallel: { type: 'string', default: '2' },
    },
  });
  const agent = agentName(values.agent);
  const [runs, first, steps, parallel] = [values.runs, values.seed, values.steps, values.parallel].map(Number);
  const reports = mkdtempSync(join(tmpdir(), 'hearth-faults-'));
  const failed: number[] = [];
  let next = first ?? 1;
  const end = next + (runs ?? 1);
  const worker = async (): Promise<void> => {
    for (let seed = next++; seed < end; seed = next++) {
      const began = Date.now();
      try {
        await runFaults({ seed, agent, ...(steps === undefined ? {} : { steps }) });
        say(`seed ${seed}: whole, ${Date.now() - began} ms`);
      } catch (error) {
        failed.push(seed);
        const file = join(reports, `${agent}-${seed}.json`);
        const report = error instanceof BrokenRun ? error.report : {};
        writeFileSync(file, JSON.stringify({ error: String(error), ...report }, null, 1));
        say(`seed ${seed}: BROKEN, see ${file}\n  ${String(error).slice(0, MOST_CHARS)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel ?? 1 }, worker));
  say(`${(runs ?? 0) - failed.length} whole, ${failed.length} broken`);
  const again = (seed: number): string =>
    `  npm run faults -- --runs 1 --seed ${seed} --agent ${agent} --steps ${steps}`;
  if (failed.length > 0) say(['again:', ...failed.sort((a, b) => a - b).map(again)].join('\n'));
  return failed.length === 0 ? 0 : 1;
}

function agentName(name: string): AgentName {
  if (name === 'scripted' || name === 'claude') return name;
  throw new Error(`there is no agent “${name}”; use scripted or claude`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
