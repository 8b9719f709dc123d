import type { TurnUsage, UsageStore } from '../store/store.ts';
import { NANO_PER_USD } from '../usage/call-cost.ts';
import { standingOf, verdictOn } from '../usage/budgets.ts';
import type { Budget, BudgetVerdict } from '../usage/budgets.ts';
import type { Spent } from '../session/spent.ts';

const DAY_MS = 86_400_000;
const MAX_OTHER_DAYS = 7;

/** As the server is configured, in US dollars; absent: no bound. */
export interface BudgetLimits {
  maxTurnUsd?: number;
  maxSessionUsd?: number;
  maxUserUsdPerDay?: number;
  maxAccountUsdPerDay?: number;
  maxUsdPerDay?: number;
}

/** A session as its budgets see it. */
export interface BudgetSubject {
  sessionId: string;
  /** Who sent the message of its turn, or of the next one. */
  user: string;
  /** Where calls go that name no account. */
  accountId: string;
  /** Of the turn that runs; null: none does. */
  turnId: string | null;
  /** By the turn that runs. */
  turn: Spent | null;
  /** By turns that are over and whose usage is not stored yet. */
  unbooked: Spent | null;
  /** By all turns that are stored. */
  storedUsd: number;
  /** Of the session itself; null: none. */
  maxTurnUsd: number | null;
  maxBudgetUsd: number | null;
}

/** A budget of a day, as it stands now. */
export interface DayBudget extends Budget {
  scope: 'user' | 'account' | 'server';
  resetsAt: string;
}

export interface BudgetsParts {
  limits: BudgetLimits;
  usage: UsageStore;
  clock: { now(): number };
  /** The sessions that may be spending now. */
  subjects: () => Iterable<BudgetSubject>;
}

/** Sums of one day, in billionths of a dollar. */
interface DaySums {
  day: string;
  users: Map<string, number>;
  accounts: Map<string, number>;
  server: number;
}

/**
 * Knows what was spent of each budget: today by what is stored, read once and then kept in step with each commit, and by
 * the turns that run.
 */
export class Budgets {
  readonly #parts: BudgetsParts;
  #sums: DaySums;
  /** Of other days, should the clock be set back to them. */
  readonly #others = new Map<string, DaySums>();
  /** Budgets that somebody was told of; a day, a turn and a session each once. */
  #told = new Set<string>();

  constructor(parts: BudgetsParts) {
    this.#parts = parts;
    this.#sums = noSums(this.#day());
  }

