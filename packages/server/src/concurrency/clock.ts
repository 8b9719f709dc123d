export type TimerHandle = NodeJS.Timeout | number;

/** Time as the server sees it, so that tests can make it jump. */
export interface Clock {
  /** Ms since 1970. */
  now(): number;
  /** Ms since some moment, with their fractions; it goes on evenly when the machine's time is set. */
  monotonic(): number;
  setTimeout(run: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (handle) => clearTimeout(handle),
};
