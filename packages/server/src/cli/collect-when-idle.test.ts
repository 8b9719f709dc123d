import { FakeClock } from '@hearth/testkit';
import { expect, test } from 'vitest';
import { collectWhenIdle } from './collect-when-idle.ts';

const MINUTE_MS = 60_000;

function started() {
  const clock = new FakeClock();
  const seen = { collections: 0, activeMs: 0 };
  const stop = collectWhenIdle({
    clock,
    activeMs: () => seen.activeMs,
    collect: () => {
      seen.collections += 1;
      seen.activeMs += 5_000;
    },
  });
  /** Minutes, in each of which the process is at work for so long. */
  const pass = async (minutes: number, activeMs: number) => {
    for (let n = 0; n < minutes; n += 1) {
      seen.activeMs += activeMs;
      await clock.advance(MINUTE_MS);
    }
  };
  return { seen, pass, stop };
}

test('garbage is collected after ten minutes with nothing to do, heartbeats aside, once', async () => {
  const { seen, pass } = started();
  await pass(9, 100);
  expect(seen.collections).toBe(0);
  await pass(1, 100);
  expect(seen.collections).toBe(1);
  await pass(60, 100);
  expect(seen.collections).toBe(1);
});

test('a busy minute begins the ten minutes anew, also after a collection', async () => {
  const { seen, pass } = started();
  await pass(9, 100);
  await pass(1, 10_000);
  await pass(9, 0);
  expect(seen.collections).toBe(0);
  await pass(1, 0);
  expect(seen.collections).toBe(1);
  await pass(1, 10_000);
  await pass(10, 0);
  expect(seen.collections).toBe(2);
});

test('who ended it is not collected for', async () => {
  const { seen, pass, stop } = started();
  await pass(9, 0);
  stop();
  await pass(10, 0);
  expect(seen.collections).toBe(0);
});
