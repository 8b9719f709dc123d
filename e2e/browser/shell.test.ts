import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessibilityFaults, Visitor } from './browser.ts';
import { openHouse } from './house.ts';
import type { House } from './house.ts';
import { isLookedAt, notificationsOf, serviceWorkerOf, shownBy } from './service-worker.ts';

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
/** Enough for several pages of the list; a run by hand may ask for more. */
const MANY = Number(process.env['HEARTH_LIST_SIZE'] ?? '450');

describe('the web UI around the conversations', () => {
  let browser: House['browser'];
  let server: House['server'];
  let login: House['login'];
  let visitor: Visitor;

  beforeAll(async () => {
    ({ browser, server, login } = await openHouse());
    for (const folder of ['shop/src', 'site', '.cache']) {
      mkdirSync(join(server.place.workspace, folder), { recursive: true });
    }
  });

  beforeEach(async () => {
    visitor = await Visitor.come(browser, { storageState: login });
  });

  afterEach(async () => {
    await visitor.leave(server.url);
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  const list = (page: Page) => page.getByRole('navigation', { name: 'Sessions' });
  const row = (page: Page, title: string) => list(page).locator('li', { hasText: title });

  async function session(title: string, prompt?: string, folder = 'shop') {
    const made = await server.session({ agent: 'scripted', title, cwd: join(server.place.workspace, folder) });
    if (prompt !== undefined) await server.send(made.id, prompt);
    return made;
  }

  async function choose(page: Page, title: string, item: string): Promise<void> {
    await row(page, title).hover();
    await list(page)
      .getByRole('button', { name: `Actions for ${title}` })
      .click();
    await page.getByRole('menuitem', { name: item }).click();
  }

  test('[WEB8] the list is live: by project, with state and what is new, searched on the server', async () => {
    const page = await visitor.open(server.url);
    await list(page).getByText('No sessions yet').waitFor();
    await session('Brew tea', '[[say done]]');
    await row(page, 'Brew tea').locator('[data-standing=idle]').waitFor();
    await row(page, 'Brew tea').getByText('New', { exact: true }).waitFor({ state: 'attached' });
    await session('Burn toast', '[[status 400 1]]', 'site');
    await row(page, 'Burn toast').locator('[data-standing=failed]').waitFor();
    await session('Count sheep', '[[tokens 20 10]] [[stall 0]]', 'site');
    await row(page, 'Count sheep').locator('[data-standing=working]').waitFor();
    expect(await list(page).getByRole('button', { expanded: true }).allInnerTexts()).toEqual(['site\n2', 'shop\n1']);

    await row(page, 'Brew tea').getByRole('link').click();
    await page.locator('[data-turn=completed]').waitFor();
    await row(page, 'Brew tea').getByText('New', { exact: true }).waitFor({ state: 'detached' });

    await list(page).getByRole('button', { name: 'site' }).click();
    await row(page, 'Count sheep').waitFor({ state: 'detached' });
    await list(page).getByRole('button', { name: 'site' }).click();
    await page.getByLabel('Search sessions').fill('TOAST');
    await expect.poll(() => list(page).locator('[data-standing]').count()).toBe(1);
    await row(page, 'Burn toast').waitFor();
    await page.getByLabel('Search sessions').fill('nothing like it');
    await list(page).getByText('Nothing matches “nothing like it”').waitFor();
    await page.getByRole('button', { name: 'Clear the search' }).click();
    await row(page, 'Brew tea').waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB8] a session is renamed, forked, exported, archived and deleted, and the last two are undone', async () => {
    const { id } = await session('Old name', '[[say the answer]]');
    const page = await visitor.open(`${server.url}/sessions/${id}`);
    const other = await visitor.open(server.url);
    await page.locator('[data-turn=completed]').waitFor();
    await choose(page, 'Old name', 'Rename');
    await page.getByRole('dialog').getByLabel('Name').fill('Newer name');
    await page.getByRole('button', { name: 'Save' }).click();
    await row(other, 'Newer name').waitFor();
    await row(page, 'Newer name').waitFor();

    await row(page, 'Newer name').hover();
    await list(page).getByRole('button', { name: 'Actions for Newer name' }).click();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Export as Markdown' }).click(),
    ]);
    expect(saved.suggestedFilename()).toBe('newer-name.md');
    expect(readFileSync(await saved.path(), 'utf8')).toContain('the answer');

    await choose(other, 'Newer name', 'Archive');
    await row(page, 'Newer name').waitFor({ state: 'detached' });
    await other.getByRole('button', { name: 'Undo' }).click();
    await row(page, 'Newer name').waitFor();

    await choose(other, 'Newer name', 'Delete');
    await row(other, 'Newer name').waitFor({ state: 'detached' });
    await row(page, 'Newer name').waitFor({ state: 'detached' });
    await other.getByRole('button', { name: 'Undo' }).click();
    await row(page, 'Newer name').waitFor();
    await choose(other, 'Newer name', 'Fork');
    await other.waitForURL((url) => url.pathname.startsWith('/sessions/') && !url.pathname.endsWith(id));
    await other.locator('[data-turn=completed]').waitFor();

    await page.evaluate((sessionId) => {
      const deletion = { sessionId, title: 'Newer name', atMs: Date.now() - 60_000 };
      localStorage.setItem('hearth.deletions', JSON.stringify([deletion]));
    }, id);
    await page.reload();
    await expect.poll(() => page.evaluate(() => localStorage.getItem('hearth.deletions'))).toBe('[]');
    await expect(server.call(`/v1/sessions/${id}`)).rejects.toThrow('404');
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB9] a session that waits is told on every page, in the tab and its icon, and one key leads to it', async () => {
    const page = await visitor.open(`${server.url}/usage`);
    await page.getByRole('heading', { name: 'Usage' }).waitFor();
    const { id } = await session('Mow the lawn', '[[tool Bash {"command":"mow"}]]');
    await page.locator('[data-waiting="1"]', { hasText: 'Mow the lawn waits for you: Bash' }).waitFor();
    expect(await page.title()).toBe('● Usage · Hearth');
    expect(await page.locator('link[rel=icon]').getAttribute('href')).toBe('/flame-waiting.svg');
    await list(page).getByRole('heading', { name: 'Needs you' }).waitFor();
    await page.keyboard.press('w');
    await page.locator('[data-approval]').waitFor();
    expect(new URL(page.url()).pathname).toBe(`/sessions/${id}`);
    await page.locator('[data-approval]').getByRole('button', { name: 'Allow once' }).click();
    await expect.poll(() => page.title()).toBe('Mow the lawn · Hearth');
    expect(await page.locator('link[rel=icon]').getAttribute('href')).toBe('/flame.svg');
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB8] of a long list only what is seen is in the page, to its very end', async () => {
    const folder = join(server.place.workspace, 'site');
    const last = MANY - 1;
    for (let made = 0; made < last; made += 50) {
      const batch = Array.from({ length: Math.min(50, last - made) }, (_, i) => `Lamb ${made + i}`);
      await Promise.all(batch.map((title) => server.session({ agent: 'scripted', title, cwd: folder })));
    }
    // Alone: those of one moment are in any order.
    await server.session({ agent: 'scripted', title: `Lamb ${last}`, cwd: folder });
    const page = await visitor.open(server.url);
    await page.getByLabel('Search sessions').fill('LAMB');
    await row(page, `Lamb ${last}`).waitFor();
    const rows = list(page).locator('li');
    await expect
      .poll(
        async () => {
          await list(page)
            .locator('ul')
            .evaluate((ul) => ul.parentElement?.scrollBy(0, 1_000_000));
          return row(page, 'Lamb 0').count();
        },
        { timeout: 60_000 },
      )
      .toBeGreaterThan(0);
    expect(await rows.count()).toBeLessThan(60);
    expect(await rows.last().getAttribute('aria-setsize')).toBe(String(MANY + 1));
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB10] everything is reached by keys: the palette, its commands and any session, and a sheet tells them', async () => {
    await session('Find me');
    const page = await visitor.open(`${server.url}/settings`);
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Next session').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Commands' }).fill('find me');
    await page.getByRole('option', { name: 'Find me' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Find me' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#content').focus();
    await page.keyboard.press('n');
    await page.getByRole('heading', { name: 'What shall we work on?' }).waitFor();
    await page.getByLabel('First message').press('j');
    expect(await page.getByLabel('First message').inputValue()).toBe('j');
    await page.getByRole('link', { name: 'Find me' }).focus();
    await page.keyboard.press('ArrowUp');
    expect(await page.evaluate(() => document.activeElement?.hasAttribute('data-row'))).toBe(true);
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB11] a folder is found by looking into the workspaces, and the session begins there with the chosen mode', async () => {
    const page = await visitor.open(`${server.url}/new?prompt=[[say%20here]]&agent=scripted`);
    await page.getByRole('button', { name: 'Choose a folder' }).click();
    const dialog = page.getByRole('dialog', { name: 'Choose a folder' });
    await dialog.getByRole('button').nth(2).click();
    await dialog.getByRole('button', { name: 'shop' }).waitFor();
    expect(await dialog.getByRole('button', { name: '.cache' }).count()).toBe(0);
    await dialog.getByLabel('Show hidden folders').check();
    await dialog.getByRole('button', { name: '.cache' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByLabel('Path of the folder').fill('/etc');
    await dialog.getByRole('button', { name: 'Go' }).click();
    await dialog.getByText('lies outside the workspaces').waitFor();
    await dialog.getByRole('button', { name: 'Workspaces' }).click();
    await dialog.getByRole('listitem').first().getByRole('button').click();
    await dialog.getByRole('button', { name: 'shop' }).click();
    await dialog.getByRole('button', { name: 'src' }).waitFor();
    await dialog.getByRole('button', { name: 'Use this folder' }).click();
    await page.getByText('Plan only').click();
    await page.getByLabel('Model').fill('sonnet');
    await page.getByRole('button', { name: 'Start the session' }).click();
    await page.locator('[data-turn=completed]').waitFor();
    const id = new URL(page.url()).pathname.split('/').at(-1);
    const made = await server.call<{ cwd: string; permissionMode: string; model: string }>(`/v1/sessions/${id}`);
    expect(made).toMatchObject({ permissionMode: 'plan', model: 'sonnet' });
    expect(made.cwd).toMatch(/\/shop$/);
  });

  test('[WEB12] the chosen theme holds before anything is drawn; tokens are made, shown once and revoked', async () => {
    const page = await visitor.open(`${server.url}/settings`);
    await page.getByText('Dark', { exact: true }).click();
    await page.reload({ waitUntil: 'commit' });
    await page.waitForSelector('body', { state: 'attached' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    await expect.poll(background).toBe('rgb(23, 20, 16)');
    await page.getByRole('link', { name: 'API tokens' }).click();
    await page.getByLabel('What is it for?').fill('the robot');
    await page.getByRole('button', { name: 'Make a token' }).click();
    const secret = await page.getByLabel('The new token').inputValue();
    const asked = () => fetch(`${server.url}/v1/agents`, { headers: { authorization: `Bearer ${secret}` } });
    expect((await asked()).status).toBe(200);
    await page.getByRole('button', { name: 'Revoke the robot' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No tokens yet.').waitFor();
    expect((await asked()).status).toBe(401);
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB12] a token is copied also where the page has no clipboard, as over plain HTTP from another machine', async () => {
    const page = await visitor.context.newPage();
    await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await page.goto(`${server.url}/settings/tokens`);
    const label = page.getByLabel('What is it for?');
    await label.fill('the phone');
    await page.getByRole('button', { name: 'Make a token' }).click();
    const secret = await page.getByLabel('The new token').inputValue();
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied', exact: true }).waitFor();
    await label.focus();
    await page.keyboard.press('Control+v');
    expect(await label.inputValue()).toBe(secret);
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB13] without a connection the page still opens and says so; nothing of a session is kept', async () => {
    const { id } = await session('Secret plans', '[[say very secret]]');
    const page = await visitor.open(`${server.url}/sessions/${id}`);
    await page.locator('[data-turn=completed]').waitFor();
    await page.evaluate(async () => navigator.serviceWorker.ready);
    const kept = await page.evaluate(async () => {
      const names = await caches.keys();
      const all = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return all.flat().map(({ url }) => new URL(url).pathname);
    });
    expect(kept).toContain('/');
    expect(kept.filter((path) => !/^\/(assets\/.*|[\w-]+\.\w+)?$/.test(path))).toEqual([]);
    await visitor.context.setOffline(true);
    await page.reload();
    await page.locator('[data-connection]').waitFor({ state: 'attached' });
    await page.getByText('Hearth', { exact: true }).waitFor();
    expect(await page.getByText('very secret').count()).toBe(0);
    await visitor.context.setOffline(false);
    await page.locator('[data-connection=live]').waitFor({ state: 'attached' });
    await page.getByText('very secret', { exact: true }).waitFor();
  });

  test('[WEB14] notifications come from the browser itself, once it was allowed', async () => {
    await visitor.context.grantPermissions(['notifications'], { origin: server.url });
    const page = await visitor.open(`${server.url}/settings`);
    const worker = await serviceWorkerOf(visitor.context, page);
    await page.locator('[data-notifications=granted]').getByRole('button', { name: 'Show one' }).click();
    const example = 'This is what a notification looks like.';
    await expect.poll(() => shownBy(worker)).toEqual([example]);
    expect(await notificationsOf(page)).toEqual([example]);

    await page.getByRole('link', { name: 'New session' }).click();
    await page.getByRole('heading', { name: 'What shall we work on?' }).waitFor();
    const { id } = await session('Paint the fence');
    await row(page, 'Paint the fence').waitFor();
    // The driver makes every page believe that it is looked at; this one is to know better.
    const devtools = await visitor.context.newCDPSession(page);
    await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
    await (await visitor.context.newPage()).bringToFront();
    // The browser tells its service worker a little later than the page; until then nobody has to be told.
    await expect.poll(() => isLookedAt(worker)).toBe(false);
    await server.send(id, '[[tool Bash {"command":"paint"}]]');
    const question = 'It asks for your permission: Bash';
    await expect.poll(() => shownBy(worker)).toEqual([example, question]);
    expect(await notificationsOf(page)).toContain(question);
    await server.call(`/v1/sessions/${id}/interrupt`, {});
  });

  test('[WEB14] of what happens in many sessions at once the browser keeps every notification, each once', async () => {
    await visitor.context.grantPermissions(['notifications'], { origin: server.url });
    const page = await visitor.open(`${server.url}/settings`);
    const worker = await serviceWorkerOf(visitor.context, page);
    const wishes = Array.from({ length: 60 }, (_, index) => `Session ${index}`);
    await page.evaluate(async (bodies) => {
      const { active } = await navigator.serviceWorker.ready;
      for (const body of bodies) {
        const wish = { type: 'notify', title: 'Hearth', body, tag: body, path: '/', evenWhenLookedAt: true };
        // As two tabs that hear of the same.
        active?.postMessage(wish, []);
        active?.postMessage(wish, []);
        await new Promise((done) => setTimeout(done));
      }
    }, wishes);
    await expect.poll(async () => (await shownBy(worker)).at(-1)).toBe(wishes.at(-1));
    expect(await shownBy(worker)).toEqual(wishes);
    expect((await notificationsOf(page)).toSorted()).toEqual(wishes.toSorted());
  });

  const SCREENS = [
    '/',
    '/new',
    '/usage',
    '/settings',
    '/settings/agents',
    '/settings/accounts',
    '/settings/tokens',
    '/none',
  ];

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', { ...PHONE, colorScheme: 'dark' }],
  ] as const)('[WEB7] no screen breaks a rule of accessibility, %s', async (_, options) => {
    await session('For all to see', '[[say seen]]');
    await visitor.context.close();
    visitor = await Visitor.come(browser, { storageState: login, ...options });
    const page = await visitor.open(server.url);
    const faults: string[] = [];
    const look = async (screen: string): Promise<void> => {
      faults.push(...(await accessibilityFaults(page)).map((fault) => `${screen} ${fault}`));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (overflow > 0) faults.push(`${screen}: wider than the window by ${overflow} px`);
    };
    for (const path of SCREENS) {
      // As a link within the page does it: loading all anew for each screen takes longer than looking at it.
      await page.evaluate((to) => {
        history.pushState(null, '', to);
        dispatchEvent(new PopStateEvent('popstate'));
      }, path);
      await page.locator('main h1').first().waitFor({ state: 'attached' });
      await page.getByText('Loading …', { exact: true }).waitFor({ state: 'detached' });
      await page.getByRole('status', { name: /Loading|Adding/ }).waitFor({ state: 'detached' });
      await look(path);
    }
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Actions for For all to see' }).first().click({ force: true });
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
    await look('the menu');
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByRole('dialog').waitFor();
    await look('renaming');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Commands' }).click();
    await page.getByRole('dialog').waitFor();
    await look('the palette');
    expect(faults).toEqual([]);
  });

  test('[WEB7] from right to left the shell is mirrored, and nothing runs out of the window', async () => {
    const page = await visitor.open(`${server.url}/settings`);
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'));
    const side = await list(page).boundingBox();
    expect(side?.x).toBeGreaterThan(900);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  });

  test('[WEB15] the page comes without inline script, under a policy that runs none, and its first load is light', async () => {
    const response = await fetch(server.url);
    const html = await response.text();
    expect(response.headers.get('content-security-policy')).toMatch(/script-src 'self';(?!.*unsafe-eval)/);
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>/);
    expect(html).not.toMatch(/<style|\son\w+=/);
    const page = await visitor.open(server.url);
    await page.getByRole('heading', { name: 'What shall we work on?' }).waitFor();
    const scripts = [...html.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, path = '']) => path);
    expect(scripts.length).toBeGreaterThan(1);
    const sizes = await Promise.all(
      scripts.map(async (path) => gzipSync(await (await fetch(server.url + path)).text()).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
  });
});
