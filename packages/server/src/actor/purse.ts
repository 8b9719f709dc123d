import type { EventBody, Session, TurnError } from '@hearth/protocol';
import type { BudgetSubject } from '../budget/budgets.ts';
import { addSpent } from '../session/spent.ts';
import type { Spent } from '../session/spent.ts';
import type { SessionState, Turn } from '../session/state.ts';
import type { Input } from '../session/input.ts';
import type { SessionBudget } from './session-budget.ts';
import { spentSoFar } from '../session/turn.ts';
import type { TurnUsage } from '../store/store.ts';
import type { AgentSettings } from './agent-settings.ts';

const NOBODY = 'agent';
const OWN_CREDENTIALS = 'default';

export interface PurseParts {
  budget: SessionBudget | undefined;
  /** Told what a turn used, once it is stored. */
  onUsage: ((usage: TurnUsage) => void) | undefined;
  /** Puts a notice into the session's log. */
  tell: (notice: EventBody) => void;
  /** Cuts the running turn, which fails with this. */
  stop: (error: TurnError) => void;
}

/** What a session spends between two commits, for whom, and whether it may. */
export class Purse {
  /** Of turns whose end is on its way into the store. */
  readonly used: TurnUsage[] = [];
  readonly #parts: PurseParts;
  /** Who sent the message of the running turn, or of the last one. */
  #user: string;
  #unbooked: Spent | null = null;

  constructor(user: string | undefined, parts: PurseParts) {
    this.#user = user ?? NOBODY;
    this.#parts = parts;
  }

  /** Something is spent that is not stored. */
  get open(): boolean {
    return this.#unbooked !== null;
  }

  /** Why a turn of this author's message must not begin now. */
  refusal(author: string | undefined, subject: () => BudgetSubject): TurnError | null {
    this.#user = author ?? this.#user;
    return this.#parts.budget?.refusal({ ...subject(), turnId: null }) ?? null;
  }

  /** Takes note of turns that end with these events, until their usage is stored. */
  ended(events: readonly EventBody[]): void {
    for (const event of events) {
      if (event.type === 'turn.completed' || event.type === 'turn.interrupted' || event.type === 'turn.failed') {
        const { usage, costUsd = 0, models } = event;
        const spent = {
          costUsd,
          ...(usage === undefined ? {} : { usage }),
          ...(models === undefined ? {} : { models }),
        };
        this.#unbooked = addSpent(this.#unbooked, spent);
      }
    }
  }

  /** Tells of budgets that come to their end, and cuts a turn that would go on spending when one is there. */
  watch(before: SessionState, { turn }: SessionState, input: Input, subject: () => BudgetSubject): void {
    const { budget, tell, stop } = this.#parts;
    if (budget === undefined) return;
    if (spendsMore(before.turn, turn)) for (const notice of budget.news(subject())) tell(inTurn(notice, turn));
    const error = turn !== null && goesOn(input) ? budget.refusal(subject()) : null;
    if (error !== null) stop(error);
  }

  /** What was on its way into the store is there. */
  book(): void {
    const stored = this.used.splice(0);
    if (stored.length > 0) this.#unbooked = null;
    for (const usage of stored) this.#parts.onUsage?.(usage);
  }

  subject(session: Session, settings: AgentSettings, { turn, spentBetween }: SessionState): BudgetSubject {
    return {
      sessionId: session.id,
      user: this.#user,
      accountId: session.accountId ?? session.activeAccountId ?? OWN_CREDENTIALS,
      turnId: turn?.turnId ?? null,
      turn: turn === null ? spentBetween : spentSoFar(turn),
      unbooked: this.#unbooked,
      storedUsd: session.usage.costUsd,
      maxTurnUsd: session.maxTurnUsd ?? null,
      maxBudgetUsd: session.maxBudgetUsd === undefined ? (settings.maxBudgetUsd ?? null) : session.maxBudgetUsd,
    };
  }
}

/**
 * Whether calls were counted, which has no event: only the record tells what they cost. Of a call that has just begun what
 * it brings is stored soon, with all that is known.
 */
export function spendsUntold(before: SessionState, after: SessionState, input: Input): boolean {
  if (beginsCall(input)) return false;
  if (after.spentBetween !== before.spentBetween) return true;
  return after.turn?.spent !== before.turn?.spent || after.turn?.seen !== before.turn?.seen;
}

/** Whether a turn has begun or ended, or has spent more than it had. */
function spendsMore(before: Turn | null, turn: Turn | null): boolean {
  if (turn === null) return before !== null;
  return turn.turnId !== before?.turnId || turn.spent !== before.spent || turn.seen !== before.seen;
}

/** Whether the agent is about to call its model, or does: the end of a call alone may be the end of the turn. */
function goesOn(input: Input): boolean {
  return beginsCall(input) || (input.type === 'agent' && input.event.type === 'tool.completed');
}

function beginsCall(input: Input): boolean {
  return input.type === 'agent' && input.event.type === 'calls.seen' && input.event.begins === true;
}

function inTurn(notice: EventBody, turn: Turn | null): EventBody {
  return turn === null ? notice : { ...notice, turnId: turn.turnId };
}
