import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, Visitor } from './browser.ts';
import { layOutProject, OPENING, OTHERS, sceneScript, TASK } from './scene.ts';
import { SessionServer } from './session-server.ts';

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const TAKES_PICTURES = process.env['UPDATE_SCREENSHOTS'] === '1';

const WIDE: BrowserContextOptions = { viewport: { width: 1280, height: 832 }, deviceScaleFactor: 2 };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

describe('the work that the pictures show', () => {
  let browser: Browser;
  let server: SessionServer;
  let login: Awaited<ReturnType<BrowserContext['storageState']>>;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), SessionServer.start({ wordDelayMs: 40 })]);
    const first = await Visitor.come(browser);
    await first.open(await server.link());
    login = await first.context.storageState();
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  async function look(options: BrowserContextOptions, path = '/'): Promise<Page> {
    const visitor = await Visitor.come(browser, { ...options, storageState: login });
    return visitor.open(`${server.url}${path}`);
  }

  test('[WEB2] a bug is found, its repair allowed, and the answer streams: light, dark and on a phone', async () => {
    const { workspace } = server.place;
    const folder = layOutProject(workspace);
    server.api.setScript(sceneScript(folder));
    for (const { cwd, prompt } of OTHERS) {
      const { id } = await server.session({ cwd: join(workspace, cwd) });
      await server.send(id, prompt);
    }
    const session = await server.session({
      cwd: folder,
      allowedTools: ['Bash(node --test:*)'],
      title: 'Cart total is wrong with a discount',
    });
    const path = `/sessions/${session.id}`;
    const page = await look({ ...WIDE, colorScheme: 'light' }, path);
    for (const prompt of [OPENING, TASK]) {
      await page.getByLabel('Message to the agent').fill(prompt);
      await page.keyboard.press('Enter');
      await page.locator('[data-turn=completed]').first().waitFor();
    }
    await page.locator('[data-approval]').waitFor();
    expect(await page.locator('[data-approval]').getByLabel('Change').innerText()).toContain('sum * (1 - discount)');
    const list = page.getByRole('navigation', { name: 'Sessions' });
    await list.getByText('Waits for you').nth(1).waitFor();
    await list.getByText('Working').waitFor();
    await page.locator('[data-tool=Bash][data-state=failed]').waitFor();
    await take(page, 'approval-light.png');

    const phone = await look({ ...PHONE, colorScheme: 'dark' }, path);
    await phone.locator('[data-approval]').waitFor();
    await take(phone, 'approval-phone.png');
    const dark = await look({ ...WIDE, colorScheme: 'dark' }, path);
    await dark.locator('[data-approval]').waitFor();
    await phone.getByRole('button', { name: 'Allow once' }).click();
    await dark.locator('[data-block=streaming]', { hasText: 'One thing to decide' }).waitFor();
    await dark.getByLabel('Message to the agent').fill('Reject it, with a RangeError and a test');
    await take(dark, 'streaming-dark.png');

    await page.locator('[data-turn=completed]').nth(1).waitFor();
    expect(readFileSync(join(folder, 'cart.js'), 'utf8')).toContain('return sum * (1 - discount);');
    const answer = page.locator('[data-block=done]').last();
    expect(await answer.locator('td strong').innerText()).toBe('45.00');
    await expect.poll(() => phone.locator('[data-block=done]').last().innerText()).toBe(await answer.innerText());
  });

  test('[WEB8] the pages around it: a new session, the list on a phone, usage, the palette', async () => {
    const fresh = await look({ ...WIDE, colorScheme: 'light' });
    await fresh.getByLabel('First message').fill('Add a gift card to the checkout, with tests');
    await fresh.getByRole('navigation', { name: 'Sessions' }).locator('[data-standing=waiting]').first().waitFor();
    await take(fresh, 'new-session-light.png');

    const phone = await look({ ...PHONE, colorScheme: 'light' });
    await phone.locator('[data-standing=working]').first().waitFor();
    await take(phone, 'sessions-phone.png');

    const dark = await look({ ...WIDE, colorScheme: 'dark' }, '/usage');
    await dark.getByText('7 days').click();
    await dark.locator('canvas').waitFor();
    expect(await dark.getByRole('region', { name: 'Project' }).innerText()).toMatch(/shop\s+2\s/);
    await take(dark, 'usage-dark.png');

    await fresh.keyboard.press('Control+k');
    await fresh.getByRole('option', { name: 'Usage' }).waitFor();
    await take(fresh, 'palette-light.png');
  });
});

/** Pictures are taken on demand only, so that a test run leaves the working tree as it was. */
async function take(page: Page, name: string): Promise<void> {
  if (!TAKES_PICTURES) return;
  await page.evaluate(async () => document.fonts.ready);
  await page.screenshot({ path: join(IMAGES, name), animations: 'disabled', caret: 'hide' });
}
