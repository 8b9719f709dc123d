import { createContext, useContext } from 'react';

/** The working directory of the session that is shown: paths in it are said without it. */
export const Cwd = createContext('');

export function useCwd(): string {
  return useContext(Cwd);
}
