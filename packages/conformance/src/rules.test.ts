import { describe, expect, test } from 'vitest';
import { byRule, isWanted, RULES } from './rules.ts';
import { CASES, runSuite } from './suite.ts';
import type { Verdict } from './suite.ts';

const aCase = (...rules: string[]) => ({ rules, title: rules.join(' '), run: () => Promise.resolve() });
const passed = (...rules: string[]): Verdict => ({ outcome: 'passed', case: aCase(...rules), durationMs: 1 });
const failed = (...rules: string[]): Verdict => ({
  outcome: 'failed',
  case: aCase(...rules),
  durationMs: 1,
  error: 'no',
});
const skipped = (...rules: string[]): Verdict => ({ outcome: 'skipped', case: aCase(...rules), reason: 'because' });

describe('verdicts by rule', () => {
  test('one failed case breaks each of its rules, whatever passed beside it', () => {
    const rules = byRule([passed('MSG1', 'TURN1'), failed('MSG1'), passed('MSG2')]);

    expect(rules.map(({ rule, outcome }) => [rule, outcome])).toEqual([
      ['TURN1', 'passed'],
      ['MSG1', 'failed'],
      ['MSG2', 'passed'],
    ]);
    expect(rules[1]?.verdicts).toHaveLength(2);
  });

  test('a rule is skipped only when none of its cases was run', () => {
    expect(byRule([skipped('MSG1'), passed('MSG1'), skipped('MSG2')]).map(({ outcome }) => outcome)).toEqual([
      'passed',
      'skipped',
    ]);
  });

  test('rules stand in groups, by number', () => {
    const numbers = RULES.filter((rule) => rule.startsWith('MSG')).map((rule) => Number(rule.slice(3)));
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const groups = RULES.map((rule) => rule.replace(/\d+$/, ''));
    expect(groups.filter((group, at) => group !== groups[at - 1])).toEqual([...new Set(groups)]);
  });
});

describe('wishes', () => {
  test('name a rule or its group, and none asks for all', () => {
    expect(isWanted(['MSG1', 'TURN1'], ['TURN1'])).toBe(true);
    expect(isWanted(['MSG1', 'TURN1'], ['MSG'])).toBe(true);
    expect(isWanted(['MSG12'], ['MSG1'])).toBe(false);
    expect(isWanted(['WS1'], [])).toBe(true);
  });
});

describe('the suite', () => {
  test('runs the cases that it is given, in order, and tells each', async () => {
    const told: string[] = [];
    const broken = { ...aCase('B1'), run: () => Promise.reject(new Error('broken')) };

    const verdicts = await runSuite(
      { baseUrl: 'http://127.0.0.1:9', token: 't' },
      {
        cases: [aCase('A1'), broken, { ...aCase('C1'), needs: 'model' }],
        begin: (one) => told.push(`begin ${one.title}`),
        tell: ({ outcome }) => told.push(outcome),
      },
    );

    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['passed', 'failed', 'skipped']);
    expect(told).toEqual(['begin A1', 'passed', 'begin B1', 'failed', 'begin C1', 'skipped']);
  });

  test('has no two cases of one title, and each names its rules', () => {
    const titles = CASES.map((one) => one.title);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
    expect(
      CASES.filter((one) => one.rules.length === 0 || one.rules.some((rule) => !/^[A-Z]+\d+$/.test(rule))),
    ).toEqual([]);
  });
});
