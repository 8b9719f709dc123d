import type { Browser, BrowserContext } from 'playwright-core';
import { launchBrowser, Visitor } from './browser.ts';
import { SessionServer } from './session-server.ts';

/** What the tests of a file share. Links work once and are bounded in number, so all visitors have one log-in. */
export interface House {
  browser: Browser;
  server: SessionServer;
  login: Awaited<ReturnType<BrowserContext['storageState']>>;
}

/** A browser, a server, and the log-in by the link that the server gives. */
export async function openHouse(): Promise<House> {
  const [browser, server] = await Promise.all([launchBrowser(), SessionServer.start()]);
  const first = await Visitor.come(browser);
  await first.open(await server.link());
  const login = await first.context.storageState();
  await first.context.close();
  return { browser, server, login };
}
