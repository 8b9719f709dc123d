import { parseArgs } from 'node:util';
import type { AgentName, DatabaseName } from './plan.ts';
import { commandOf, keepReport } from './keep-report.ts';
import { runFaults } from './run-faults.ts';
import type { FaultRun } from './run-faults.ts';

const MOST_CHARS = 500;

/** `npm run faults -- --runs 1000 --seed 1 --agent claude`: runs one seed after the other and tells which ones fail. */
export async function faultsCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      agent: { type: 'string', default: 'scripted' },
      database: { type: 'string', default: 'sqlite' },
      steps: { type: 'string', default: '30' },
      parallel: { type: 'string', default: '2' },
    },
  });
  const agent = agentName(values.agent);
  const database = databaseName(values.database);
  const steps = Number(values.steps);
  const runs = Number(values.runs);
  const failed: FaultRun[] = [];
  let next = Number(values.seed);
  const end = next + runs;
  const worker = async (): Promise<void> => {
    for (let seed = next++; seed < end; seed = next++) {
      const run: FaultRun = { seed, agent, steps, database };
      const began = Date.now();
      try {
        await runFaults(run);
        say(`seed ${seed}: whole, ${Date.now() - began} ms`);
      } catch (error) {
        failed.push(run);
        say(`seed ${seed}: BROKEN, see ${keepReport(run, error)}\n  ${String(error).slice(0, MOST_CHARS)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Number(values.parallel) }, worker));
  say(`${runs - failed.length} whole, ${failed.length} broken`);
  for (const run of failed.sort((a, b) => a.seed - b.seed)) say(`again: ${commandOf(run)}`);
  return failed.length === 0 ? 0 : 1;
}

function agentName(name: string): AgentName {
  if (name === 'scripted' || name === 'claude') return name;
  throw new Error(`there is no agent “${name}”; use scripted or claude`);
}

function databaseName(name: string): DatabaseName {
  if (name === 'sqlite' || name === 'postgres') return name;
  throw new Error(`there is no database “${name}”; use sqlite or postgres`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
