import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Visitor } from './browser.ts';
import { openHouse } from './house.ts';
import type { House } from './house.ts';

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

describe('dialogs, keys and the search of the web UI', () => {
  let browser: House['browser'];
  let server: House['server'];
  let login: House['login'];
  let visitor: Visitor;

  beforeAll(async () => {
    ({ browser, server, login } = await openHouse());
    mkdirSync(join(server.place.workspace, 'shop'));
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

  async function session(title: string, prompt?: string) {
    const made = await server.session({ agent: 'scripted', title, cwd: join(server.place.workspace, 'shop') });
    if (prompt !== undefined) await server.send(made.id, prompt);
    return made;
  }

  /** The dialog, as soon as something in it has the focus. */
  async function focusedDialog(page: Page, name: string) {
    const dialog = page.getByRole('dialog', { name });
    await dialog.locator(':focus').waitFor();
    return dialog;
  }

  test('[WEB10] a session is renamed by keys alone, and what is typed as its name does nothing else', async () => {
    const { id } = await session('Old name', '[[say done]]');
    const page = await visitor.open(`${server.url}/sessions/${id}`);
    await page.locator('[data-turn=completed]').waitFor();
    await page.locator('#content').focus();
    await page.keyboard.press('r');
    const dialog = await focusedDialog(page, 'Rename the session');
    await page.keyboard.type('My extra #12');
    expect(await dialog.getByLabel('Name').inputValue()).toBe('My extra #12');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await row(page, 'My extra #12').waitFor();
    expect(new URL(page.url()).pathname).toBe(`/sessions/${id}`);
    expect(await server.call(`/v1/sessions/${id}`)).toMatchObject({ title: 'My extra #12', archived: false });
    expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);

    await page.locator('#content').focus();
    await page.keyboard.press('#');
    await row(page, 'My extra #12').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await row(page, 'My extra #12').waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB10] while a dialog is on its way, and while one asks, a key does nothing beside it', async () => {
    const { id } = await session('Stay here', '[[say done]]');
    await visitor.context.close();
    visitor = await Visitor.come(browser, { storageState: login, serviceWorkers: 'block' });
    const page = await visitor.open(`${server.url}/sessions/${id}`);
    const asked = new Promise<Route>((hold, fail) => {
      page.route(/rename-dialog/, hold).catch(fail);
    });
    await page.locator('[data-turn=completed]').waitFor();
    await page.locator('#content').focus();
    await page.keyboard.press('r');
    const script = await asked;
    await page.keyboard.press('u');
    expect(new URL(page.url()).pathname).toBe(`/sessions/${id}`);
    await script.continue();
    await focusedDialog(page, 'Rename the session');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Go back to before this message' }).click();
    await focusedDialog(page, 'Go back to before this message?');
    await page.keyboard.press('u');
    expect(new URL(page.url()).pathname).toBe(`/sessions/${id}`);
  });

  test('[WEB10] a dialog opens with the focus in its first field, and without one not on what destroys', async () => {
    const page = await visitor.open(`${server.url}/settings/accounts`);
    await page.getByRole('button', { name: 'Add an account' }).click();
    const account = await focusedDialog(page, 'Add an account');
    await page.keyboard.type('work #12');
    expect(await account.getByLabel('Name').inputValue()).toBe('work #12');
    await page.keyboard.press('Escape');
    await account.waitFor({ state: 'detached' });

    await server.call('/v1/tokens', { label: 'the robot' });
    await page.getByRole('link', { name: 'API tokens' }).click();
    await page.getByRole('button', { name: 'Revoke the robot' }).click();
    const revoking = await focusedDialog(page, 'Revoke');
    expect(await revoking.locator(':focus').getAttribute('aria-label')).toBe('Close');
    await page.keyboard.press('Escape');
    await revoking.waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'New session' }).click();
    await page.getByRole('button', { name: 'Choose a folder' }).click();
    const folder = await focusedDialog(page, 'Choose a folder');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('/some where');
    expect(await folder.getByLabel('Path of the folder').inputValue()).toBe('/some where');
    expect(visitor.complaints).toEqual([]);
  });

  test.each([
    ['beside a conversation', {}],
    ['on a phone', PHONE],
  ])(
    '[WEB8] a search shows what matches, and says when nothing does, also while a session waits, %s',
    async (where, options) => {
      const title = `Mow the lawn ${where}`;
      const { id } = await session(title, '[[tool Bash {"command":"mow"}]]');
      await visitor.context.close();
      visitor = await Visitor.come(browser, { storageState: login, ...options });
      const page = await visitor.open(server.url);
      await list(page).getByRole('heading', { name: 'Needs you' }).waitFor();
      await page.getByLabel('Search sessions').fill('nothing like it');
      await list(page).getByText('Nothing matches “nothing like it”').waitFor();
      expect(await list(page).getByText(title).count()).toBe(0);
      await page.locator('[data-waiting]', { hasText: `${title} waits for you` }).waitFor();
      await page.getByLabel('Search sessions').fill(title.toUpperCase());
      await row(page, title).waitFor();
      expect(await list(page).locator('[data-standing]').count()).toBe(1);
      await server.call(`/v1/sessions/${id}/interrupt`, {});
      await list(page).getByRole('heading', { name: 'Needs you' }).waitFor({ state: 'detached' });
      expect(visitor.complaints).toEqual([]);
    },
  );
});
