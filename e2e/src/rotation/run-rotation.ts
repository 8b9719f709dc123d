import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@hearth/client';
import type { Hearth } from '@hearth/client';
import type { Event } from '@hearth/protocol';
import type { MessagesApi } from '@hearth/testkit';
import { Seeded } from '../faults/seeded.ts';
import { Place, ServerProcess } from '../server-process.ts';
import { FailingProvider, KEYS } from './failing-provider.ts';
import type { Trouble } from './failing-provider.ts';

export interface RotationRun {
  seed: number;
  conversations: number;
  /** How often a call meets some trouble, from 0 to 1; default 0.35. */
  trouble?: number;
  /** Conversations at once; default 4. */
  parallel?: number;
  /** Told after each conversation. */
  onWhole?: (done: number) => void;
}

export interface RotationReport {
  turns: number;
  /** Requests that reached the model API. */
  calls: number;
  rotations: number;
  waits: number;
  met: ReadonlyMap<Trouble, number>;
  billedUsd: number;
  countedUsd: number;
}

const MODEL = 'claude-sonnet-4-5';
/** US dollars per million tokens of that model, from its price list. */
const PRICES = { input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 };
const TURNS = 3;
const TURN_TIMEOUT_MS = 180_000;

/**
 * Conversations over accounts that fail in every way, with the real server and the real agent. Each must come to its end whole, the
 * model must be sent each message of the user exactly once and in order, and what the server counts must be what was billed.
 * @throws Error that says what was broken
 */
export async function runRotation(run: RotationRun): Promise<RotationReport> {
  const provider = await FailingProvider.start({ seed: run.seed, trouble: run.trouble ?? 0.35 });
  const place = new Place();
  let server: ServerProcess | undefined;
  let client: Hearth | undefined;
  try {
    server = await ServerProcess.start(place, provider.api, {
      agent: 'claude',
      env: {
        HEARTH_MAX_RETRIES: '10',
        HEARTH_RETRY_DELAYS_MS: '100,200,400,400,400,400,400,400,400,400',
        HEARTH_OAUTH_TOKEN_URL: provider.tokens.url,
        HEARTH_RESET_WAIT_MS: '5m',
        HEARTH_MAX_PROCESSES: String((run.parallel ?? 4) + 1),
      },
    });
    const { baseUrl, token } = server.target('claude');
    client = connect({ url: baseUrl, token });
    await addAccounts(client, provider.api.url);
    return await converse(client, provider, run);
  } finally {
    client?.close();
    await server?.stop();
    await provider.close();
    place.remove();
  }
}

async function addAccounts(client: Hearth, baseUrl: string): Promise<void> {
  const [apiKey, login, token] = KEYS;
  await client.accounts.create({ kind: 'api_key', apiKey, baseUrl, priority: 1 });
  const tokens = { accessToken: `${login}-0`, refreshToken: 'refresh-1' };
  await client.accounts.create({ kind: 'oauth', ...tokens, baseUrl, priority: 2 });
  await client.accounts.create({ kind: 'gateway', token, baseUrl, priority: 3 });
}

async function converse(client: Hearth, provider: FailingProvider, run: RotationRun): Promise<RotationReport> {
  const logs: Event[][] = [];
  let next = 0;
  let over = false;
  const operator = mendBills(client, provider, () => over);
  const worker = async (): Promise<void> => {
    for (let index = next++; index < run.conversations; index = next++) {
      logs.push(await oneConversation(client, new Seeded(run.seed * 100_003 + index), index));
      run.onWhole?.(logs.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: run.parallel ?? 4 }, worker));
  } finally {
    over = true;
    await operator;
  }
  checkRequests(provider.api, run.conversations);
  const { total } = await client.usage({});
  const events = logs.flat();
  const count = (wanted: (event: Event) => boolean): number => events.filter(wanted).length;
  return {
    turns: count((event) => event.type === 'turn.completed'),
    calls: provider.api.requests.length,
    rotations: count((event) => event.type === 'account.selected' && event.reason === 'rotated'),
    waits: count((event) => event.type === 'retry.scheduled' && event.delayMs > 0),
    met: provider.met,
    billedUsd: billed(provider.api),
    countedUsd: total.costUsd,
  };
}

