import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Liveness, LIVENESS_LIMITS } from './liveness.ts';
import { FakeSocket } from './testing/fake-socket.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watch() {
  const found = { silent: false };
  const liveness = new Liveness(new FakeSocket(), LIVENESS_LIMITS, {
    tick: () => undefined,
    silent: () => {
      found.silent = true;
    },
  });
  return { found, liveness };
}

describe.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('the clock of the machine is set %s', (_, stepMs) => {
  test('[WS6] a client that answers stays', () => {
    const { found, liveness } = watch();
    for (let i = 0; i < 10; i += 1) {
      vi.advanceTimersByTime(14_999);
      vi.setSystemTime(Date.now() + stepMs);
      vi.advanceTimersByTime(1);
      liveness.pong();
    }
    liveness.stop();
    expect(found.silent).toBe(false);
  });

  test('[WS6] a client that answers nothing is dropped after 30 s', () => {
    const { found } = watch();
    vi.advanceTimersByTime(29_999);
    vi.setSystemTime(Date.now() + stepMs);
    expect(found.silent).toBe(false);
    vi.advanceTimersByTime(1);
    expect(found.silent).toBe(true);
  });
});