  /** Reads what was spent today before this start. */
  async load(): Promise<void> {
    const day = this.#day();
    const { usage } = this.#parts;
    const [users, accounts] = await Promise.all([usage.report('user', day, day), usage.report('account', day, day)]);
    const byKey = (items: { key: string; costUsd: number }[]): Map<string, number> =>
      new Map(items.map(({ key, costUsd }) => [key, nano(costUsd)]));
    this.#sums = {
      day,
      users: byKey(users.items),
      accounts: byKey(accounts.items),
      server: nano(users.total.costUsd),
    };
    for (const budget of this.day()) if (standingOf(budget) !== 'ok') this.#told.add(this.#idOf(budget));
  }

  /** Adds what a turn used, once it is stored. */
  book({ user, time, models }: TurnUsage): void {
    const today = this.#today();
    const day = time.slice(0, 10);
    const sums = day === today.day ? today : this.#others.get(day);
    if (sums === undefined) return;
    for (const part of models) {
      const cost = nano(part.costUsd);
      add(sums.users, user, cost);
      add(sums.accounts, part.accountId, cost);
      sums.server += cost;
    }
  }

  /** Whether a session may go on spending, with an account where one is known by now. */
  check(subject: BudgetSubject, accountId?: string): BudgetVerdict {
    return verdictOn(this.#of(subject, accountId ?? subject.accountId));
  }

  /** The budgets of a session that came near their end, or to it, and of which nobody was told. */
  news(subject: BudgetSubject): Budget[] {
    const near = this.#of(subject, subject.accountId).filter((budget) => standingOf(budget) !== 'ok');
    return near.filter((budget) => {
      const id = this.#idOf(budget);
      const fresh = !this.#told.has(id);
      this.#told.add(id);
      return fresh;
    });
  }

  /** Takes for told what a session's own budget stands at, as when it is loaded. */
  see(subject: BudgetSubject): void {
    const [session] = this.#of(subject, subject.accountId).filter(({ scope }) => scope === 'session');
    if (session === undefined) return;
    if (standingOf(session) === 'ok') this.#told.delete(this.#idOf(session));
    else this.#told.add(this.#idOf(session));
  }

  /** The budgets of today: the server's, and those of whoever has spent something. */
  day(): DayBudget[] {
    const sums = this.#today();
    const { limits } = this.#parts;
    const running = [...this.#parts.subjects()].map(spentNow);
    const users = new Set([...sums.users.keys(), ...running.map(({ user }) => user)]);
    const accounts = new Set([...sums.accounts.keys(), ...running.flatMap(({ accounts: some }) => [...some.keys()])]);
    const resetsAt = new Date(Date.parse(sums.day) + DAY_MS).toISOString();
    const budgets = [
      ...this.#server(limits.maxUsdPerDay),
      ...[...users].flatMap((user) => this.#user(user, limits.maxUserUsdPerDay)),
      ...[...accounts].flatMap((account) => this.#account(account, limits.maxAccountUsdPerDay)),
    ];
    return budgets.map((budget) => ({ ...budget, resetsAt }));
  }

  #of(subject: BudgetSubject, accountId: string): Budget[] {
    const { limits } = this.#parts;
    const turn = smallest(subject.maxTurnUsd, limits.maxTurnUsd);
    const session = smallest(subject.maxBudgetUsd, limits.maxSessionUsd);
    const turnUsd = subject.turn?.costUsd ?? 0;
    const sessionUsd = subject.storedUsd + (subject.unbooked?.costUsd ?? 0) + turnUsd;
    const { sessionId, turnId, user } = subject;
    const budgets: Budget[] = [];
    if (turn !== null && turnId !== null)
      budgets.push({ scope: 'turn', key: turnId, limitUsd: turn, spentUsd: turnUsd });
    if (session !== null) budgets.push({ scope: 'session', key: sessionId, limitUsd: session, spentUsd: sessionUsd });
    return [
      ...budgets,
      ...this.#user(user, limits.maxUserUsdPerDay),
      ...this.#account(accountId, limits.maxAccountUsdPerDay),
      ...this.#server(limits.maxUsdPerDay),
    ];
  }

  #user(user: string, limitUsd: number | undefined): (Budget & { scope: 'user' })[] {
    if (limitUsd === undefined) return [];
    const stored = this.#today().users.get(user) ?? 0;
    const spent = this.#running((now) => (now.user === user ? now.nano : 0));
    return [{ scope: 'user', key: user, limitUsd, spentUsd: (stored + spent) / NANO_PER_USD }];
  }

  #account(accountId: string, limitUsd: number | undefined): (Budget & { scope: 'account' })[] {
    if (limitUsd === undefined) return [];
    const stored = this.#today().accounts.get(accountId) ?? 0;
    const spent = this.#running((now) => now.accounts.get(accountId) ?? 0);
    return [{ scope: 'account', key: accountId, limitUsd, spentUsd: (stored + spent) / NANO_PER_USD }];
  }

  #server(limitUsd: number | undefined): (Budget & { scope: 'server' })[] {
    if (limitUsd === undefined) return [];
    const spent = this.#running((now) => now.nano);
    return [{ scope: 'server', key: 'server', limitUsd, spentUsd: (this.#today().server + spent) / NANO_PER_USD }];
  }

  #running(of: (now: SpentNow) => number): number {
    let sum = 0;
    for (const subject of this.#parts.subjects()) sum += of(spentNow(subject));
    return sum;
  }

  #today(): DaySums {
    const day = this.#day();
    if (this.#sums.day !== day) {
      this.#others.set(this.#sums.day, this.#sums);
      for (const [oldest] of this.#others) if (this.#others.size > MAX_OTHER_DAYS) this.#others.delete(oldest);
      this.#sums = this.#others.get(day) ?? noSums(day);
      this.#told = new Set();
    }
    return this.#sums;
  }

  #day(): string {
    return new Date(this.#parts.clock.now()).toISOString().slice(0, 10);
  }

  #idOf({ scope, key }: Budget): string {
    return `${scope} ${key}`;
  }
}

/** What a session has spent that no stored row tells of. */
interface SpentNow {
  user: string;
  nano: number;
  accounts: ReadonlyMap<string, number>;
}

function spentNow({ user, accountId, turn, unbooked }: BudgetSubject): SpentNow {
  const accounts = new Map<string, number>();
  let sum = 0;
  for (const spent of [turn, unbooked]) {
    if (spent === null) continue;
    const parts = spent.models ?? [{ costUsd: spent.costUsd }];
    for (const part of parts) {
      const account = 'accountId' in part ? (part.accountId ?? accountId) : accountId;
      add(accounts, account, nano(part.costUsd));
      sum += nano(part.costUsd);
    }
  }
  return { user, nano: sum, accounts };
}

function noSums(day: string): DaySums {
  return { day, users: new Map(), accounts: new Map(), server: 0 };
}

function add(sums: Map<string, number>, key: string, nanoUsd: number): void {
  sums.set(key, (sums.get(key) ?? 0) + nanoUsd);
}

function smallest(own: number | null, servers: number | undefined): number | null {
  if (own === null) return servers ?? null;
  return Math.min(own, servers ?? own);
}

function nano(usd: number): number {
  return Math.round(usd * NANO_PER_USD);
}
