import { Bench } from './bench.ts';
import type { Case } from './case.ts';
import { accessCases } from './cases/access.ts';
import { accountCases } from './cases/accounts.ts';
import { approvalCases } from './cases/approvals.ts';
import { edgeCases } from './cases/edge.ts';
import { eventCases } from './cases/events.ts';
import { forkCases } from './cases/forks.ts';
import { listCases } from './cases/lists.ts';
import { messageCases } from './cases/messages.ts';
import { recordCases } from './cases/records.ts';
import { socketCases } from './cases/socket.ts';
import { subscriptionCases } from './cases/subscriptions.ts';
import { turnCases } from './cases/turns.ts';
import type { Target } from './target.ts';

/** Every case, in the order in which they are run. */
export const CASES: readonly Case[] = [
  ...turnCases,
  ...messageCases,
  ...subscriptionCases,
  ...approvalCases,
  ...forkCases,
  ...eventCases,
  ...recordCases,
  ...listCases,
  ...accountCases,
  ...socketCases,
  ...accessCases,
  ...edgeCases,
];

export type Verdict =
  | { outcome: 'passed'; case: Case; durationMs: number }
  | { outcome: 'failed'; case: Case; durationMs: number; error: unknown }
  | { outcome: 'skipped'; case: Case; reason: string };

/** Runs one case against a target, or until the signal; nothing it opened stays open. */
export async function runCase(target: Target, one: Case, signal?: AbortSignal): Promise<Verdict> {
  if (one.needs === 'model' && target.model === undefined) {
    return { outcome: 'skipped', case: one, reason: 'the requests to the model cannot be read' };
  }
  const bench = new Bench(target);
  const start = performance.now();
  try {
    await Promise.race([one.run(bench), ...(signal === undefined ? [] : [aborted(signal)])]);
    return { outcome: 'passed', case: one, durationMs: performance.now() - start };
  } catch (error) {
    return { outcome: 'failed', case: one, durationMs: performance.now() - start, error };
  } finally {
    await bench.clear();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new Error('The checks were stopped.'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

export interface SuiteOptions {
  /** Which cases; default: all. */
  cases?: readonly Case[];
  /** Told of each case before it runs. */
  begin?: (one: Case) => void;
  /** Told of each verdict as soon as it is there. */
  tell?: (verdict: Verdict) => void;
  /** Stops the checks; a case that was not done has no verdict. */
  signal?: AbortSignal;
}

/** Runs cases one after the other. */
export async function runSuite(target: Target, options: SuiteOptions = {}): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const one of options.cases ?? CASES) {
    options.begin?.(one);
    const verdict = await runCase(target, one, options.signal);
    if (options.signal?.aborted === true) break;
    verdicts.push(verdict);
    options.tell?.(verdict);
  }
  return verdicts;
}
