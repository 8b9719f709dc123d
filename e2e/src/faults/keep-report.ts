import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokenRun } from './run-faults.ts';
import type { FaultRun } from './run-faults.ts';

/** Writes down what happened in a broken run: what was done, the logs, what each client saw. @returns the file */
export function keepReport({ agent, seed }: FaultRun, error: unknown): string {
  const folder = join(tmpdir(), `hearth-faults-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${agent}-${seed}.json`);
  const report = error instanceof BrokenRun ? error.report : {};
  writeFileSync(file, JSON.stringify({ error: String(error), ...report }, null, 1));
  return file;
}

export function commandOf({ agent, seed, steps, database }: FaultRun): string {
  return `npm run faults -- --runs 1 --seed ${seed} --agent ${agent}${database === undefined ? '' : ` --database ${database}`}${steps === undefined ? '' : ` --steps ${steps}`}`;
}
