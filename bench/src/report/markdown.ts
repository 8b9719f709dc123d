import { rounded } from '../benchmark.ts';
import type { Benchmark, Goal, Outcome, Row } from '../benchmark.ts';
import { Distribution } from '../measure/distribution.ts';

/** How a benchmark ended, and when, where and under what load it ran. */
export type Result = { benchmark: Benchmark; circumstances: string } & ({ outcome: Outcome } | { failure: string });

/** Enough samples for a percentile of one in a hundred to mean something. */
const P99_SAMPLES = 100;
const VERDICTS = /\| (yes|\*\*no\*\*|no; the floor itself has [^|]+?) *\|$/gm;

/** @param sections in the order in which they stand */
export function report(sections: readonly string[]): string {
  const verdicts = sections.flatMap((section) => [...section.matchAll(VERDICTS)].map(([, text = '']) => text));
  const missed = verdicts.filter((text) => text !== 'yes');
  const forbidden = missed.filter((text) => text.includes('the floor itself')).length;
  const rest = missed.length === 0 ? '' : `; of the other ${missed.length} the floor itself misses ${forbidden}`;
  return [
    '# What was measured',
    '',
    'Written by `npm run bench`; [README.md](README.md) says how it measures and how to read it.',
    '',
    `Goals met: ${verdicts.length - missed.length} of ${verdicts.length}${rest}.`,
    '',
    ...sections,
  ].join('\n');
}

/** A benchmark's part of the report. */
export function sectionOf(result: Result): string {
  const { benchmark, circumstances } = result;
  const head = [`## ${benchmark.title}`, '', `\`npm run bench -- ${benchmark.name}\`. ${benchmark.about}`, ''];
  if ('failure' in result)
    return [...head, circumstances, '', `It could not be measured: ${result.failure}`, ''].join('\n');
  const { rows, goals, charts = [], notes = [] } = result.outcome;
  const goalLines = goals.map((goal) => `| ${goal.what} | ${goal.value} | ${verdict(goal)} |`);
  return [
    ...head,
    circumstances,
    '',
    ...table(rows),
    '',
    ...(goals.length > 0 ? ['| goal | measured | met |', '| --- | ---: | --- |', ...goalLines, ''] : []),
    ...notes.flatMap((note) => [note, '']),
    ...charts.flatMap((chart) => [`![${chart.title}](charts/${chart.name}.svg)`, '', chart.bend, '']),
  ].join('\n');
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
