import { describe, expect, test } from 'vitest';
import { agentName, cost, duration, firstLine, relativeTime, shortPath, tokens, projectName } from './format.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');

describe('numbers and times for people', () => {
  test.each([
    ['2026-03-10T11:59:30Z', 'now'],
    ['2026-03-10T11:55:00Z', '5 min'],
    ['2026-03-10T09:00:00Z', '3 h'],
    ['2026-03-08T12:00:00Z', '2 d'],
  ])('%s is %s ago', (time, words) => {
    expect(relativeTime(time, NOW)).toBe(words);
  });

  test('what is older than a week is a date', () => {
    expect(relativeTime('2026-02-01T12:00:00Z', NOW)).toMatch(/1|Feb/);
  });

  test('a clock that is behind shows no negative age', () => {
    expect(relativeTime('2026-03-10T12:05:00Z', NOW)).toBe('now');
  });

  test.each([
    [840, '0.8 s'],
    [12_400, '12 s'],
    [59_700, '1 min'],
    [200_000, '3 min 20 s'],
    [3_900_000, '1 h 5 min'],
  ])('%i ms take %s', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  test.each([
    [0, '$0'],
    [0.00001, '< $0.0001'],
    [0.0042, '$0.0042'],
    [1.254, '$1.25'],
  ])('%f dollars cost %s', (usd, words) => {
    expect(cost(usd)).toBe(words);
  });

  test.each([
    [950, '950'],
    [1000, '1k'],
    [12_400, '12k'],
    [999_600, '1M'],
    [1_250_000, '1.3M'],
  ])('%i tokens are %s', (count, words) => {
    expect(tokens(count)).toBe(words);
  });

  test('paths, names and first lines are short', () => {
    expect(shortPath('/home/ann/code/shop')).toBe('…/code/shop');
    expect(shortPath('/srv')).toBe('/srv');
    expect(agentName('acp:gemini')).toBe('Gemini');
    expect(firstLine('one\ntwo', 80)).toBe('one');
    expect(firstLine('a long line', 7)).toBe('a long…');
  });
});

test('a project has the name of its folder', () => {
  expect(projectName('/home/me/shop')).toBe('shop');
  expect(projectName('/home/me/shop/')).toBe('shop');
  expect(projectName('/')).toBe('/');
});
