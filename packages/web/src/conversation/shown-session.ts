import { createContext, useContext } from 'react';

/** What the parts of a conversation know of the session that they belong to. */
export interface ShownSession {
  id: string;
  /** Its working directory: paths in it are said without it. */
  cwd: string;
  /** Nothing runs and nothing waits: turns can be taken back. */
  isIdle: boolean;
}

export const ShownSessionContext = createContext<ShownSession>({ id: '', cwd: '', isIdle: false });

export function useShownSession(): ShownSession {
  return useContext(ShownSessionContext);
}

export function useCwd(): string {
  return useContext(ShownSessionContext).cwd;
}
