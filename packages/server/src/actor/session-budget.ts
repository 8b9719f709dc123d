import type { EventBody, TurnError } from '@hearth/protocol';
import { budgetError, nearText } from '../budget/budget-texts.ts';
import type { Budgets, BudgetSubject } from '../budget/budgets.ts';

/** What the budgets say to a session. */
export class SessionBudget {
  readonly #budgets: Budgets;

  constructor(budgets: Budgets) {
    this.#budgets = budgets;
  }

  /** Why the session must not go on spending; null: it may. */
  refusal(subject: BudgetSubject): TurnError | null {
    const verdict = this.#budgets.check(subject);
    return verdict.type === 'spent' ? budgetError(verdict) : null;
  }

  /** What is to be told of budgets that come to their end, once of each. */
  news(subject: BudgetSubject): EventBody[] {
    return this.#budgets
      .news(subject)
      .map((budget) => ({ type: 'notice', level: 'warning', code: 'budget_near', text: nearText(budget) }));
  }

  /** A session was loaded: how its budget stands is no news. */
  see(subject: BudgetSubject): void {
    this.#budgets.see(subject);
  }
}
