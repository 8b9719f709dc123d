import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Session, SessionCreate } from '@hearth/protocol';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessibilityFaults, Visitor } from './browser.ts';
import { openHouse } from './house.ts';
import type { House } from './house.ts';

const SLOW_TOOL = '[[tool Bash {"command":"sleep 3; echo slept","description":"Wait a little"}]]';

describe('a conversation in the browser', () => {
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
    return { session, page: await openTab(session) };
  }

  async function openTab(session: Session): Promise<Page> {
    const page = await visitor.open(`${server.url}/sessions/${session.id}`);
    await composer(page).waitFor();
    return page;
  }

  test('[WEB3] a steering message is read in the running turn, a queued one waits and can be changed or taken back', async () => {
    const { page } = await openSession({ allowedTools: ['Bash'] });
    await say(page, SLOW_TOOL);
    await page.locator('[data-tool=Bash][data-state=running]').waitFor();

    await page.getByText('Queue', { exact: true }).click();
    await say(page, '[[say not wanted]]');
    await page.locator('[data-queued=later]').waitFor();
    await page.getByRole('button', { name: 'Cancel the queued message' }).click();
    await page.locator('[data-queued=later]').waitFor({ state: 'detached' });

    await page.getByText('Queue', { exact: true }).click();
    await say(page, '[[say draft]]');
    await page.getByRole('button', { name: 'Edit the queued message' }).click();
    await page.getByLabel('Queued message', { exact: true }).fill('[[say afterwards]]');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('[data-queued=later]', { hasText: '[[say afterwards]]' }).waitFor();

    await say(page, 'A hint on the way');
    await page.locator('[data-message=steer]', { hasText: 'A hint on the way' }).waitFor();
    await page.locator('[data-turn=completed]').nth(1).waitFor();
    const turns = page.locator('[data-turn]');
    expect(await turns.count()).toBe(2);
    expect(await page.locator('[data-message]').evaluateAll(kindsOfMessages)).toEqual(['turn', 'steer', 'turn']);
    await expect.poll(() => page.locator('[data-block]').last().innerText()).toContain('afterwards');
    expect(await page.getByText('not wanted').count()).toBe(0);
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB3] what is being changed in a queued message when the agent gets it goes into the composer', async () => {
    const { page } = await openSession();
    await say(page, '[[tokens 80 30]]');
    await page.getByText('w5', { exact: false }).waitFor();
    await page.getByText('Queue', { exact: true }).click();
    await say(page, '[[say as it was]]');
    await page.getByRole('button', { name: 'Edit the queued message' }).click();
    await page.getByLabel('Queued message', { exact: true }).fill('[[say better]]');
    await page.locator('[data-turn=completed]').nth(1).waitFor();
    await expect.poll(() => composer(page).inputValue()).toBe('[[say better]]');
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB3] a message that interrupts cuts the answer, whose part is kept and marked; stop does the same', async () => {
    const { page, session } = await openSession();
    await say(page, '[[tokens 400 20]]');
    await page.getByText('w5', { exact: false }).waitFor();
    await page.getByText('Interrupt', { exact: true }).click();
    await say(page, '[[say the new thing]]');
    await page.getByText('the new thing', { exact: true }).waitFor();
    expect(await page.locator('[data-block=partial]').innerText()).toMatch(/w0 w1 w2[\s\S]*interrupted/);
    expect(await page.locator('[data-turn=interrupted]').innerText()).toContain('Stopped for your next message');

    await say(page, '[[tokens 400 20]]');
    await page.locator('[data-block=streaming]').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('[data-turn=interrupted]').nth(1).waitFor();
    expect(await page.locator('[data-turn=interrupted]').nth(1).innerText()).toContain('Stopped by you');
    await expect.poll(() => shownTexts(page)).toEqual(await server.texts(session.id));
  });

  test('[WEB4] a tool is allowed, denied with a reason, and allowed for the whole session', async () => {
    const { page } = await openSession();
    await say(page, '[[tool Bash {"command":"touch allowed.txt"}]]');
    const card = page.locator('[data-approval]');
    await card.waitFor();
    expect(await card.getByLabel('Command').innerText()).toBe('$ touch allowed.txt');
    expect(await page.title()).toMatch(/^● /);
    expect(await accessibilityFaults(page)).toEqual([]);
    await card.getByRole('button', { name: 'Allow once' }).click();
    await page.locator('[data-tool=Bash][data-state=done]').waitFor();
    expect(existsSync(join(server.place.workspace, 'allowed.txt'))).toBe(true);

    await say(page, '[[tool Bash {"command":"touch denied.txt"}]]');
    await card.getByRole('button', { name: 'Deny' }).click();
    await card.getByRole('textbox').fill('not in this folder');
    await card.getByRole('button', { name: 'Deny' }).click();
    await page.locator('[data-tool=Bash][data-state=failed]').waitFor();
    await page.getByText('You said no: not in this folder').waitFor();
    expect(existsSync(join(server.place.workspace, 'denied.txt'))).toBe(false);

    await page.locator('[data-turn=completed]').nth(1).waitFor();
    await say(page, '[[tool Bash {"command":"touch always.txt"}]]');
    await card.getByRole('button', { name: 'Allow for this session' }).click();
    await page.locator('[data-turn=completed]').nth(2).waitFor();
    await say(page, '[[tool Bash {"command":"touch always.txt"}]]');
    await page.locator('[data-turn=completed]').nth(3).waitFor();
    expect(existsSync(join(server.place.workspace, 'always.txt'))).toBe(true);
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB4] questions are answered, also in own words, and a plan is sent back and approved', async () => {
    const { page } = await openSession({ permissionMode: 'plan' });
    const questions = {
      questions: [
        {
          question: 'Which database?',
          header: 'Storage',
          multiSelect: false,
          options: [
            { label: 'SQLite', description: 'One file' },
            { label: 'Postgres', description: 'A server' },
          ],
        },
        {
          question: 'Which checks?',
          header: 'Checks',
          multiSelect: true,
          options: [
            { label: 'Lint', description: 'Style' },
            { label: 'Types', description: 'Shapes' },
          ],
        },
      ],
    };
    await say(page, `[[tool AskUserQuestion ${JSON.stringify(questions)}]]`);
    const card = page.locator('[data-approval]');
    await card.getByText('SQLite').click();
    await card.getByText('Lint').click();
    await card.getByLabel('Which checks? In your own words').fill('a smoke test');
    expect(await accessibilityFaults(page)).toEqual([]);
    await card.getByRole('button', { name: 'Send the answers' }).click();
    await page.locator('[data-turn=completed]').waitFor();
    expect(server.api.requests.at(-1)?.rawBody).toSatisfy((body) =>
      /SQLite[\s\S]*Lint[\s\S]*a smoke test/.test(JSON.stringify(body)),
    );

    await say(page, `[[tool ExitPlanMode ${JSON.stringify({ plan: '# The plan\n\n1. Measure\n2. Cut' })}]]`);
    await card.getByRole('button', { name: 'Keep planning' }).click();
    await card.getByRole('textbox').fill('measure twice');
    await card.getByRole('button', { name: 'Keep planning' }).click();
    await page.getByText('You said no: measure twice').waitFor();
    await page.locator('[data-turn=completed]').nth(1).waitFor();
    await say(
      page,
      `[[tool ExitPlanMode ${JSON.stringify({ plan: '# The plan\n\n1. Measure\n2. Measure\n3. Cut' })}]]`,
    );
    await card.getByRole('heading', { name: 'The plan' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await card.getByRole('button', { name: 'Approve the plan' }).click();
    await page.locator('[data-turn=completed]').nth(2).waitFor();
    await page.getByText('You approved the plan.').waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB5] two tabs are in step, and any of them answers', async () => {
    const { page: first, session } = await openSession();
    const second = await openTab(session);
    await say(first, '[[think Let me see.]][[tool Bash {"command":"touch step.txt"}]]');
    await second.locator('[data-approval]').waitFor();
    await second.getByRole('button', { name: 'Allow once' }).click();
    await first.locator('[data-turn=completed]').waitFor();
    await first.locator('[data-approval]').waitFor({ state: 'detached' });
    await say(second, '[[tokens 120 10]]');
    await first.locator('[data-turn=completed]').nth(1).waitFor();
    await second.locator('[data-turn=completed]').nth(1).waitFor();
    const texts = await server.texts(session.id);
    await expect.poll(() => shownTexts(first)).toEqual(texts);
    await expect.poll(() => shownTexts(second)).toEqual(texts);
  });

  test('[WEB5] cut off in mid-stream, the page says so, comes back by itself, and shows what the log holds', async () => {
    const { page, session } = await openSession();
    await page.routeWebSocket(/\/v1\/ws$/, (socket) => {
      const upstream = socket.connectToServer();
      sockets.push({ cut: () => Promise.all([socket.close(), upstream.close()]) });
    });
    const sockets: { cut: () => Promise<unknown> }[] = [];
    await page.reload();
    await say(page, '[[tokens 250 20]]');
    await page.locator('[data-block=streaming]', { hasText: 'w20' }).waitFor();
    await visitor.context.setOffline(true);
    await sockets.at(-1)?.cut();
    await page.locator('[data-connection=offline]').getByText('No connection').waitFor();
    const before = await page.locator('[data-block]').innerText();
    await visitor.context.setOffline(false);
    await page.locator('[data-connection=live]').waitFor({ state: 'attached' });
    await page.locator('[data-turn=completed]').waitFor();
    expect(before).not.toContain('w249');
    await expect.poll(() => shownTexts(page)).toEqual(await server.texts(session.id));
  });

  test.each(['stays', 'is loaded again'])(
    '[WEB5] what is written while the connection is down is sent once when it is back, on a page that %s',
    async (how) => {
      const { page, session } = await openSession();
      const sockets: { cut: () => Promise<unknown> }[] = [];
      let isDown = false;
      await page.routeWebSocket(/\/v1\/ws$/, (socket) => {
        if (isDown) {
          void socket.close();
          return;
        }
        const upstream = socket.connectToServer();
        sockets.push({ cut: () => Promise.all([socket.close(), upstream.close()]) });
      });
      await page.reload();
      await composer(page).waitFor();
      isDown = true;
      await sockets.at(-1)?.cut();
      await page.locator('[data-connection=offline]').getByText('No connection').waitFor();
      await say(page, '[[say heard you]]');
      await page.locator('[data-outgoing=sending]').waitFor();
      if (how !== 'stays') await page.reload();
      isDown = false;
      await page.locator('[data-turn=completed]').waitFor();
      expect(await page.locator('[data-outgoing]').count()).toBe(0);
      expect(await page.locator('[data-message=turn]').count()).toBe(1);
      expect(await server.texts(session.id)).toEqual(['heard you']);
    },
  );

  test('[WEB26] what is being written outlives a reload, in a new session too, and needs no room in the browser', async () => {
    const { page } = await openSession({ title: 'Thoughts' });
    await composer(page).fill('half a thought');
    const other = await visitor.open(`${server.url}/new`);
    await other.getByLabel('First message').fill('another');
    await Promise.all([page.reload(), other.reload()]);
    await expect.poll(() => composer(page).inputValue()).toBe('half a thought');
    expect(await other.getByLabel('First message').inputValue()).toBe('another');
    await page.evaluate(() => {
      for (let size = 1024 * 1024; size >= 1; size /= 2) {
        try {
          for (let at = 0; ; at += 1) sessionStorage.setItem(`${size}-${at}`, 'x'.repeat(size));
        } catch {
          // Full, for pieces of this size.
        }
      }
    });
    await composer(page).fill('half a thought and its other half');
    await expect.poll(() => composer(page).inputValue()).toBe('half a thought and its other half');
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB6] hostile text of the model runs nothing, loads nothing and leads nowhere', async () => {
    const { page } = await openSession();
    const hostile = [
      '<script>alert(1)</script><img src=x onerror=alert(2)><iframe src="https://stranger.example/f"></iframe>',
      '![pixel](https://stranger.example/pixel.png) ![local](/v1/sessions)',
      '[click](javascript:alert(3)) [data](data:text/html,<script>alert(4)</script>) [file](src/main.ts)',
      '<style>body{display:none}</style><a href="javascript:alert(5)">raw</a>',
      '[good](https://good.example/page)',
      '| a | b |\n| - | - |\n| 1 | 2 |\n\n```html\n<script>alert(6)</script>\n```\n\n- [x] done',
    ].join('\n\n');
    server.api.setScript(({ isSideRequest, lastUserText }) =>
      isSideRequest || lastUserText !== 'be hostile' ? undefined : { steps: [{ type: 'say', text: hostile }] },
    );
    await say(page, 'be hostile');
    await page.locator('[data-turn=completed]').waitFor();
    server.api.setScript(undefined);
    const answer = page.locator('[data-block=done]');
    await answer.getByText('Image not loaded').first().waitFor();
    expect(await answer.locator('script, img, iframe, style, object, embed').count()).toBe(0);
    const links = await answer
      .locator('a')
      .evaluateAll((found) => found.map((link) => [link.getAttribute('href'), link.getAttribute('rel')]));
    const rel = 'noopener noreferrer nofollow';
    expect(links).toEqual([
      ['https://stranger.example/pixel.png', rel],
      ['https://good.example/page', rel],
    ]);
    for (const name of ['click', 'data', 'file', 'raw']) await answer.getByText(name, { exact: false }).first().click();
    expect(page.url()).toContain('/sessions/');
    expect(await page.locator('body').evaluate((body) => getComputedStyle(body).display)).not.toBe('none');
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(visitor.complaints).toEqual([]);

    await page.evaluate(() => {
      document.head.append(Object.assign(document.createElement('script'), { text: 'alert(7)' }));
    });
    await expect.poll(() => visitor.complaints.join()).toContain('Content Security Policy');
  });

  test('[WEB7] errors, retries and thinking are shown, in the dark and on a phone', async () => {
    await visitor.context.close();
    visitor = await Visitor.come(browser, {
      storageState: login,
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      hasTouch: true,
      isMobile: true,
    });
    const page = await visitor.open(server.url);
    await page.getByRole('link', { name: 'New session' }).click();
    await page.getByLabel('First message').fill('[[think Hm, let me see.]][[status 529 1]][[say There it is.]]');
    await page.getByRole('button', { name: 'Start the session' }).click();
    await page.locator('[data-retry]', { hasText: 'overloaded' }).waitFor();
    await page.locator('[data-turn=completed]').waitFor();
    expect(await page.locator('[data-retry]').count()).toBe(0);
    await page.getByText('Thought about it').click();
    await page.getByText('Hm, let me see.', { exact: true }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    await say(page, '[[status 400 1]]');
    await page.locator('[data-turn=failed]').getByRole('alert').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBe(0);

    await page.getByRole('link', { name: 'Back to the sessions' }).click();
    await page
      .getByRole('link', { name: /There it is/ })
      .first()
      .waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(visitor.complaints).toEqual([]);
  });

  test('[WEB7] a link to a session that is not there says so', async () => {
    const page = await visitor.open(`${server.url}/sessions/nowhere`);
    await page.getByRole('heading', { name: 'There is no such session' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Go to your sessions' }).click();
    await page.getByRole('heading', { name: 'What shall we work on?' }).waitFor();
  });
});

function kindsOfMessages(found: Element[]): (string | undefined)[] {
  return found.map((message) => (message as HTMLElement).dataset['message']);
}

function composer(page: Page) {
  return page.getByLabel('Message to the agent');
}

async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** The texts of the blocks on the page, as the markdown renderer shows plain words. */
async function shownTexts(page: Page): Promise<string[]> {
  const texts = await page.locator('[data-block] .markdown').allInnerTexts();
  return texts.map((text) => text.trim());
}
