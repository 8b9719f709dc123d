import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks/all.ts';
import { describeMachine, load } from './measure/machine.ts';
import { toSvg } from './report/chart.ts';
import { report, sectionOf } from './report/markdown.ts';
import type { Result } from './report/markdown.ts';
import { printed } from './report/print.ts';
import { readSections } from './report/sections.ts';
import { Workplace } from './workplace.ts';

const HELP = `usage: npm run bench -- [NAME…] [--short] [--out FOLDER]

Measures, prints tables and writes RESULTS.md and its charts. Names: ${BENCHMARKS.map(({ name }) => name).join(', ')}; default: all.

  --short       as little as shows that each benchmark works; its figures mean nothing, and are only written with --out
  --out FOLDER  where RESULTS.md and charts/ are written, in which what other benchmarks have left stays as it is;
                default with all benchmarks: bench/, with some: nowhere
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
  let failed = false;
  for (const benchmark of wanted) {
    const result = await measured(benchmark, short);
    print(printed(result));
    failed ||= 'failure' in result;
    // After each, so that a run that is cut short leaves what it has.
    if (folder !== undefined) write(folder, result);
  }
  return failed ? 1 : 0;
}

async function measured(benchmark: Benchmark, short: boolean): Promise<Result> {
  const workplace = new Workplace(short, (text) => process.stderr.write(`  … ${text}\n`));
  const circumstances = describeRun(short);
  const began = performance.now();
  try {
    return { benchmark, circumstances, outcome: await benchmark.run(workplace) };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { benchmark, circumstances, failure };
  } finally {
    await workplace.close();
    process.stderr.write(`  ${benchmark.name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  }
}

function describeRun(short: boolean): string {
  const run = `${new Date().toISOString().slice(0, 10)}, ${describeMachine()}; load before it ${load().toFixed(1)}.`;
  return short ? `${run} **The short form: these figures mean nothing.**` : run;
}

/** Puts it in the place of what an earlier run of the same benchmark has left. */
function write(folder: string, result: Result): void {
  mkdirSync(join(folder, 'charts'), { recursive: true });
  const file = join(folder, 'RESULTS.md');
  const sections = readSections(file).set(result.benchmark.name, sectionOf(result));
  const inOrder = BENCHMARKS.map(({ name }) => sections.get(name)).filter((section) => section !== undefined);
  writeFileSync(file, report(inOrder));
  if (!('outcome' in result)) return;
  for (const chart of result.outcome.charts ?? [])
    writeFileSync(join(folder, 'charts', `${chart.name}.svg`), toSvg(chart));
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
