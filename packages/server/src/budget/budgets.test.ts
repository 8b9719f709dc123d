import { beforeEach, describe, expect, test } from 'vitest';
import type { UsageGroup, UsageReport } from '@hearth/protocol';
import type { TurnUsage } from '../store/store.ts';
import { Budgets } from './budgets.ts';
import type { BudgetLimits, BudgetSubject } from './budgets.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const DAY_MS = 86_400_000;

let now: number;
let running: BudgetSubject[];
beforeEach(() => {
  now = NOON;
  running = [];
});

function report(items: [key: string, costUsd: number][]): UsageReport {
  const none = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0, turns: 0 };
  const total = items.reduce((sum, [, costUsd]) => sum + costUsd, 0);
  return { items: items.map(([key, costUsd]) => ({ key, ...none, costUsd })), total: { ...none, costUsd: total } };
}

async function budgets(limits: BudgetLimits, users: [string, number][] = [], accounts = users): Promise<Budgets> {
  const made = new Budgets({
    limits,
    clock: { now: () => now },
    subjects: () => running,
    usage: {
      report: async (groupBy: UsageGroup, from, to) => {
        expect([from, to]).toEqual(['2026-03-01', '2026-03-01']);
        return report(groupBy === 'user' ? users : accounts);
      },
    },
  });
  await made.load();
  return made;
}

const spentUsd = (costUsd: number, accountId = 'work') => {
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 };
  return { usage, costUsd, models: [{ model: 'm', accountId, ...usage, costUsd }] };
};

function subject(change: Partial<BudgetSubject> = {}): BudgetSubject {
  return {
    sessionId: 's1',
    user: 'ann',
    accountId: 'work',
    turnId: 't1',
    turn: null,
    unbooked: null,
    storedUsd: 0,
    maxTurnUsd: null,
    maxBudgetUsd: null,
    ...change,
  };
}

function turn(costUsd: number, change: Partial<TurnUsage> = {}): TurnUsage {
  const { models } = spentUsd(costUsd);
  const [part] = models;
  if (part === undefined) throw new Error('no part');
  return {
    turnId: 't0',
    sessionId: 's0',
    agent: 'claude',
    user: 'ann',
    time: new Date(now).toISOString(),
    models: [part],
    ...change,
  };
}

describe('the budgets', () => {
  test('[BUD4] of a day count what was stored before the start, each commit after it, and the turns that run', async () => {
    const made = await budgets({ maxUserUsdPerDay: 1, maxAccountUsdPerDay: 2, maxUsdPerDay: 10 }, [
      ['ann', 0.5],
      ['ben', 0.25],
    ]);
    expect(made.check(subject())).toEqual({ type: 'ok', remainingUsd: 0.5 });

    made.book(turn(0.125));
    running = [
      subject({ sessionId: 's2', turn: spentUsd(0.125) }),
      subject({ user: 'ben', unbooked: spentUsd(0.0625) }),
    ];
    expect(made.check(subject())).toEqual({ type: 'ok', remainingUsd: 0.25 });
    expect(made.day().map(({ scope, key, spentUsd: usd }) => [scope, key, usd])).toEqual([
      ['server', 'server', 1.0625],
      ['user', 'ann', 0.75],
      ['user', 'ben', 0.3125],
      ['account', 'ann', 0.5],
      ['account', 'ben', 0.25],
      ['account', 'work', 0.3125],
    ]);

    running = [subject({ sessionId: 's2', turn: spentUsd(0.5) })];
    expect(made.check(subject())).toMatchObject({ type: 'spent', scope: 'user', key: 'ann', limitUsd: 1 });
    expect(made.check(subject({ user: 'cid' }), 'home')).toMatchObject({ type: 'ok' });
  });

  test('[BUD4] of a day begin anew at midnight UTC', async () => {
    const made = await budgets({ maxUsdPerDay: 1 }, [['ann', 1]]);
    expect(made.check(subject())).toMatchObject({ type: 'spent', scope: 'server' });
    expect(made.day()[0]?.resetsAt).toBe('2026-03-02T00:00:00.000Z');

    const late = turn(5);
    now += DAY_MS;
    made.book(late);
    expect(made.check(subject())).toEqual({ type: 'ok', remainingUsd: 1 });
  });

  test('[BUD4] of a day stay spent when the clock is set to another day and back', async () => {
    const made = await budgets({ maxUsdPerDay: 1 }, [['ann', 0.5]]);
    const late = turn(0.5);
    now += DAY_MS;
    expect(made.check(subject())).toEqual({ type: 'ok', remainingUsd: 1 });
    made.book(late);
    now -= DAY_MS;
    expect(made.check(subject())).toMatchObject({ type: 'spent', scope: 'server', spentUsd: 1 });
  });

  test('[BUD2] of a turn and a session are the smaller of its own and the server’s', async () => {
    const made = await budgets({ maxTurnUsd: 1, maxSessionUsd: 4 });
    const own = subject({ storedUsd: 1, turn: spentUsd(0.5), maxTurnUsd: 0.75, maxBudgetUsd: 9 });
    running = [own];

    expect(made.check(own)).toEqual({ type: 'ok', remainingUsd: 0.25 });
    expect(made.check({ ...own, turn: spentUsd(0.75) })).toMatchObject({ type: 'spent', scope: 'turn', key: 't1' });
    expect(made.check({ ...own, storedUsd: 3.5 })).toMatchObject({ type: 'spent', scope: 'session', limitUsd: 4 });
    expect(made.check({ ...own, turnId: null, turn: spentUsd(2) })).toEqual({ type: 'ok', remainingUsd: 1 });
  });

  test('[BUD3] are told of once when they come near their end, and again the next day', async () => {
    const made = await budgets({ maxUserUsdPerDay: 1, maxTurnUsd: 1 }, [['ben', 0.9]]);
    const news = (usd: number, turnId: string, user = 'ann') => {
      const one = subject({ user, turnId, turn: spentUsd(usd) });
      running = [one];
      return made.news(one).map(({ scope }) => scope);
    };

    expect(news(0.5, 't1')).toEqual([]);
    expect(news(0.85, 't1')).toEqual(['turn', 'user']);
    expect(news(0.9, 't1')).toEqual([]);
    expect(news(0.8, 't2')).toEqual(['turn']);
    expect(news(0.01, 't3', 'ben')).toEqual([]);
    now += DAY_MS;
    expect(news(0.8, 't4')).toEqual(['turn', 'user']);
  });
});
