import type { Clock, TimerHandle } from '../concurrency/clock.ts';

const LOOK_MS = 60_000;
/** So many looks in a row have found that there was nothing to do. */
const QUIET_LOOKS = 10;
/** Heartbeats and the like go on: less of the time than this share is nothing. */
const QUIET_SHARE = 0.01;

export interface IdleCollectionParts {
  clock: Clock;
  /** How long this process has been at work since it began, in ms. */
  activeMs: () => number;
  /** Collects all garbage, at once. */
  collect: () => void;
}

/**
 * Collects the garbage when the server has had nothing to do for 10 min, once until it has again: what busy times took is given
 * back. V8 would do so after 8 s, and drop with it the shapes of objects that nobody has just then and all code that was optimized
 * for them, so that who spoke next would share the server with the compiler; `bin/hearth` turns that off.
 * @returns ends it
 */
export function collectWhenIdle({ clock, activeMs, collect }: IdleCollectionParts): () => void {
  let quietLooks = 0;
  let before = activeMs();
  let timer: TimerHandle;
  const look = (): void => {
    quietLooks = activeMs() - before < LOOK_MS * QUIET_SHARE ? quietLooks + 1 : 0;
    if (quietLooks === QUIET_LOOKS) collect();
    // To collect is no work.
    before = activeMs();
    timer = clock.setTimeout(look, LOOK_MS);
  };
  timer = clock.setTimeout(look, LOOK_MS);
  return () => clock.clearTimeout(timer);
}
