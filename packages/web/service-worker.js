// The page without a connection, and its notifications. Only files of the page itself are kept: nothing under /v1, no
// log-in, nothing that tells of anybody's sessions. Pages are asked of the server first, so that no old one sticks.
const VERSION = __VERSION__;
const FILES = __FILES__;
const CACHE = `hearth-shell-${VERSION}`;
const PAGE = '/';
/** How long the server may take for a page before the kept one is shown. */
const PATIENCE_MS = 4_000;
/** Of these paths the server itself answers; see the gateway's list. */
const SERVER = /^\/(v1|docs|healthz|readyz|metrics|login)(\/|$)/;

self.addEventListener('install', (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(removeOld().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || SERVER.test(url.pathname)) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(asset(request));
  else if (FILES.includes(url.pathname)) event.respondWith(fixed(request));
});

/** Ends when all that was wished so far is shown, or could not be. */
let shown = Promise.resolve();

// One after the other: a browser that is asked which notifications there are forgets one that it is just about to show.
self.addEventListener('message', (event) => {
  if (event.data?.type !== 'notify') return;
  const next = shown.then(() => notify(event.data));
  shown = next.catch(() => undefined);
  event.waitUntil(next);
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data.path));
});

async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll([PAGE, ...FILES].map((path) => new Request(path, { cache: 'no-cache' })));
}

/** The version before stays for pages that are still open and load a part of it. */
async function removeOld() {
  const names = (await caches.keys()).filter((name) => name.startsWith('hearth-shell-') && name !== CACHE);
  await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)));
}

/** A page as the server has it now; without a connection, or when that takes too long, the one that is kept. */
async function page(request) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error('late')), PATIENCE_MS);
  });
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

/** Named by their contents: what is kept is right for ever. */
async function asset(request) {
  const kept = await caches.match(request);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok) {
    const cache = await caches.open(CACHE);
    await cache.put(request, response.clone());
  }
  return response;
}

async function fixed(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request)) ?? Response.error();
  }
}

/** Somebody who looks at Hearth needs no notification; one who looks elsewhere needs it once, not from every tab. */
async function notify({ title, body, tag, path, evenWhenLookedAt }) {
  const windows = await self.clients.matchAll({ type: 'window' });
  if (!evenWhenLookedAt && windows.some((client) => client.focused && client.visibilityState === 'visible')) return;
  if ((await self.registration.getNotifications({ tag })).length > 0) return;
  await self.registration.showNotification(title, {
    body,
    tag,
    icon: '/icon-192.png',
    badge: '/icon-192.png',
    data: { path },
  });
}

async function show(path) {
  const windows = await self.clients.matchAll({ type: 'window' });
  const best = windows.find((client) => client.visibilityState === 'visible') ?? windows[0];
  if (best === undefined) return self.clients.openWindow(path);
  best.postMessage({ type: 'go', path }, []);
  return best.focus();
}
