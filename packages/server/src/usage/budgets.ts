import { NANO_PER_USD } from './call-cost.ts';

/** What a budget bounds; a user, an account and the server have one for each day (UTC). */
export type BudgetScope = 'turn' | 'session' | 'user' | 'account' | 'server';

/** One budget, and what was spent of it. */
export interface Budget {
  scope: BudgetScope;
  /** Whose it is: a turn's, session's or account's id, a user's label; of the server `server`. */
  key: string;
  limitUsd: number;
  spentUsd: number;
}

export type BudgetStanding = 'ok' | 'near' | 'spent';

/** From this share of a budget on people are told. */
const NEAR = 0.8;

export type BudgetVerdict =
  | { type: 'ok'; /** Of the budget that has least left; null: there is none. */ remainingUsd: number | null }
  | { type: 'spent'; scope: BudgetScope; key: string; limitUsd: number; spentUsd: number };

/** Compares whole billionths of a dollar, so that a sum that comes to the limit exactly has spent it. */
export function standingOf({ limitUsd, spentUsd }: Budget): BudgetStanding {
  const limit = nano(limitUsd);
  const spent = nano(spentUsd);
  if (spent >= limit) return 'spent';
  return spent >= Math.round(limit * NEAR) ? 'near' : 'ok';
}

/** What several budgets together allow: the first that is spent decides, else the one with least left. */
export function verdictOn(budgets: readonly Budget[]): BudgetVerdict {
  const spent = budgets.find((budget) => standingOf(budget) === 'spent');
  if (spent !== undefined) return { type: 'spent', ...spent };
  const left = budgets.map(({ limitUsd, spentUsd }) => nano(limitUsd) - nano(spentUsd));
  return { type: 'ok', remainingUsd: left.length === 0 ? null : Math.min(...left) / NANO_PER_USD };
}

function nano(usd: number): number {
  return Math.round(usd * NANO_PER_USD);
}
