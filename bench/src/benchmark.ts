import type { Chart } from './report/chart.ts';
import type { Workplace } from './workplace.ts';

/** What is measured about one thing: its samples, in the unit that its name tells. */
export interface Row {
  /** Who did it, and what when that differs: `Hearth`, `raw SDK`, `plain ws, 1,000 clients`. */
  name: string;
  unit: string;
  samples: readonly number[];
  /** Whether the 99th percentile is told; it needs a few hundred samples, or comes from a histogram. */
  p99?: number;
}

/** What a figure has to be. */
export interface Goal {
  what: string;
  value: string;
  met: boolean;
  /** What a server comes to that does as little as the promise allows, in the same run: told where it misses the goal as well. */
  floor?: string;
}

export interface Outcome {
  rows: Row[];
  goals: Goal[];
  /** The same at 1, 10 and 100 times the work. */
  charts?: Chart[];
  /** What has to be known to read the figures. */
  notes?: string[];
}

export interface Benchmark {
  name: string;
  title: string;
  /** What is measured and how, in a few sentences. */
  about: string;
  run(workplace: Workplace): Promise<Outcome>;
}

/**
 * A goal that is met when the value is at most the limit.
 * @param floor the same figure of a server that does as little as the promise allows, where there is one
 */
export function atMost(what: string, value: number, limit: number, unit = '', floor = Number.NaN): Goal {
  return {
    what: `${what}: at most ${limit}${unit}`,
    value: `${rounded(value)}${unit}`,
    met: value <= limit,
    ...(floor > limit ? { floor: `${rounded(floor)}${unit}` } : {}),
  };
}

/** A goal that is met when the value is at least the limit. */
export function atLeast(what: string, value: number, limit: number, unit = ''): Goal {
  return {
    what: `${what}: at least ${limit.toLocaleString('en')}${unit}`,
    value: `${rounded(value)}${unit}`,
    met: value >= limit,
  };
}

/** Three digits that count. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '—';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(size >= 10 ? 1 : 2);
}
