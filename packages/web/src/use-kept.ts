import { useSyncExternalStore } from 'react';
import type { Kept } from './kept.ts';

/** The kept value, and the component is drawn again when it changes, in whichever tab. */
export function useKept<Value>(value: Kept<Value>): Value {
  return useSyncExternalStore(
    (listener) => value.subscribe(listener),
    () => value.get(),
  );
}
