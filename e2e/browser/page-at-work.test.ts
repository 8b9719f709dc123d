import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session, SessionCreate } from '@hearth/protocol';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessibilityFaults, Visitor } from './browser.ts';
import { openHouse } from './house.ts';
import type { House } from './house.ts';

/** One red pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

describe('what one does with a conversation in the browser', () => {
  let browser: House['browser'];
  let server: House['server'];
  let login: House['login'];
  let visitor: Visitor;

  beforeAll(async () => {
    ({ browser, server, login } = await openHouse());
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

  async function openSession(params?: SessionCreate): Promise<{ page: Page; session: Session }> {
    const session = await server.session(params);
    return { session, page: await openTab(visitor, session) };
  }

  async function openTab(by: Visitor, session: Session): Promise<Page> {
    const page = await by.open(`${server.url}/sessions/${session.id}`);
    await composer(page).waitFor();
    return page;
  }

  test('[WEB5] an approval is answered from a second browser, and the first shows it at once', async () => {
    const { page, session } = await openSession();
    const other = await Visitor.come(browser);
    await other.open(await server.link());
    const second = await openTab(other, session);
    await say(page, '[[tool Bash {"command":"touch from-elsewhere.txt"}]]');
    await page.locator('[data-approval]').waitFor();
    await second.locator('[data-approval]').getByRole('button', { name: 'Allow once' }).click();
    await page.locator('[data-approval]').waitFor({ state: 'detached' });
    await page.locator('[data-tool=Bash][data-state=done]').waitFor();
    expect(existsSync(join(server.place.workspace, 'from-elsewhere.txt'))).toBe(true);
    await other.leave(server.url);
  });

  test('[WEB16] an approval spells its rule out, is changed before it is allowed, and answered from the keyboard', async () => {
    const { page } = await openSession();
    await say(page, '[[tool Bash {"command":"touch asked.txt"}]]');
    const card = page.locator('[data-approval]');
    await card.waitFor();
    expect(await card.locator('[data-rules]').innerText()).toMatch(
      /For this session means:\s+Bash\(touch.*not asked again/,
    );
    await page.keyboard.press('Alt+e');
    await card.getByRole('textbox').fill('touch changed.txt');
    await card.getByRole('button', { name: 'Allow what I changed' }).click();
    await page.locator('[data-turn=completed]').waitFor();
    expect(existsSync(join(server.place.workspace, 'asked.txt'))).toBe(false);
    expect(existsSync(join(server.place.workspace, 'changed.txt'))).toBe(true);

    await say(page, '[[tool Bash {"command":"touch by-key.txt"}]]');
    await card.waitFor();
    await composer(page).focus();
    await page.keyboard.press('Alt+y');
    await page.locator('[data-turn=completed]').nth(1).waitFor();
    expect(existsSync(join(server.place.workspace, 'by-key.txt'))).toBe(true);

    await say(page, '[[tool Bash {"command":"touch refused.txt"}]]');
    await card.waitFor();
    await page.keyboard.press('Alt+n');
    await page.keyboard.type('not by key');
    await page.keyboard.press('Enter');
    await page.getByText('You said no: not by key').waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB17] the queue is put in order by keyboard and by drag, and everybody sees the order', async () => {
    const { page, session } = await openSession();
    await say(page, '[[tokens 3000 20]]');
    await page.locator('[data-block=streaming]').waitFor();
    for (const text of ['[[say one]]', '[[say two]]', '[[say three]]']) {
      await page.getByText('Queue', { exact: true }).click();
      await say(page, text);
      await page.locator('[data-queued=later]', { hasText: text }).waitFor();
    }
    const order = async (): Promise<string[]> =>
      (await page.locator('[data-queued]').allInnerTexts()).map((text) => /say (\w+)/.exec(text)?.[1] ?? '');
    expect(await order()).toEqual(['one', 'two', 'three']);
    await page.locator('[data-queued]').nth(2).getByRole('button', { name: 'Edit the queued message' }).focus();
    await page.keyboard.press('Alt+ArrowUp');
    await expect.poll(order).toEqual(['one', 'three', 'two']);
    await page
      .locator('[data-queued]')
      .nth(0)
      .dragTo(page.locator('[data-queued]').nth(2), { targetPosition: { x: 100, y: 40 } });
    await expect.poll(order).toEqual(['three', 'two', 'one']);
    expect(await accessibilityFaults(page)).toEqual([]);
    const { queue } = await server.call<Session>(`/v1/sessions/${session.id}`);
    expect(queue.map(({ content }) => content)).toEqual(['[[say three]]', '[[say two]]', '[[say one]]']);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('[data-turn=completed]').nth(2).waitFor();
  });

  test('[WEB17] what was said comes back with the arrow, and a pasted image goes to the model', async () => {
    const { page } = await openSession();
    await say(page, '[[say first]]');
    await page.locator('[data-turn=completed]').waitFor();
    await composer(page).press('ArrowUp');
    expect(await composer(page).inputValue()).toBe('[[say first]]');
    await composer(page).press('ArrowDown');
    expect(await composer(page).inputValue()).toBe('');
    await composer(page).evaluate((box, data) => {
      const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], 'pixel.png', { type: 'image/png' }));
      transfer.items.add(new File(['text'], 'notes.txt', { type: 'text/plain' }));
      box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
    }, PIXEL);
    await page.locator('[data-attachment="pixel.png"]').waitFor();
    await page.getByText('notes.txt is no PNG, JPEG, GIF or WebP image.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await say(page, '[[say seen]]');
    await page.locator('[data-turn=completed]').nth(1).waitFor();
    expect(await page.locator('[data-attachment]').count()).toBe(0);
    expect(await page.locator('[data-message] img').count()).toBe(1);
    expect(JSON.stringify(server.api.requests.at(-1)?.body?.messages)).toContain('"media_type":"image/png"');
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB17] commands of the agent and files of the workspace are suggested and put in by key', async () => {
    writeFileSync(join(server.place.workspace, 'wanted-file.ts'), '');
    const { page } = await openSession();
    await say(page, '[[say ready]]');
    await page.locator('[data-turn=completed]').waitFor();
    await composer(page).pressSequentially('/comp');
    await page.getByRole('option', { name: /\/compact/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await composer(page).press('Escape');
    await composer(page).fill('');
    await composer(page).pressSequentially('look at @wanted');
    await page.getByRole('option', { name: 'wanted-file.ts' }).waitFor();
    await composer(page).press('Enter');
    expect(await composer(page).inputValue()).toBe('look at @wanted-file.ts ');
    expect(await page.getByRole('listbox').count()).toBe(0);
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB18] an earlier message is put differently in a new session, and a turn is taken back', async () => {
    const { page, session } = await openSession();
    for (const text of ['[[say alpha]]', '[[say beta]]']) {
      await say(page, text);
      await page
        .locator('[data-turn=completed]')
        .nth(text.includes('beta') ? 1 : 0)
        .waitFor();
    }
    await page.getByRole('button', { name: 'Go back to before this message' }).nth(1).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('One turn is taken back').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Go back' }).click();
    await page.locator('[data-note=rewound]').waitFor();
    expect(await page.getByText('beta', { exact: true }).count()).toBe(0);
    expect(await composer(page).inputValue()).toBe('[[say beta]]');

    await page.getByRole('button', { name: 'Say it differently, in a new session' }).first().click();
    await page.getByLabel('The message in other words').fill('[[say gamma]]');
    await page.getByRole('button', { name: 'Send in a new session' }).click();
    await page.getByText('gamma', { exact: true }).waitFor();
    expect(page.url()).not.toContain(session.id);
    await page.getByRole('link', { name: 'another session' }).click();
    await page.getByText('alpha', { exact: true }).waitFor();
  });

  test('[WEB18] an earlier message that is sent differently twice, before the first was answered, is one new session', async () => {
    const { page } = await openSession();
    await say(page, '[[say one]]');
    await page.locator('[data-turn=completed]').waitFor();
    await page.routeWebSocket(/\/v1\/ws$/, (socket) => {
      const upstream = socket.connectToServer();
      upstream.onMessage((message) => setTimeout(() => socket.send(message), 300));
    });
    await page.reload();
    await page.getByRole('button', { name: 'Say it differently, in a new session' }).click();
    const editor = page.getByLabel('The message in other words');
    await editor.fill('[[say two]]');
    const before = (await server.call<{ items: object[] }>('/v1/sessions')).items.length;
    await editor.press('Enter');
    await editor.press('Enter');
    await page.getByText('two', { exact: true }).waitFor();
    expect((await server.call<{ items: object[] }>('/v1/sessions')).items).toHaveLength(before + 1);
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB19] words are found in the whole conversation, also in folded tool calls', async () => {
    const { page } = await openSession({ allowedTools: ['Bash'] });
    await say(page, '[[tool Bash {"command":"echo needle-in-output"}]]');
    await page.locator('[data-turn=completed]').waitFor();
    await page.keyboard.press('Control+f');
    await page.getByLabel('Find in the conversation', { exact: true }).fill('NEEDLE-in');
    await page.getByText('found').waitFor();
    await page.keyboard.press('Enter');
    await page
      .getByRole('search')
      .getByText(/\d of \d/)
      .waitFor();
    expect(await page.evaluate(() => CSS.highlights.get('found')?.size ?? 0)).toBeGreaterThan(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('search').waitFor({ state: 'detached' });
  });

  test('[WEB6] a huge table, broken markdown and 5 MB of output break nothing', async () => {
    const { page } = await openSession({ allowedTools: ['Bash'] });
    // Without blanks, for the model says a word at a time.
    const row = `|${'<b>cell</b>|'.repeat(40)}`;
    const table = [row, `|${'-|'.repeat(40)}`, ...Array.from({ length: 300 }, () => row)].join('\n');
    const broken = '**never closed [link](http:// ```\n\n| a |\n\n> > > - 1. `\n\n[^1]: [x]: <a href=\n\n$$ \\begin{';
    server.api.setScript(({ isSideRequest, lastUserText }) =>
      isSideRequest || lastUserText !== 'be huge'
        ? undefined
        : { steps: [{ type: 'say', text: `${broken}\n\n${table}\n` }] },
    );
    await say(page, 'be huge');
    await page.locator('[data-turn=completed]').waitFor();
    server.api.setScript(undefined);
    expect(await page.locator('[data-block=done] b').count()).toBe(0);
    const big = join(server.place.workspace, 'big.txt');
    writeFileSync(big, 'a line of output\n'.repeat(320_000));
    await say(page, `[[tool Bash {"command":"cat big.txt"}]]`);
    await page.locator('[data-turn=completed]').nth(1).waitFor();
    await page.locator('[data-tool=Bash] summary').click();
    await page.locator('[data-tool=Bash] pre[aria-label=Output]').waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBe(0);
    await say(page, '[[say still here]]');
    await page.getByText('still here', { exact: true }).waitFor();
    expect(visitor.complaints).toEqual([]);
    expect(readFileSync(big).length).toBeGreaterThan(5_000_000);
  });

  test('[WEB5] the server dies in mid-stream: the page goes on by itself, and shows what the log holds', async () => {
    const { page, session } = await openSession();
    await say(page, '[[tokens 2000 20]]');
    await page.locator('[data-block=streaming]', { hasText: 'w40' }).waitFor();
    await server.crash();
    await page.locator('[data-connection=live]').waitFor({ state: 'attached' });
    await page.locator('[data-turn=interrupted]').waitFor();
    await page.locator('[data-block=partial]').waitFor();
    await expect.poll(() => shownTexts(page)).toEqual(await server.texts(session.id));
    expect((await shownTexts(page))[0]).toMatch(/^w0 w1 w2 /);
    await page.reload();
    await page.locator('[data-block=partial]').waitFor();
    await expect.poll(() => shownTexts(page)).toEqual(await server.texts(session.id));
    await say(page, '[[say back again]]');
    await page.getByText('back again', { exact: true }).waitFor();
  });
});

function composer(page: Page) {
  return page.getByLabel('Message to the agent');
}

async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

async function shownTexts(page: Page): Promise<string[]> {
  const texts = await page.locator('[data-block] .markdown').allInnerTexts();
  return texts.map((text) => text.trim());
}
