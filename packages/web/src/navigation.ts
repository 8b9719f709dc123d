import { useSyncExternalStore } from 'react';

/** What the address bar says. */
export type Page = { name: 'home' } | { name: 'new' } | { name: 'session'; sessionId: string } | { name: 'unknown' };

/** @param path as in `location.pathname` */
export function pageOf(path: string): Page {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 0) return { name: 'home' };
  if (parts.length === 1 && parts[0] === 'new') return { name: 'new' };
  const [folder, id] = parts;
  if (parts.length === 2 && folder === 'sessions' && id !== undefined) {
    return { name: 'session', sessionId: decoded(id) };
  }
  return { name: 'unknown' };
}

export function sessionPath(sessionId: string): string {
  return `/sessions/${encodeURIComponent(sessionId)}`;
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
