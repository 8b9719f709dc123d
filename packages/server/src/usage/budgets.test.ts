import { describe, expect, test } from 'vitest';
import { standingOf, verdictOn } from './budgets.ts';
import type { Budget } from './budgets.ts';

const budget = (spentUsd: number, limitUsd = 1, scope: Budget['scope'] = 'session'): Budget => ({
  scope,
  key: 'k',
  limitUsd,
  spentUsd,
});

describe('budgets', () => {
  test.each([
    [0, 'ok'],
    [0.799_999_999, 'ok'],
    [0.8, 'near'],
    [0.999_999_999, 'near'],
    [1, 'spent'],
    [0.1 + 0.2 + 0.7, 'spent'],
    [2, 'spent'],
  ])('[BUD1] of a dollar with %d spent stands %s', (spent, standing) => {
    expect(standingOf(budget(spent))).toBe(standing);
  });

  test('[BUD1] together allow what the one with least left does, and nothing once one is spent', () => {
    expect(verdictOn([])).toEqual({ type: 'ok', remainingUsd: null });
    expect(verdictOn([budget(0.25), budget(0.7, 10)])).toEqual({ type: 'ok', remainingUsd: 0.75 });
    expect(verdictOn([budget(0.25), budget(10, 10, 'server'), budget(3)])).toEqual({
      type: 'spent',
      scope: 'server',
      key: 'k',
      limitUsd: 10,
      spentUsd: 10,
    });
  });
});
