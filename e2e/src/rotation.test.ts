import { expect, test } from 'vitest';
import { runRotation } from './rotation/run-rotation.ts';

test('[SEL9] [RLY3] [RLY5] [CALL1] conversations over accounts that fail in every way are whole, and cost what was billed', async () => {
  const report = await runRotation({ seed: 3, conversations: 5, parallel: 3, trouble: 0.5 });
  expect(report.turns).toBe(15);
  expect(report.met.size).toBeGreaterThan(2);
  expect(report.countedUsd).toBeCloseTo(report.billedUsd, 4);
}, 300_000);
