import { expect, test } from 'vitest';
import { well, findingLines, wrong } from './finding.ts';
import { forOutput } from './plain.ts';

const STEERS = '\u001B[31mred\u001B]0;title\u0007\u009B2J\u202E';

test('what agents say does not steer the screen that it is written to, and is whole in a file', () => {
  expect(forOutput(`${STEERS}\n`, true)).toBe('[31mred]0;title2J\n');
  expect(forOutput(`${STEERS}\n`, false)).toBe(`${STEERS}\n`);
});

test('the label of an account does not steer the screen of the doctor', () => {
  const paint = (_: string, text: string) => text;
  const lines = [well('account', STEERS), wrong('account', STEERS, STEERS)].flatMap((each) =>
    findingLines(each, { paint }),
  );
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toMatch(/ \[31mred]0;title2J$/);
});
