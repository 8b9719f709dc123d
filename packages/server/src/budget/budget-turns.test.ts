import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event, EventOf, EventType, LastTurn, SessionCreate } from '@hearth/protocol';
import { reply, startMessagesApi } from '@hearth/testkit';
import type { MessagesApi } from '@hearth/testkit';
import { createHearth } from '../main.ts';
import type { Hearth, HearthOptions } from '../main.ts';

const NOTHING = { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
/** Of Sonnet 4.5, whose output costs 15 dollars for a million tokens. */
const TEN_CENTS = { ...NOTHING, input_tokens: 0, output_tokens: 6_667 };
const ANN = { id: 'owner', label: 'ann' };

let folder: string;
let api: MessagesApi;
let hearth: Hearth;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-budget-'));
  for (const name of ['home', 'config', 'work', 'tmp']) mkdirSync(join(folder, name));
  api = await startMessagesApi();
  api.setScript(({ isSideRequest }) => (isSideRequest ? undefined : reply().text('ok').billed(TEN_CENTS)));
});
afterEach(async () => {
  await hearth.close(0);
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: HearthOptions = {}): Promise<void> {
  hearth = await createHearth({
    dataDir: join(folder, 'data'),
    workspace: [join(folder, 'work')],
    ...options,
    agentEnv: {
      PATH: process.env['PATH'],
      HOME: join(folder, 'home'),
      TMPDIR: join(folder, 'tmp'),
      CLAUDE_CONFIG_DIR: join(folder, 'config'),
      ANTHROPIC_API_KEY: 'sk-made-up',
      ANTHROPIC_BASE_URL: api.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_AUTOUPDATER: '1',
    },
  });
}

async function open(params: SessionCreate = {}): Promise<string> {
  return (await hearth.sessions.create(ANN, { model: 'claude-sonnet-4-5', agent: 'claude', ...params })).id;
}

async function turn(sessionId: string, content: string, principal = ANN): Promise<LastTurn> {
  const before = (await hearth.sessions.get(sessionId)).lastTurn?.seq ?? 0;
  await hearth.sessions.send(principal, sessionId, { content });
  await expect
    .poll(async () => (await hearth.sessions.get(sessionId)).lastTurn?.seq ?? 0, { timeout: 60_000 })
    .toBeGreaterThan(before);
  await expect.poll(async () => (await hearth.sessions.get(sessionId)).phase).toBe('idle');
  const { lastTurn } = await hearth.sessions.get(sessionId);
  if (lastTurn === undefined) throw new Error('no turn');
  return lastTurn;
}

async function events<Type extends EventType>(sessionId: string, type: Type): Promise<EventOf<Type>[]> {
  const { items } = await hearth.sessions.events(sessionId, 0, 1_000);
  return items.filter((event: Event): event is EventOf<Type> => event.type === type);
}

const nears = async (sessionId: string) =>
  (await events(sessionId, 'notice')).filter(({ code }) => code === 'budget_near').map(({ text }) => text);

describe('budgets over the real binary', () => {
  test('[BUD2] of a session holds over processes and restarts, is told of before its end, and can be raised', async () => {
    await start();
    const id = await open({ maxBudgetUsd: 0.25 });
    expect((await turn(id, 'one')).outcome).toBe('completed');
    expect(await nears(id)).toEqual([]);
    await hearth.close(0);
    await start();
    expect((await turn(id, 'two')).outcome).toBe('completed');
    expect(await nears(id)).toEqual(['80 % of the budget of this session are spent: $0.20 of $0.25.']);
    expect((await turn(id, 'three')).outcome).toBe('completed');

    const asked = api.requests.length;
    const refused = await turn(id, 'four');
    expect(refused).toMatchObject({ outcome: 'failed', error: { code: 'budget_exceeded' } });
    expect(api.requests).toHaveLength(asked);
    const [last] = await events(id, 'turn.failed');
    expect(last?.error).toMatchObject({ code: 'budget_exceeded', retryable: false });
    expect(last?.error.hint).toContain('maxBudgetUsd');
    expect(last?.error.message).toContain('of $0.25');

    await hearth.sessions.update(id, { maxBudgetUsd: 5 });
    expect((await turn(id, 'five')).outcome).toBe('completed');
    expect(api.requests.at(-1)?.userTexts.join(' ')).toContain('four');
    expect(await nears(id)).toHaveLength(1);
  });

  test('[BUD2] of a turn ends it between two calls of the model', async () => {
    api.setScript(({ isSideRequest }) =>
      isSideRequest ? undefined : reply().text('more').tool('Bash', { command: 'echo more' }).billed(TEN_CENTS),
    );
    await start({ maxTurnUsd: 0.25 });
    const id = await open({ allowedTools: ['Bash'] });

    expect(await turn(id, 'for ever')).toMatchObject({ outcome: 'failed', error: { code: 'budget_exceeded' } });
    const [end] = await events(id, 'turn.failed');
    expect(end?.costUsd).toBeGreaterThan(0.25);
    expect(end?.costUsd).toBeLessThan(0.5);
    expect(await nears(id)).toHaveLength(1);
    api.setScript(undefined);
    expect((await turn(id, '[[say again]]')).outcome).toBe('completed');
  });

  test('[BUD4] of a day is one for all sessions of a user, also after a restart, and listed', async () => {
    await start({ maxUserUsdPerDay: 0.15 });
    const first = await open();
    await turn(first, 'one');
    await hearth.close(0);
    await start({ maxUserUsdPerDay: 0.15 });
    const second = await open();
    expect((await turn(second, 'two')).outcome).toBe('completed');

    expect(await turn(await open(), 'three')).toMatchObject({ error: { code: 'budget_exceeded' } });
    expect((await turn(await open(), 'four', { id: 'other', label: 'ben' })).outcome).toBe('completed');
    const { items } = await hearth.sessions.budgets();
    expect(
      items.map(({ scope, key, limitUsd, spentUsd }) => [scope, key, limitUsd, Math.round(spentUsd * 10)]),
    ).toEqual([
      ['user', 'ann', 0.15, 2],
      ['user', 'ben', 0.15, 1],
    ]);
  });
});
