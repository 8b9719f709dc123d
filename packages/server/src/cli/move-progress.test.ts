import { expect, test } from 'vitest';
import { MoveProgress } from './move-progress.ts';

function recorded({ terminal = false } = {}) {
  const lines: string[] = [];
  const statuses: string[] = [];
  const clock = { nowMs: 0 };
  const progress = new MoveProgress({
    line: (text) => void lines.push(text),
    nowMs: () => clock.nowMs,
    ...(terminal ? { status: (text: string) => void statuses.push(text) } : {}),
  });
  return { progress, lines, statuses, clock };
}

test('a move without a terminal tells of long tables now and then, and of each at its end', () => {
  const { progress, lines, clock } = recorded();
  progress.begun('fresh');
  progress.started('copying', 'sessions', 0, 1);
  progress.advanced(1);
  progress.finished();
  progress.started('copying', 'events', 0, 100_000);
  clock.nowMs = 4_999;
  progress.advanced(10_000);
  clock.nowMs = 5_000;
  progress.advanced(20_000);
  clock.nowMs = 6_000;
  progress.advanced(30_000);
  progress.finished();

  expect(lines).toEqual([
    'copied sessions: 1 row',
    'copying events: 100,000 rows',
    'copying events: 20,000 of 100,000 (20 %), 4,000 rows/s, 20 s left',
    'copied events: 30,000 rows',
  ]);
});

test('a move that goes on says so, and counts its rate from where it began', () => {
  const { progress, lines, clock } = recorded();
  progress.begun('resumed');
  progress.started('copying', 'events', 900_000, 4_000_000);
  clock.nowMs = 10_000;
  progress.advanced(1_000_000);

  expect(lines).toEqual([
    'going on where the last run stopped',
    'copying events: 4,000,000 rows, 900,000 of them done',
    'copying events: 1,000,000 of 4,000,000 (25 %), 10,000 rows/s, 5 min left',
  ]);
});

test('a terminal always has the present state, and lines for what is done', () => {
  const { progress, lines, statuses, clock } = recorded({ terminal: true });
  progress.begun('anew');
  progress.started('comparing', 'events', 0, 4);
  clock.nowMs = 1_000;
  progress.advanced(2);
  progress.finished();

  expect(statuses).toEqual(['comparing events: 4 rows', 'comparing events: 2 of 4 (50 %), 2 rows/s, 1 s left']);
  expect(lines).toEqual([
    'what an earlier run copied is out of date; copying everything again',
    'compared events: 2 rows',
  ]);
});