/** An account that is not paid for stays broken until somebody pays and says so. */
async function mendBills(client: Hearth, provider: FailingProvider, over: () => boolean): Promise<void> {
  while (!over()) {
    await sleep(1_500);
    if (!provider.pay()) continue;
    for (const { id, state } of await client.accounts.list()) if (state === 'broken') await client.accounts.reset(id);
  }
}

async function oneConversation(client: Hearth, random: Seeded, index: number): Promise<Event[]> {
  const session = await client.sessions.create({ agent: 'claude', model: MODEL, allowedTools: ['Bash'] });
  const name = `c${index}`;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const said = `${name}t${turn}`;
    const tool = random.chance(0.5) ? `[[tool Bash {"command":"echo ran-${said} | tee -a ${name}.txt"}]] ` : '';
    await session.send(`${tool}[[say done ${said} and well]]`);
    await settled(session, said);
  }
  const { items } = (await session.transcript('json')) as { items: Event[] };
  const ends = items.filter(
    ({ type }) => type === 'turn.completed' || type === 'turn.failed' || type === 'turn.interrupted',
  );
  const bad = ends.filter(({ type }) => type !== 'turn.completed');
  if (ends.length !== TURNS || bad.length > 0) {
    throw new Error(`${name} has ${ends.length} ends of turns, and these are not whole: ${JSON.stringify(bad)}`);
  }
  checkAnswers(items, name);
  return items;
}

async function settled(session: { get(): Promise<{ phase: string; queue: unknown[] }> }, said: string): Promise<void> {
  const end = Date.now() + TURN_TIMEOUT_MS;
  while (Date.now() < end) {
    await sleep(150);
    const { phase, queue } = await session.get();
    if (phase === 'idle' && queue.length === 0) return;
  }
  throw new Error(`the turn ${said} does not come to its end`);
}

/** Each turn says its words once, and each tool of it ran once. */
function checkAnswers(items: readonly Event[], name: string): void {
  for (let turn = 0; turn < TURNS; turn += 1) {
    const whole = items.flatMap((event) =>
      event.type === 'block.completed' && event.partial !== true ? [event.text] : [],
    );
    const words = `done ${name}t${turn} and well`;
    const times = whole.filter((text) => text.includes(words)).length;
    if (times !== 1) throw new Error(`${name} says “${words}” ${times} times: ${JSON.stringify(whole)}`);
  }
  const outputs = items.flatMap((event) => (event.type === 'tool.completed' ? [JSON.stringify(event.output)] : []));
  const calls = items.filter((event) => event.type === 'tool.called').length;
  if (outputs.length !== calls || outputs.some((output) => !output.includes('ran-'))) {
    throw new Error(`${name} has ${calls} calls of tools and these results: ${outputs.join()}`);
  }
}

/** Every request has the messages of its conversation up to the present one: each once, in order, and none of another. */
function checkRequests(api: MessagesApi, conversations: number): void {
  const heard = new Set<string>();
  for (const { userTexts, isSideRequest, number } of api.requests) {
    if (isSideRequest) continue;
    const said = userTexts.flatMap((text) => /done (c\d+t\d+) and well/.exec(text)?.[1] ?? []);
    const name = said[0]?.split('t')[0] ?? '';
    const expected = said.map((_, turn) => `${name}t${turn}`);
    if (said.length !== userTexts.length || said.join() !== expected.join()) {
      throw new Error(`request ${number} has these messages of the user: ${JSON.stringify(userTexts)}`);
    }
    heard.add(name);
  }
  if (heard.size !== conversations)
    throw new Error(`only ${heard.size} of ${conversations} conversations reached the model`);
}

/** In US dollars, by the prices above and not by what the server knows. */
function billed(api: MessagesApi): number {
  const perMillion = api.bills.reduce((sum, { usage }) => {
    const { ephemeral_1h_input_tokens: hour = 0 } =
      (usage as { cache_creation?: { ephemeral_1h_input_tokens?: number } }).cache_creation ?? {};
    return (
      sum +
      usage.input_tokens * PRICES.input +
      usage.output_tokens * PRICES.output +
      usage.cache_read_input_tokens * PRICES.cacheRead +
      (usage.cache_creation_input_tokens - hour) * PRICES.cacheWrite5m +
      hour * PRICES.cacheWrite1h
    );
  }, 0);
  return perMillion / 1_000_000;
}
