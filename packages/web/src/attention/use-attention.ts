import { useEffect } from 'react';
import { useSessions } from '../sessions/sessions-store.ts';
import { strings } from '../strings/strings.ts';
import { usePageName } from './page-title.ts';

/** Tells in the tab's title and icon, and on the installed app's icon, how many sessions wait. */
export function useAttention(): void {
  const count = useSessions(({ waiting }) => waiting.length);
  const name = usePageName((page) => page.name);
  useEffect(() => {
    document.title = strings.shell.tabTitle(name, count);
    document.querySelector('link[rel="icon"]')?.setAttribute('href', count === 0 ? '/flame.svg' : '/flame-waiting.svg');
  }, [name, count]);
  useEffect(() => {
    if (!('setAppBadge' in navigator)) return;
    // Browsers refuse it for pages that are not installed.
    navigator.setAppBadge(count).catch(() => undefined);
  }, [count]);
}
