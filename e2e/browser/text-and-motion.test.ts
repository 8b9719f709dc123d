import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Visitor } from './browser.ts';
import { openHouse } from './house.ts';
import type { House } from './house.ts';

describe('how a conversation reads and moves', () => {
  let browser: House['browser'];
  let server: House['server'];
  let login: House['login'];
  let visitor: Visitor;

  beforeAll(async () => {
    ({ browser, server, login } = await openHouse());
  });

  afterEach(async () => {
    await visitor.leave(server.url);
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  async function open(options: Parameters<typeof Visitor.come>[1] = {}): Promise<{ page: Page; sessionId: string }> {
    visitor = await Visitor.come(browser, { storageState: login, ...options });
    const { id } = await server.session();
    const page = await visitor.open(`${server.url}/sessions/${id}`);
    await page.getByLabel('Message', { exact: true }).waitFor();
    return { page, sessionId: id };
  }

  test('[WEB22] each paragraph runs the way of its own letters, and code always from left to right', async () => {
    const { page, sessionId } = await open();
    const answer = ['שלום, זהו הקוד:', '```js', 'const sum = a + b; // שלום', '```', 'And in English.', '- פריט ראשון'];
    await server.send(sessionId, `[[say ${answer.join('\n\n')}]]`);
    await page.locator('[data-turn=completed]').waitFor();
    const block = page.locator('[data-block=done]');
    const direction = (text: string): Promise<string> =>
      block
        .getByText(text, { exact: false })
        .first()
        .evaluate((element) => getComputedStyle(element).direction);
    expect(await direction('זהו הקוד')).toBe('rtl');
    expect(await direction('And in English')).toBe('ltr');
    expect(await direction('פריט ראשון')).toBe('rtl');
    const code = block.locator('pre').first();
    expect(await code.evaluate((element) => getComputedStyle(element).direction)).toBe('ltr');
    // What begins a line stands where the line begins: on the right of the Hebrew paragraph, on the left of the English one.
    const sides = await block.locator('p').evaluateAll((paragraphs) =>
      paragraphs.map((paragraph) => {
        const box = paragraph.getBoundingClientRect();
        const range = document.createRange();
        range.selectNodeContents(paragraph);
        const text = range.getBoundingClientRect();
        return text.left - box.left < box.right - text.right ? 'left' : 'right';
      }),
    );
    expect(sides.slice(0, 2)).toEqual(['right', 'left']);
    const asked = page.locator('[data-message]').getByText('זהו הקוד', { exact: false });
    expect(await asked.evaluate((element) => element.closest('[dir]')?.getAttribute('dir'))).toBe('auto');
  });

  test('[WEB7] on a phone a wide table is scrolled, and none of its words is cut', async () => {
    const { page, sessionId } = await open({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    const row = `|${'Considerable `identifier`|'.repeat(8)}`;
    const link = `|https://example.org/${'x'.repeat(200)}${'|a'.repeat(7)}|`;
    await server.send(sessionId, `[[say ${[row, `|${'-|'.repeat(8)}`, row, link].join('\n')}]]`);
    const table = page.locator('[data-block=done]').getByRole('region', { name: 'Table' });
    await table.locator('td').last().waitFor();
    const cut = await table.locator('tr:first-child td:first-child, td code').evaluateAll((places) =>
      places.filter((place) => {
        const range = document.createRange();
        range.setStart(place.firstChild ?? place, 0);
        range.setEnd(place.firstChild ?? place, 10);
        return range.getClientRects().length > 1;
      }),
    );
    expect(cut).toHaveLength(0);
    const widths = await table.evaluate((region) => [region.clientWidth, region.scrollWidth]);
    expect(widths[1]).toBeGreaterThan(widths[0] ?? 0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  test('[WEB25] code gets its colours beside the page, and is there to read without them', async () => {
    const { page, sessionId } = await open({ serviceWorkers: 'block' });
    const answer = ['```ts', 'const total = 1; // cents', '```'];
    await server.send(sessionId, `[[say ${answer.join('\n')}]]`);
    const code = page.locator('[data-block=done] pre code');
    await code.getByText('// cents', { exact: true }).waitFor();
    expect(await code.textContent()).toBe('const total = 1; // cents');
    const coloured = (word: string): Promise<string> =>
      code.getByText(word, { exact: true }).evaluate((element) => getComputedStyle(element).color);
    expect(await coloured('// cents')).not.toBe(await coloured('const'));
    expect(page.workers()).toHaveLength(1);
    const loaded = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name.replace(/^.*\//, '')),
    );
    expect(loaded.filter((name) => name.startsWith('typescript'))).toEqual([]);

    // A worker that cannot be fetched.
    await visitor.context.route(/highlight-worker/, async (route) => route.abort());
    const failed = page.waitForEvent('requestfailed');
    await page.reload();
    await failed;
    await code.waitFor();
    expect(await code.textContent()).toBe('const total = 1; // cents');
    expect(await code.locator('span').count()).toBe(0);
  });

  test('[WEB23] nothing moves by itself for who asked for less motion', async () => {
    const moving = (page: Page): Promise<number> =>
      page.evaluate(
        () =>
          document.getAnimations().filter(({ effect }) => {
            const { activeDuration = 0 } = effect?.getComputedTiming() ?? {};
            return Number(activeDuration) > 100;
          }).length,
      );
    const lively = await open();
    await server.send(lively.sessionId, '[[tool Bash {"command":"sleep 2","description":"Wait"}]] [[tokens 30 20]]');
    await lively.page.locator('[data-tool=Bash]').waitFor();
    await expect.poll(() => moving(lively.page)).toBeGreaterThan(0);
    await visitor.leave(server.url);

    const calm = await open({ reducedMotion: 'reduce' });
    await server.send(calm.sessionId, '[[tool Bash {"command":"sleep 2","description":"Wait"}]] [[tokens 30 20]]');
    await calm.page.locator('[data-tool=Bash]').waitFor();
    for (let look = 0; look < 10; look += 1) {
      expect(await moving(calm.page)).toBe(0);
      await calm.page.waitForTimeout(50);
    }
    await calm.page.locator('[data-turn=completed]').waitFor();
  });

  test('[WEB24] while an answer streams nothing that is read is shifted', async () => {
    const { page, sessionId } = await open();
    await server.send(sessionId, '[[say What was said before]]');
    await page.locator('[data-turn=completed]').waitFor();
    await page.evaluate(() => {
      const seen = window as unknown as { shifts: number[] };
      seen.shifts = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) seen.shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: 'layout-shift' });
    });
    await server.send(sessionId, '[[say # A title and a text of some words]] [[tokens 60 5]]');
    await page.locator('[data-turn=completed]').nth(1).waitFor();
    const shifted = (): Promise<number> =>
      page.evaluate(() => (window as unknown as { shifts: number[] }).shifts.reduce((sum, shift) => sum + shift, 0));
    expect(await shifted()).toBeLessThan(0.01);

    // What is put above does shift it, and is noticed.
    await page.locator('[data-rows]').evaluate((rows) => {
      const above = document.createElement('div');
      above.style.height = '120px';
      rows.before(above);
    });
    await expect.poll(shifted).toBeGreaterThan(0.01);
  });

  test('[WEB5] a page that comes back says that it is catching up until it has what it missed', async () => {
    visitor = await Visitor.come(browser, { storageState: login });
    let held: (() => void)[] | null = null;
    let cut = (): Promise<void> => Promise.resolve();
    await visitor.context.routeWebSocket(/^ws/, (socket) => {
      const upstream = socket.connectToServer();
      upstream.onMessage((frame) => {
        if (held !== null && String(frame).includes('"method":"event"')) held.push(() => socket.send(frame));
        else socket.send(frame);
      });
      cut = () => socket.close({ code: 4000 });
    });
    const { id } = await server.session();
    const page = await visitor.open(`${server.url}/sessions/${id}`);
    await server.send(id, '[[say before]]');
    await page.locator('[data-turn=completed]').waitFor();
    const isBehind = page.locator('[data-catching-up=true]');
    expect(await isBehind.count()).toBe(0);

    held = [];
    await cut();
    await server.send(id, '[[say missed]]');
    await isBehind.getByText('Catching up', { exact: false }).waitFor();
    expect(await page.getByText('missed', { exact: true }).count()).toBe(0);
    const late: (() => void)[] = held;
    held = null;
    for (const deliver of late) deliver();
    await isBehind.waitFor({ state: 'detached' });
    await page.locator('[data-block=done]', { hasText: 'missed' }).waitFor();
  });
});
