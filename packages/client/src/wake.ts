/**
 * In a browser: calls `wake` when the network is back, when the page is looked at again, and when it comes back from
 * the browser's cache. Elsewhere nothing happens. Returns what stops it.
 */
export function onWake(wake: () => void): () => void {
  if (typeof document === 'undefined' || typeof globalThis.addEventListener !== 'function') return () => undefined;
  const seen = (): void => {
    if (document.visibilityState === 'visible') wake();
  };
  globalThis.addEventListener('online', wake);
  globalThis.addEventListener('pageshow', wake);
  document.addEventListener('visibilitychange', seen);
  return () => {
    globalThis.removeEventListener('online', wake);
    globalThis.removeEventListener('pageshow', wake);
    document.removeEventListener('visibilitychange', seen);
  };
}
