import { describe, expect, test } from 'vitest';
import { FakeClock, systemClock } from './fake-clock.ts';

describe('a fake clock', () => {
  test('stands still, and goes on by what it is told', async () => {
    const clock = new FakeClock(1_000);
    expect(clock.now()).toBe(1_000);
    await clock.advance(250);
    expect(clock.now()).toBe(1_250);
  });

  test('runs what falls due in the order of time, each at its own time', async () => {
    const clock = new FakeClock(0);
    const seen: string[] = [];
    clock.setTimeout(() => seen.push(`b${clock.now()}`), 20);
    clock.setTimeout(() => seen.push(`a${clock.now()}`), 10);
    clock.setTimeout(() => seen.push(`c${clock.now()}`), 20);
    clock.setTimeout(() => seen.push('never'), 31);
    await clock.advance(30);
    expect(seen).toEqual(['a10', 'b20', 'c20']);
    expect(clock.pendingTimers).toBe(1);
    expect(clock.nextDueAt).toBe(31);
  });

  test('does not run what was cleared', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const handle = clock.setTimeout(() => seen.push('cleared'), 5);
    clock.setTimeout(() => clock.clearTimeout(later), 5);
    const later = clock.setTimeout(() => seen.push('cleared in time'), 5);
    clock.clearTimeout(handle);
    await clock.advance(10);
    expect(seen).toEqual([]);
  });

  test('lets awaiting code run between timers, and runs the timers it sets on the way', async () => {
    const clock = new FakeClock(0);
    const seen: number[] = [];
    const loop = (async () => {
      for (let n = 0; n < 3; n += 1) {
        await clock.sleep(10);
        await Promise.resolve();
        seen.push(clock.now());
      }
    })();
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    await loop;
  });

  test('runs everything, and says so when a timer renews itself without end', async () => {
    const clock = new FakeClock(0);
    let ran = 0;
    clock.setTimeout(() => clock.setTimeout(() => (ran += 1), 1_000_000), 5);
    await clock.runAll();
    expect([ran, clock.now()]).toEqual([1, 1_000_005]);
    const renew = (): void => {
      clock.setTimeout(renew, 1);
    };
    renew();
    await expect(clock.runAll(50)).rejects.toThrow('50 timers ran');
  });

  test('has the same shape as the real one', async () => {
    const before = Date.now();
    await new Promise<void>((resolve) => {
      systemClock.clearTimeout(systemClock.setTimeout(() => expect.unreachable(), 1));
      systemClock.setTimeout(resolve, 2);
    });
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });
});
