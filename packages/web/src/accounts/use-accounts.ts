import type { Account } from '@hearth/protocol';
import { useSyncExternalStore } from 'react';
import { hearth } from '../server.ts';

let known: readonly Account[] | null = null;

/** The accounts as they are now, live; null: not known yet. */
export function useAccounts(): readonly Account[] | null {
  return useSyncExternalStore(subscribe, () => known);
}

function subscribe(listener: () => void): () => void {
  return hearth.accounts.watch((items) => {
    known = items;
    listener();
  });
}
