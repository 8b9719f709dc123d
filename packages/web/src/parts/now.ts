import { useSyncExternalStore } from 'react';

const STEP_MS = 15_000;

/** The time in ms, a few times a minute: for ages that are shown. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / STEP_MS) * STEP_MS);
}

function subscribe(listener: () => void): () => void {
  const timer = setInterval(listener, STEP_MS);
  return () => clearInterval(timer);
}
