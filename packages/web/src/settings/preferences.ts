import { kept } from '../kept.ts';

export interface Preferences {
  /** A session began to wait for an answer. */
  notifyWaiting: boolean;
  /** A turn is over. */
  notifyDone: boolean;
  /** Keys without Ctrl or Cmd do something. */
  singleKeys: boolean;
  byProject: boolean;
}

const DEFAULTS: Preferences = { notifyWaiting: true, notifyDone: true, singleKeys: true, byProject: true };

/** What this browser prefers. */
export const preferences = kept<Preferences>('hearth.preferences', (stored) => {
  const found = typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {};
  const entries = Object.entries(DEFAULTS).map(([name, value]) => {
    const given: unknown = found[name];
    return [name, typeof given === 'boolean' ? given : value] as const;
  });
  return Object.fromEntries(entries) as Preferences;
});

export function prefer(change: Partial<Preferences>): void {
  preferences.set({ ...preferences.get(), ...change });
}
