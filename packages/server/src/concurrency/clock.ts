export type TimerHandle = NodeJS.Timeout | number;

/** Time as the server sees it, so that tests can make it jump. */
export interface Clock {
  /** Ms since 1970. */
  now(): number;
  setTimeout(run: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}
