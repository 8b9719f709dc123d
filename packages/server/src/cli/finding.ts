import { plain } from './plain.ts';
import type { Paint, Terminal } from './terminal.ts';

/** What a check found. `fix` says how to mend it. */
export type Finding = { name: string; detail: string } & (
  | { verdict: 'well' }
  | { verdict: 'none' }
  | { verdict: 'odd'; fix: string }
  | { verdict: 'wrong'; fix: string }
);

export function well(name: string, detail: string): Finding {
  return { name, verdict: 'well', detail };
}

/** Not there, and not needed. */
export function none(name: string, detail: string): Finding {
  return { name, verdict: 'none', detail };
}

/** Works, but perhaps not as it was meant. */
export function odd(name: string, detail: string, fix: string): Finding {
  return { name, verdict: 'odd', detail, fix };
}

export function wrong(name: string, detail: string, fix: string): Finding {
  return { name, verdict: 'wrong', detail, fix };
}

const MARKS: Readonly<Record<Finding['verdict'], { mark: string; paint: Paint }>> = {
  well: { mark: '✓', paint: 'green' },
  none: { mark: '·', paint: 'dim' },
  odd: { mark: '!', paint: 'yellow' },
  wrong: { mark: '✗', paint: 'red' },
};

const NAME_WIDTH = 14;

export function findingLines(finding: Finding, { paint }: Pick<Terminal, 'paint'>): string[] {
  const { mark, paint: color } = MARKS[finding.verdict];
  const lines = [`${paint(color, mark)} ${finding.name.padEnd(NAME_WIDTH)} ${plain(finding.detail)}`];
  if ('fix' in finding) lines.push(`  ${' '.repeat(NAME_WIDTH)} → ${plain(finding.fix)}`);
  return lines;
}
