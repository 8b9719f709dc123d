import type { EventBody } from '@hearth/protocol';
import { expect, test } from 'vitest';
import { Metrics } from '../telemetry/metrics.ts';
import { ObservedSession } from './session-observer.ts';

const FAILED: EventBody = { type: 'turn.failed', error: { code: 'internal', message: 'No.', retryable: false } };

async function told(metrics: Metrics): Promise<string[]> {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => /^hearth_(sessions\{|turns_total\{)/.test(line));
}

test('sessions in memory are counted by phase, and leave the count when they are unloaded', async () => {
  const metrics = new Metrics();
  const [one, two] = [new ObservedSession(metrics, 'idle'), new ObservedSession(metrics, 'idle')];
  one.phase('streaming');
  one.phase('streaming');
  expect(await told(metrics)).toEqual(['hearth_sessions{phase="idle"} 1', 'hearth_sessions{phase="streaming"} 1']);
  two.unloaded();
  two.unloaded();
  two.phase('tool');
  expect(await told(metrics)).toEqual(['hearth_sessions{phase="idle"} 0', 'hearth_sessions{phase="streaming"} 1']);
});

test('a turn counts when its end is stored, and only then', async () => {
  const metrics = new Metrics();
  const session = new ObservedSession(metrics, 'idle');
  await Promise.allSettled([stored(session, Promise.resolve()), stored(session, Promise.reject(new Error('full')))]);
  expect(await told(metrics)).toContain('hearth_turns_total{outcome="failed"} 1');
});

async function stored(session: ObservedSession, end: Promise<void>): Promise<void> {
  session.appended([FAILED], () => end);
  await end;
}
