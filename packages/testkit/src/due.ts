/** The present, in µs since 1970. */
export function nowUs(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}

/**
 * How long a timer may run at most, in whole ms, so that it is not late for a time (µs since 1970); 0: it is there. When the timer is
 * over, ask again: timers know whole ms, and one that is set to more than what is left is up to two late.
 */
export function wholeMsUntil(dueUs: number): number {
  const leftMs = (dueUs - nowUs()) / 1000;
  return leftMs <= 0 ? 0 : Math.max(1, Math.trunc(leftMs));
}
