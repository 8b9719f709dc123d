import { rounded } from '../benchmark.ts';
import type { Benchmark, Goal, Outcome, Row } from '../benchmark.ts';
import { Distribution } from '../measure/distribution.ts';

/** How a benchmark ended. */
export type Result = { benchmark: Benchmark; load: string } & ({ outcome: Outcome } | { failure: string });

/** Enough samples for a percentile of one in a hundred to mean something. */
const P99_SAMPLES = 100;

export function report(results: readonly Result[], circumstances: readonly string[]): string {
  const goals = results.flatMap((result) => ('outcome' in result ? result.outcome.goals : []));
  const met = goals.filter((goal) => goal.met).length;
  const forbidden = goals.filter((goal) => !goal.met && goal.floor !== undefined).length;
  return [
    '# What was measured',
    '',
    'Written by `npm run bench`; [README.md](README.md) says how it measures and how to read it.',
    '',
    ...circumstances.map((line) => `- ${line}`),
    `- Goals met: ${met} of ${goals.length}; the floor itself misses ${forbidden} of the others`,
    '',
    ...results.flatMap(section),
  ].join('\n');
}

function section(result: Result): string[] {
  const { benchmark, load } = result;
  const head = [`## ${benchmark.title}`, '', `\`npm run bench -- ${benchmark.name}\`. ${benchmark.about} ${load}`, ''];
  if ('failure' in result) return [...head, `It could not be measured: ${result.failure}`, ''];
  const { rows, goals, charts = [], notes = [] } = result.outcome;
  const goalLines = goals.map((goal) => `| ${goal.what} | ${goal.value} | ${verdict(goal)} |`);
  return [
    ...head,
    ...table(rows),
    '',
    ...(goals.length > 0 ? ['| goal | measured | met |', '| --- | ---: | --- |', ...goalLines, ''] : []),
    ...notes.flatMap((note) => [note, '']),
    ...charts.flatMap((chart) => [`![${chart.title}](charts/${chart.name}.svg)`, '', chart.bend, '']),
  ];
}

function verdict({ met, floor }: Goal): string {
  if (met) return 'yes';
  return floor === undefined ? '**no**' : `no; the floor itself has ${floor}`;
}

/** Medians with the middle half of the samples, the 99th percentile where it means something, and the ratio to the first of the unit. */
export function table(rows: readonly Row[]): string[] {
  return [
    '| | median | middle half | p99 | ratio |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows.map((row) => {
      const first = rows.find((other) => other.unit === row.unit && groupOf(other) === groupOf(row)) ?? row;
      const own = new Distribution(row.samples);
      const p99 = row.p99 ?? (own.count >= P99_SAMPLES ? own.quantile(0.99) : Number.NaN);
      const ratio = own.median / new Distribution(first.samples).median;
      const spread = own.count > 1 ? `${rounded(own.quantile(0.25))}–${rounded(own.quantile(0.75))}` : '—';
      return `| ${row.name} | ${rounded(own.median)} ${row.unit} | ${spread} | ${rounded(p99)} | ${rounded(ratio)} |`;
    }),
  ];
}

/** What stands after the first comma of a name: rows are compared with those that did the same. */
function groupOf({ name }: Row): string {
  const comma = name.indexOf(', ');
  return comma === -1 ? '' : name.slice(comma);
}
