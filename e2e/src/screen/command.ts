import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { launchBrowser, Visitor } from '../../browser/browser.ts';
import { Place, scriptedApi, ServerProcess } from '../server-process.ts';
import { loginLink, talkFor } from './long-conversation.ts';
import { framesOf, TRACE_CATEGORIES } from './trace.ts';

const MESSAGES = 1_000;
const OPENED_TURNS = 2_000;

/**
 * `npm run screen`: how long the page takes to open a conversation of 2,000 turns, and what each picture costs while 2,000
 * tokens stream into one of 1,000 messages.
 */
export async function screenCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      tokens: { type: 'string', default: '2000' },
      'delay-ms': { type: 'string', default: '5' },
      trace: { type: 'string' },
    },
  });
  const place = new Place();
  const api = await scriptedApi();
  const server = await ServerProcess.start(place, api, { agent: 'scripted' });
  const browser = await launchBrowser();
  try {
    const visitor = await Visitor.come(browser);
    await visitor.open(await loginLink(server));
    const opened = await talkFor(server, OPENED_TURNS);
    for (let round = 1; round <= 3; round += 1) {
      const page = await visitor.context.newPage();
      await browser.startTracing(page, { categories: TRACE_CATEGORIES });
      const at = Date.now();
      await page.goto(`${server.url}/sessions/${opened.id}`);
      await page.getByText(`Turn ${OPENED_TURNS - 1}:`, { exact: false }).waitFor();
      const tookMs = Date.now() - at;
      const { workMs } = framesOf(await browser.stopTracing());
      const parts = await page.evaluate(() =>
        performance.getEntriesByType('mark').map(({ name, startTime }) => `${name} ${Math.round(startTime)}`),
      );
      say(
        `open ${OPENED_TURNS} turns, round ${round}: ${tookMs} ms from navigation to the newest turn, ${Math.round(workMs)} ms of work in the page (${parts.join(', ')})`,
      );
      await page.close();
    }
    const session = await talkFor(server, MESSAGES / 2);
    const page = await visitor.open(`${server.url}/sessions/${session.id}`);
    const box = page.getByLabel('Message to the agent');
    await box.waitFor();
    await browser.startTracing(page, { categories: TRACE_CATEGORIES });
    const at = Date.now();
    await box.fill(`[[tokens ${values.tokens} ${values['delay-ms']}]]`);
    await box.press('Enter');
    await page.getByText(`w${Number(values.tokens) - 1}`, { exact: false }).waitFor({ timeout: 120_000 });
    const tookMs = Date.now() - at;
    const trace = await browser.stopTracing();
    if (values.trace !== undefined) writeFileSync(values.trace, trace);
    const { count, medianMs, p95Ms, longestTaskMs, medianWallMs, longestTaskWallMs } = framesOf(trace);
    say(`${values.tokens} tokens streamed into ${MESSAGES} messages in ${tookMs} ms: ${count} frames`);
    say(`main thread per frame: median ${medianMs.toFixed(1)} ms, 95th percentile ${p95Ms.toFixed(1)} ms`);
    say(`longest task ${longestTaskMs.toFixed(1)} ms`);
    say(
      `by the clock: median ${medianWallMs.toFixed(1)} ms, longest task ${longestTaskWallMs.toFixed(1)} ms (load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores)`,
    );
    return medianMs < 16 && longestTaskMs < 100 ? 0 : 1;
  } finally {
    await browser.close();
    await server.stop();
    await api.close();
    place.remove();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
