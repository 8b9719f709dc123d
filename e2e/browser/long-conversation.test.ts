import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { loginLink, talkFor } from '../src/screen/long-conversation.ts';
import { framesOf, TRACE_CATEGORIES } from '../src/screen/trace.ts';
import { Place, scriptedApi, ServerProcess } from '../src/server-process.ts';
import { launchBrowser, Visitor } from './browser.ts';

const TURNS = 150;

let browser: Browser;
let place: Place;
let api: Awaited<ReturnType<typeof scriptedApi>>;
let server: ServerProcess;

beforeAll(async () => {
  place = new Place();
  api = await scriptedApi();
  [browser, server] = await Promise.all([launchBrowser(), ServerProcess.start(place, api, { agent: 'scripted' })]);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
  await api.close();
  place.remove();
});

test('[WEB20] of a long conversation only what is near the view is on the page, and it stays where it is read', async () => {
  const session = await talkFor(server, TURNS);
  const visitor = await Visitor.come(browser);
  await visitor.open(await loginLink(server));
  const page = await visitor.open(`${server.url}/sessions/${session.id}`);
  await page.getByText(`Turn ${TURNS - 1}:`).waitFor();
  const rows = page.locator('[data-rows]');
  expect(Number(await rows.getAttribute('data-rows'))).toBe(TURNS * 3);
  expect(await rows.locator('> *').count()).toBeLessThan(80);

  // Somebody reads further up while an answer streams in: what is read does not move.
  const scroller = page.getByRole('region', { name: 'Conversation' });
  await scroller.hover();
  await page.mouse.wheel(0, -2_500);
  await page.getByRole('button', { name: 'To the newest' }).waitFor();
  await expect.poll(() => page.locator('[data-message]').count()).toBeGreaterThan(0);
  const topOf = (): Promise<number> =>
    page
      .locator('[data-message]')
      .first()
      .evaluate((element) => Math.round(element.getBoundingClientRect().top));
  let before = await topOf();
  await expect
    .poll(async () => {
      const last = before;
      before = await topOf();
      return before === last;
    })
    .toBe(true);
  await browser.startTracing(page, { categories: TRACE_CATEGORIES });
  const first = await page.locator('[data-message]').first().innerText();
  await fetch(`${server.url}/v1/sessions/${session.id}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.target('scripted').token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ content: '[[tokens 120 5]]' }),
  });
  await expect
    .poll(async () => Number(await rows.getAttribute('data-rows')), { timeout: 60_000 })
    .toBe((TURNS + 1) * 3);
  expect(await page.locator('[data-message]').first().innerText()).toBe(first);
  expect(await topOf()).toBe(before);
  expect(framesOf(await browser.stopTracing()).count).toBeGreaterThan(0);

  await page.getByRole('button', { name: 'To the newest' }).click();
  await page.locator('[data-block=done]', { hasText: 'w119' }).waitFor();
  expect((await page.locator('[data-block=done] .markdown').last().innerText()).trim()).toBe(
    Array.from({ length: 120 }, (_, index) => `w${index}`).join(' '),
  );
  await page.keyboard.press('Control+f');
  await page.getByLabel('Find in the conversation', { exact: true }).fill('Turn 3:');
  await page.getByLabel('Find in the conversation', { exact: true }).press('Enter');
  await page.getByText('Turn 3:', { exact: false }).waitFor();
  await visitor.leave(server.url);
});
