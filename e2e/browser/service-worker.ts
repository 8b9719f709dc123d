import type { BrowserContext, Page, Worker } from 'playwright-core';

/** What a service worker has around it, as far as it is asked here. */
interface WorkerScope {
  clients: { matchAll(options: { type: 'window' }): Promise<{ focused: boolean; visibilityState: string }[]> };
  registration: ServiceWorkerRegistration;
  shown: string[];
}

/** The service worker of a page. From now on it counts what it shows. */
export async function serviceWorkerOf(context: BrowserContext, page: Page): Promise<Worker> {
  await page.evaluate(async () => navigator.serviceWorker.ready);
  const [worker] = context.serviceWorkers();
  if (worker === undefined) throw new Error('there is no service worker');
  await worker.evaluate(() => {
    const scope = globalThis as unknown as WorkerScope;
    const { registration } = scope;
    const show = registration.showNotification.bind(registration);
    scope.shown = [];
    registration.showNotification = async (title, options) => {
      await show(title, options);
      scope.shown.push(options?.body ?? '');
    };
  });
  return worker;
}

/**
 * The texts of all notifications that the service worker has shown. The browser itself is not asked here: when the
 * question comes while one is about to be shown, it forgets that one.
 */
export function shownBy(worker: Worker): Promise<string[]> {
  return worker.evaluate(() => (globalThis as unknown as WorkerScope).shown);
}

/** The texts of the notifications that the browser knows of. Ask only when none is about to be shown. */
export function notificationsOf(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ body }) => body);
  });
}

/** Whether the service worker believes that somebody has a window of the page before them. */
export function isLookedAt(worker: Worker): Promise<boolean> {
  return worker.evaluate(async () => {
    const { clients } = globalThis as unknown as WorkerScope;
    const windows = await clients.matchAll({ type: 'window' });
    return windows.some(({ focused, visibilityState }) => focused && visibilityState === 'visible');
  });
}
