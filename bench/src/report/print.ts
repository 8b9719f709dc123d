import { table } from './markdown.ts';
import type { Result } from './markdown.ts';

/** A result as lines for a terminal. */
export function printed(result: Result): string {
  const { title } = result.benchmark;
  if ('failure' in result) return `\n${title}\n  could not be measured: ${result.failure}\n`;
  const cells = table(result.outcome.rows)
    .filter((_, index) => index !== 1)
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  const goals = result.outcome.goals.map(({ what, value, met, floor }) => {
    const why = met || floor === undefined ? '' : `; the floor itself: ${floor}`;
    return `${met ? 'met   ' : 'MISSED'} ${what} (${value}${why})`;
  });
  return `\n${title}\n${[...lines, ...goals].map((line) => `  ${line}`).join('\n')}\n`;
}
