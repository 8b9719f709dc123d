import { describe, expect, test } from 'vitest';
import { clockMoved } from './moved-clock.ts';
import { COMPLETED } from './testing/model-agent.ts';
import { CONFIG } from './testing/simulated-session.ts';
import type { SimulatedSession } from './testing/simulated-session.ts';
import { ask, startedSession } from './testing/stories.ts';
import { deadlineOf } from './watchdog.ts';

const HOUR_MS = 3_600_000;

/** By how much what has to be looked at next moves with the clock. */
function moves({ state }: SimulatedSession, byMs: number): number {
  return (deadlineOf(clockMoved(state, byMs), CONFIG) ?? Number.NaN) - (deadlineOf(state, CONFIG) ?? Number.NaN);
}

describe('a clock that is set', () => {
  test.each([HOUR_MS, -HOUR_MS])('[WD8] leaves as much of the silence, and of an interrupt, as there was', (byMs) => {
    const { session } = startedSession();
    const silence = moves(session, byMs);
    session.interrupt();

    expect([silence, moves(session, byMs)]).toEqual([byMs, byMs]);
  });

  test('[WD8] leaves a message that the agent holds its time', () => {
    const { session } = startedSession();
    session.send('next');
    session.agentSays(COMPLETED);

    expect(moves(session, HOUR_MS)).toBe(HOUR_MS);
  });

  test('[WD8] moves the end of a short wait, which the agent keeps, and none that the world keeps', () => {
    const { session: near } = startedSession();
    const { session: far } = startedSession();
    const error = { code: 'rate_limited' } as const;
    near.agentSays({ type: 'retry.scheduled', attempt: 1, maxAttempts: 3, delayMs: 10_000, error });
    far.agentSays({
      type: 'retry.scheduled',
      attempt: 1,
      maxAttempts: 3,
      delayMs: 24 * HOUR_MS,
      error,
      forReset: true,
    });

    expect([moves(near, HOUR_MS), moves(far, HOUR_MS)]).toEqual([HOUR_MS, 0]);
  });

  test('[WD8][APR3] leaves an approval the end that clients were told', () => {
    const { session } = startedSession();
    ask(session, 'a1');

    expect(clockMoved(session.state, HOUR_MS).approvals).toEqual(session.state.approvals);
  });
});
