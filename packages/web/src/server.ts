import { connect } from '@hearth/client';
import type { ConnectionState } from '@hearth/client';
import { useSyncExternalStore } from 'react';

/** The one connection of the page. It lives as long as the page and mends itself. */
export const hearth = connect();

export function useConnection(): ConnectionState {
  return useSyncExternalStore(
    (listener) => hearth.onState(listener),
    () => hearth.state,
  );
}
