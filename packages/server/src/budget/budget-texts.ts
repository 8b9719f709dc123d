import type { TurnError } from '@hearth/protocol';
import type { Budget, BudgetScope } from '../usage/budgets.ts';

const WHOSE: Readonly<Record<BudgetScope, string>> = {
  turn: 'for one turn',
  session: 'of this session',
  user: 'of this user for today',
  account: 'of this account for today',
  server: 'of the whole server for today',
};

const WHO_RAISES: Readonly<Record<BudgetScope, string>> = {
  turn: 'Raise maxTurnUsd of the session, or let whoever runs the server raise its maxTurnUsd.',
  session: 'Raise maxBudgetUsd of the session, or let whoever runs the server raise its maxSessionUsd.',
  user: 'Whoever runs the server can raise maxUserUsdPerDay; the day ends at midnight UTC.',
  account: 'Whoever runs the server can raise maxAccountUsdPerDay; the day ends at midnight UTC.',
  server: 'Whoever runs the server can raise maxUsdPerDay; the day ends at midnight UTC.',
};

/** Why a turn does not begin, or ends, when a budget is spent. */
export function budgetError({ scope, limitUsd, spentUsd }: Omit<Budget, 'key'>): TurnError {
  return {
    code: 'budget_exceeded',
    message: `The budget ${WHOSE[scope]} is spent: ${usd(spentUsd)} of ${usd(limitUsd)}.`,
    hint: WHO_RAISES[scope],
    retryable: false,
  };
}

/** What a session's log says when a budget comes to its end. */
export function nearText({ scope, limitUsd, spentUsd }: Budget): string {
  const percent = Math.floor((100 * spentUsd) / limitUsd);
  return `${percent} % of the budget ${WHOSE[scope]} are spent: ${usd(spentUsd)} of ${usd(limitUsd)}.`;
}

function usd(amount: number): string {
  return `$${amount.toFixed(amount !== 0 && amount < 0.1 ? 6 : 2)}`;
}
