import { navigate } from './navigation.ts';
import { strings } from './strings/strings.ts';
import { showToast } from './toasts.ts';

const FOR_LONG_MS = 24 * 3_600_000;

/** Registers the service worker where there may be one, and says when it brought a newer page than this one. */
export function startServiceWorker(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  const { serviceWorker } = navigator;
  let hadOne = serviceWorker.controller !== null;
  serviceWorker.addEventListener('controllerchange', () => {
    if (hadOne) offerReload();
    hadOne = true;
  });
  serviceWorker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (typeof data !== 'object' || data === null || !('type' in data) || data.type !== 'go') return;
    if ('path' in data && typeof data.path === 'string') navigate(data.path);
  });
  // Refused by some private windows; the page works without.
  serviceWorker.register('/sw.js').catch(() => undefined);
}

function offerReload(): void {
  const action = { label: strings.shell.reload, run: () => location.reload() };
  showToast(strings.shell.newVersion, { action, forMs: FOR_LONG_MS });
}
