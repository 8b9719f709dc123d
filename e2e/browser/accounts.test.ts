import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reply } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessibilityFaults, Visitor } from './browser.ts';
import { openHouse } from './house.ts';
import type { House } from './house.ts';

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));

describe('accounts in the web UI', () => {
  let browser: House['browser'];
  let server: House['server'];
  let login: House['login'];
  let visitor: Visitor;

  beforeAll(async () => {
    ({ browser, server, login } = await openHouse());
  });

  beforeEach(async () => {
    const size = { viewport: { width: 1280, height: 832 }, deviceScaleFactor: 2 };
    visitor = await Visitor.come(browser, { storageState: login, ...size });
  });

  afterEach(async () => {
    await visitor.leave(server.url);
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test('[WEB21] an account is added, its limits are shown as they change, it is turned off, tried again and removed', async () => {
    const page = await visitor.open(`${server.url}/settings/accounts`);
    await page.getByText('No accounts').waitFor();
    await page.getByRole('button', { name: 'Add an account' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Name').fill('work');
    await form.getByLabel('API key', { exact: true }).fill('key-of-work');
    await form.getByLabel('Address').fill(server.api.url);
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'work' }) });
    await card.getByText('Ready').waitFor();
    expect(await card.innerText()).toContain('never used');
    expect(await page.content()).not.toContain('key-of-work');
    await server.call('/v1/accounts', {
      kind: 'gateway',
      label: 'spare',
      token: 't',
      baseUrl: server.api.url,
      priority: 200,
    });
    await page.getByRole('heading', { name: 'spare' }).waitFor();

    const soon = Math.ceil(Date.now() / 1000) + 3_600;
    const limits = (share: string) => ({
      'anthropic-ratelimit-unified-5h-utilization': share,
      'anthropic-ratelimit-unified-5h-reset': String(soon),
      'anthropic-ratelimit-unified-7d-utilization': '0.31',
      'anthropic-ratelimit-unified-7d-reset': String(soon + 400_000),
    });
    server.api.setScript(({ apiKey, isSideRequest }) => {
      if (isSideRequest || apiKey !== 'key-of-work') return undefined;
      const rejected = { 'anthropic-ratelimit-unified-status': 'rejected', ...limits('1') };
      return reply().status(429, { headers: rejected });
    });
    mkdirSync(join(server.place.workspace, 'shop'), { recursive: true });
    const { id } = await server.session({ cwd: join(server.place.workspace, 'shop') });
    await server.send(id, '[[say done]]');
    await card.getByText('Resting until').waitFor();
    expect(await card.getByRole('meter', { name: '5 hours: 100 % used' }).count()).toBe(1);
    expect(await card.getByRole('meter', { name: '7 days: 31 % used' }).count()).toBe(1);
    await expect.poll(() => server.texts(id)).toEqual(['done']);
    expect(await accessibilityFaults(page)).toEqual([]);
    if (process.env['UPDATE_SCREENSHOTS'] === '1') {
      await page.screenshot({ path: join(IMAGES, 'accounts-light.png'), animations: 'disabled', caret: 'hide' });
    }

    await card.getByRole('button', { name: 'Try it again' }).click();
    await card.getByText('Ready').waitFor();
    await card.getByRole('switch', { name: 'Use work' }).click();
    await card.getByText('Off', { exact: true }).waitFor();
    await card.getByRole('button', { name: 'Remove work' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await card.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'spare' }).waitFor();
  });
});
