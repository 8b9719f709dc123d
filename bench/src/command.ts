import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks/all.ts';
import { describeMachine, load } from './measure/machine.ts';
import { toSvg } from './report/chart.ts';
import { report } from './report/markdown.ts';
import type { Result } from './report/markdown.ts';
import { printed } from './report/print.ts';
import { Workplace } from './workplace.ts';

const HELP = `usage: npm run bench -- [NAME…] [--short] [--out FOLDER]

Measures, prints tables and writes RESULTS.md and its charts. Names: ${BENCHMARKS.map(({ name }) => name).join(', ')}; default: all.

  --short       as little as shows that each benchmark works; its figures mean nothing, and are only written with --out
  --out FOLDER  where RESULTS.md and charts/ are written; default with all benchmarks: bench/, with some: nowhere
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
process.exitCode = values.help ? print(HELP) : await main(positionals, values);

async function main(names: string[], { short, out }: { short: boolean; out?: string | undefined }): Promise<number> {
  const unknown = names.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no benchmark ${unknown.join(', ')}.\n${HELP}`);
    return 1;
  }
  const wanted = BENCHMARKS.filter(({ name }) => names.length === 0 || names.includes(name));
  const folder = out ?? (short || names.length > 0 ? undefined : fileURLToPath(new URL('..', import.meta.url)));
  const results: Result[] = [];
  for (const benchmark of wanted) {
    const result = await measured(benchmark, short);
    print(printed(result));
    results.push(result);
    // After each, so that a run that is cut short leaves what it has.
    if (folder !== undefined) write(folder, results, short);
  }
  return results.some((result) => 'failure' in result) ? 1 : 0;
}

async function measured(benchmark: Benchmark, short: boolean): Promise<Result> {
  const workplace = new Workplace(short, (text) => process.stderr.write(`  … ${text}\n`));
  const before = load();
  const began = performance.now();
  try {
    const outcome = await benchmark.run(workplace);
    return { benchmark, load: loadText(before), outcome };
  } catch (error) {
    return {
      benchmark,
      load: loadText(before),
      failure: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  } finally {
    await workplace.close();
    process.stderr.write(`  ${benchmark.name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  }
}

function loadText(before: number): string {
  return `Load of the machine before it: ${before.toFixed(1)}.`;
}

function write(folder: string, results: readonly Result[], short: boolean): void {
  mkdirSync(join(folder, 'charts'), { recursive: true });
  const circumstances = [
    `Machine: ${describeMachine()}`,
    `Date: ${new Date().toISOString().slice(0, 10)}`,
    ...(short ? ['**The short form: these figures mean nothing.**'] : []),
  ];
  writeFileSync(join(folder, 'RESULTS.md'), report(results, circumstances));
  for (const result of results) {
    if (!('outcome' in result)) continue;
    for (const chart of result.outcome.charts ?? [])
      writeFileSync(join(folder, 'charts', `${chart.name}.svg`), toSvg(chart));
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
