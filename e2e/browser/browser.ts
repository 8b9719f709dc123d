import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Debian's Chromium, with a new profile each time. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
}

/** One browser profile that looks at one server, and all that it asked for and complained about. */
export class Visitor {
  readonly context: BrowserContext;
  /** Every URL that any of its pages asked for, WebSockets too. */
  readonly requests: string[] = [];
  /** Errors on the console, uncaught errors, breaches of the content security policy. */
  readonly complaints: string[] = [];
  /** What pages asked with `alert` and the like, as a script in a text would. */
  readonly dialogs: string[] = [];

  private constructor(context: BrowserContext) {
    this.context = context;
    context.on('request', (request) => this.requests.push(request.url()));
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    context.on('weberror', (error) => this.complaints.push(error.error().message));
    context.on('page', (page) => {
      page.on('websocket', (socket) => this.requests.push(socket.url()));
      page.on('dialog', (dialog) => {
        this.dialogs.push(dialog.message());
        dialog.dismiss().catch((error: unknown) => this.complaints.push(String(error)));
      });
    });
  }

  static async come(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(20_000);
    return new Visitor(context);
  }

  /** Opens the link in a new tab. */
  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  /**
   * Closes its pages.
   * @throws when one of them asked anybody but the server, or ran a script that asks
   */
  async leave(serverUrl: string): Promise<void> {
    await this.context.close();
    const { host } = new URL(serverUrl);
    const strangers = this.requests.filter((url) => /^(https?|wss?):/.test(url) && new URL(url).host !== host);
    if (strangers.length > 0) throw new Error(`asked others than the server: ${strangers.join(' ')}`);
    if (this.dialogs.length > 0) throw new Error(`a page asked: ${this.dialogs.join(' ')}`);
  }
}

/** What axe has against the page as it stands, one line for each rule that is broken. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: () => Promise<AxeResults> } };
    return axe.run();
  });
  return results.violations.map(({ id, help, nodes }) => {
    const places = nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('\n    ');
    return `${id}: ${help}\n    ${places}`;
  });
}
