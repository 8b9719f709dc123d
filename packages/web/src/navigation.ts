import { useSyncExternalStore } from 'react';

export type SettingsSection = 'general' | 'agents' | 'accounts' | 'tokens';

const SECTIONS: readonly string[] = ['agents', 'accounts', 'tokens'] satisfies SettingsSection[];

/** What the address bar says. */
export type Page =
  | { name: 'home' }
  | { name: 'new' }
  | { name: 'usage' }
  | { name: 'settings'; section: SettingsSection }
  | { name: 'session'; sessionId: string }
  | { name: 'unknown' };

/** @param path as in `location.pathname` */
export function pageOf(path: string): Page {
  const parts = path.split('/').filter((part) => part !== '');
  const [folder, id] = parts;
  if (folder === undefined) return { name: 'home' };
  if (parts.length === 1 && (folder === 'new' || folder === 'usage')) return { name: folder };
  if (folder === 'settings') {
    if (parts.length === 1) return { name: 'settings', section: 'general' };
    if (parts.length === 2 && isSection(id)) return { name: 'settings', section: id };
  }
  if (parts.length === 2 && folder === 'sessions' && id !== undefined) {
    return { name: 'session', sessionId: decoded(id) };
  }
  return { name: 'unknown' };
}

function isSection(id: string | undefined): id is SettingsSection {
  return id !== undefined && SECTIONS.includes(id);
}

export function sessionPath(sessionId: string): string {
  return `/sessions/${encodeURIComponent(sessionId)}`;
}

export function settingsPath(section: SettingsSection): string {
  return section === 'general' ? '/settings' : `/settings/${section}`;
}

export function navigate(path: string): void {
  if (path === location.pathname) return;
  history.pushState(null, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
}

export function usePage(): Page {
  return pageOf(useSyncExternalStore(subscribe, () => location.pathname));
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
