import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Place } from '../src/server-process.ts';
import { accessibilityFaults, launchBrowser, Visitor } from './browser.ts';
import { startDemo } from './demo-server.ts';
import type { DemoServer } from './demo-server.ts';

describe('the link of hearth demo', () => {
  let browser: Browser;
  let place: Place;
  let demo: DemoServer;

  beforeAll(async () => {
    place = new Place();
    [browser, demo] = await Promise.all([launchBrowser(), startDemo(place)]);
  });

  afterAll(async () => {
    await browser.close();
    await demo.stop();
    place.remove();
  });

  test('[WEB1] logs the browser in, once; a stranger is told how to get a link', async () => {
    const guest = await Visitor.come(browser);
    const before = await guest.open(demo.url);
    await before.getByRole('heading', { name: 'This browser is not logged in' }).waitFor();
    expect(await before.getByLabel('Command').innerText()).toBe('$ hearth link');
    expect(await accessibilityFaults(before)).toEqual([]);

    const owner = await Visitor.come(browser);
    const page = await owner.open(demo.link);
    await page.getByRole('heading', { name: 'What shall we work on?' }).waitFor();
    expect(page.url()).toBe(`${demo.url}/`);
    expect(await accessibilityFaults(page)).toEqual([]);

    const late = await guest.open(demo.link);
    await late.getByText('This link does not work any more').waitFor();
    await guest.leave(demo.url);
    await owner.leave(demo.url);
  });

  test('[WEB2] a session opened in the browser is answered by the real binary, and a reload keeps it', async () => {
    const visitor = await Visitor.come(browser);
    const link = await newLink(demo, place);
    const page = await visitor.open(link);
    await page.getByLabel('First message').fill('[[say Hello from the **demo**.]]');
    await page.getByLabel('First message').press('Enter');
    await page.locator('[data-turn=completed]').waitFor();
    expect(await page.locator('[data-block=done]').innerText()).toContain('Hello from the demo.');
    expect(await page.locator('[data-block=done] strong').innerText()).toBe('demo');
    expect(await page.locator('[data-facts=turn]').innerText()).toMatch(/\d s · \$0\.\d+ · .* tokens in, \d+ out/);
    expect(page.url()).toMatch(/\/sessions\/[\w-]+$/);

    await page.reload();
    await page.locator('[data-turn=completed]').waitFor();
    expect(await page.locator('[data-block=done]').innerText()).toContain('Hello from the demo.');
    expect(await page.getByRole('navigation', { name: 'Sessions' }).locator('[data-row][href]').count()).toBe(1);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(visitor.complaints).toEqual([]);
    await visitor.leave(demo.url);
  });
});

async function newLink({ url }: DemoServer, { data }: Place): Promise<string> {
  const token = readFileSync(join(data, 'token'), 'utf8').trim();
  const response = await fetch(`${url}/v1/login-links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  const link = (await response.json()) as { url: string };
  return link.url;
}
