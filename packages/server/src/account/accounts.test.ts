import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import type { AccountCreate } from '@hearth/protocol';
import { FakeClock } from '@hearth/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { silentLog } from '../telemetry/log.ts';
import { Accounts } from './accounts.ts';
import { SecretKeys } from './secret-keys.ts';

const KEY: AccountCreate = { kind: 'api_key', apiKey: 'sk-secret-1' };
const LOGIN: AccountCreate = {
  kind: 'oauth',
  accessToken: 'access-secret-1',
  refreshToken: 'refresh-secret-1',
  expiresAt: '2026-01-01T08:00:00+00:00',
};
const GATEWAY: AccountCreate = { kind: 'gateway', token: 'gateway-secret-1', baseUrl: 'https://gateway.example/v1' };
const MINUTE_MS = 60_000;

let dataDir: string;
let store: Store;
let clock: FakeClock;
let accounts: Accounts;
let ids: number;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'hearth-accounts-'));
  store = await openSqliteStore({ path: ':memory:' });
  clock = new FakeClock();
  ids = 0;
  accounts = await open();
});

afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true });
});

/** As another server on the same database does, or this one after a restart. */
function open(more: { keys?: SecretKeys; store?: Store['accounts'] } = {}): Promise<Accounts> {
  const newId = (): string => `account-${(ids += 1)}`;
  const keys = more.keys ?? new SecretKeys({ dataDir });
  return Accounts.open({
    store: more.store ?? store.accounts,
    keys,
    clock,
    newId,
    log: silentLog(),
    passphraseCostBits: 12,
  });
}

async function failure(attempt: Promise<unknown> | (() => unknown)): Promise<HearthError> {
  try {
    await (typeof attempt === 'function' ? attempt() : attempt);
  } catch (error) {
    if (error instanceof HearthError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('accounts', () => {
  test('[ACC1] come back as they were made, also after a restart', async () => {
    const key = await accounts.create(KEY);
    const login = await accounts.create({ ...LOGIN, label: 'mine', models: ['claude-opus-*'], enabled: false });
    const gateway = await accounts.create({ ...GATEWAY, priority: 5 });

    expect(key).toEqual({
      id: 'account-1',
      agent: 'claude',
      kind: 'api_key',
      label: 'API key',
      priority: 100,
      enabled: true,
      models: null,
      state: 'ready',
      windows: [],
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
    });
    expect(login).toMatchObject({ label: 'mine', models: ['claude-opus-*'], enabled: false, state: 'disabled' });
    expect(login).toMatchObject({ expiresAt: '2026-01-01T08:00:00.000Z', refreshable: true });
    expect(gateway).toMatchObject({ label: 'Gateway', priority: 5, baseUrl: 'https://gateway.example/v1' });
    expect(accounts.list()).toEqual([gateway, key, login]);
    expect((await open()).list()).toEqual([gateway, key, login]);
    expect((await open()).get(login.id)).toEqual(login);
    expect((await accounts.create(KEY)).label).toBe('API key 2');
  });

  test('[ACC1] can be removed, and what is gone is not found', async () => {
    const { id } = await accounts.create(KEY);
    expect(accounts.has('claude')).toBe(true);
    expect(accounts.has('scripted')).toBe(false);
    await accounts.update(id, { enabled: false });
    expect(accounts.has('claude')).toBe(false);

    await accounts.delete(id);

    expect(accounts.list()).toEqual([]);
    expect(accounts.has('claude')).toBe(false);
    expect((await open()).list()).toEqual([]);
    const gone = [
      () => accounts.get(id),
      accounts.delete(id),
      accounts.update(id, { label: 'x' }),
      accounts.reset(id),
      () => accounts.credentials(id),
      accounts.replaceTokens(id, 'a', { accessToken: 'b' }),
    ];
    for (const attempt of gone) expect((await failure(attempt)).code).toBe('not_found');
    accounts.record(id, (health) => ({ ...health, lastUsedAtMs: 1 }));
    await accounts.close();
  });

  test('[ACC4] their secrets are opened for use, and are nowhere in what is stored or shown', async () => {
    const made = [await accounts.create(KEY), await accounts.create(LOGIN), await accounts.create(GATEWAY)];

    expect(made.map(({ id }) => accounts.credentials(id))).toEqual([
      { kind: 'api_key', apiKey: 'sk-secret-1' },
      {
        kind: 'oauth',
        accessToken: 'access-secret-1',
        refreshToken: 'refresh-secret-1',
        expiresAtMs: Date.parse('2026-01-01T08:00:00Z'),
      },
      { kind: 'gateway', token: 'gateway-secret-1', baseUrl: 'https://gateway.example/v1' },
    ]);
    const told = JSON.stringify([accounts.list(), accounts.candidates('claude'), await store.accounts.list()]);
    expect(told).not.toMatch(/secret-1/);
  });

  test('[ACC4] one whose key is missing is broken and says so; the others work, and it does again with its key', async () => {
    const { id } = await accounts.create(KEY);
    const other = new SecretKeys({ dataDir, configured: 'ab'.repeat(32) });

    const without = await open({ keys: other });

    expect(without.get(id).state).toBe('broken');
    expect(without.get(id).problem).toMatchObject({ code: 'agent_unavailable', since: '2026-01-01T00:00:00.000Z' });
    expect(without.get(id).problem?.message).toMatch(/sealed with the key [\da-f]{8}, which is not here.*secret\.key/);
    expect(without.candidates('claude')[0]?.health.problem?.code).toBe('agent_unavailable');
    expect((await failure(() => without.credentials(id))).code).toBe('agent_unavailable');
    const fine = await without.create(KEY);
    expect(without.credentials(fine.id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-1' });
    expect((await open()).get(id).state).toBe('ready');
  });

  test('[ACC4] one whose key is missing works again with new secrets, and when its key is back', async () => {
    const made = [await accounts.create(KEY), await accounts.create(KEY)];
    const lost = new SecretKeys({ dataDir }).current();
    rmSync(join(dataDir, 'secret.key'));
    const without = await open();
    expect(without.list().map(({ state }) => state)).toEqual(['broken', 'broken']);

    await without.update(made[0]!.id, { apiKey: 'sk-secret-2' });
    expect(without.get(made[0]!.id).state).toBe('ready');
    const [current] = [new SecretKeys({ dataDir }).current()];
    const keys = [current, lost].map(({ bytes }) => `${bytes.toString('hex')}\n`).join('');
    writeFileSync(join(dataDir, 'secret.key'), keys, { mode: 0o600 });
    expect((await without.reset(made[1]!.id)).state).toBe('ready');
    expect(without.credentials(made[1]!.id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-1' });
  });

  test('[ACC9] new secrets are those of its kind, and replace all that it had', async () => {
    const { id } = await accounts.create(LOGIN);
    await clock.advance(MINUTE_MS);

    const updated = await accounts.update(id, { accessToken: 'access-secret-2', label: 'new' });

    expect(accounts.credentials(id)).toEqual({ kind: 'oauth', accessToken: 'access-secret-2' });
    expect(updated).toMatchObject({ label: 'new', refreshable: false, updatedAt: '2026-01-01T00:01:00.000Z' });
    expect(updated.expiresAt).toBeUndefined();
    const wrong = [{ apiKey: 'x' }, { token: 'x' }, { refreshToken: 'x' }, { expiresAt: '2026-01-01T00:00:00Z' }];
    for (const change of wrong) {
      const error = await failure(accounts.update(id, change));
      expect(error).toMatchObject({ code: 'invalid_request', issues: [{ path: Object.keys(change)[0] }] });
    }
    const gateway = await accounts.create(GATEWAY);
    expect((await failure(accounts.update(gateway.id, { baseUrl: null }))).issues).toMatchObject([{ path: 'baseUrl' }]);
    expect(await accounts.update(gateway.id, { baseUrl: 'http://127.0.0.1:9' })).toMatchObject({
      baseUrl: 'http://127.0.0.1:9',
    });
  });

  test('[ACC9] a change without secrets leaves them, and what it does not name', async () => {
    const { id } = await accounts.create({ ...KEY, baseUrl: 'https://eu.example', models: ['a', 'b*'] });

    const updated = await accounts.update(id, { priority: 3, enabled: false });

    expect(updated).toMatchObject({ priority: 3, enabled: false, models: ['a', 'b*'], baseUrl: 'https://eu.example' });
    expect(await accounts.update(id, { models: null, baseUrl: null })).toMatchObject({ models: null, priority: 3 });
    expect(accounts.credentials(id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-1' });
  });
});

describe('health', () => {
  test('[ACC8] shows at once, and is stored a moment later in one write', async () => {
    const { id } = await accounts.create(KEY);
    const now = clock.now();

    accounts.record(id, (health) => ({ ...health, lastUsedAtMs: now }));
    accounts.record(id, (health) => ({
      ...health,
      windows: { ...health.windows, five_hour: { utilization: 0.5, resetsAtMs: now + MINUTE_MS, seenAtMs: now } },
    }));
    accounts.record(id, (health) => ({
      ...health,
      cooldown: { untilMs: now + MINUTE_MS, code: 'rate_limited', window: 'five_hour' },
    }));

    expect(accounts.get(id)).toMatchObject({
      state: 'cooling',
      cooldown: { until: '2026-01-01T00:01:00.000Z', code: 'rate_limited', window: 'five_hour' },
      windows: [{ name: 'five_hour', utilization: 0.5, resetsAt: '2026-01-01T00:01:00.000Z' }],
      lastUsedAt: '2026-01-01T00:00:00.000Z',
    });
    expect((await store.accounts.get(id))?.version).toBe(1);
    await clock.advance(1000);
    await expect.poll(async () => (await store.accounts.get(id))?.version).toBe(2);
    expect(clock.pendingTimers).toBe(0);
    expect((await open()).get(id)).toEqual(accounts.get(id));
    await clock.advance(MINUTE_MS);
    expect(accounts.get(id).state).toBe('ready');
    expect(accounts.get(id).cooldown).toBeUndefined();
  });

  test('[ACC8] what is not written yet is written when the server ends', async () => {
    const { id } = await accounts.create(KEY);
    accounts.record(id, (health) => ({
      ...health,
      problem: { code: 'agent_unauthorized', message: 'no', sinceMs: 0 },
    }));

    await accounts.close();

    expect(clock.pendingTimers).toBe(0);
    expect((await open()).get(id)).toMatchObject({
      state: 'broken',
      problem: { code: 'agent_unauthorized', message: 'no', since: '1970-01-01T00:00:00.000Z' },
    });
  });

  test('[ACC8] a reset and new secrets make an account as new', async () => {
    const { id } = await accounts.create(KEY);
    const spoil = (): void =>
      accounts.record(id, () => ({
        problem: { code: 'agent_unauthorized', message: 'no', sinceMs: 0 },
        cooldown: { untilMs: clock.now() + MINUTE_MS, code: 'rate_limited' },
        windows: { weekly: { utilization: 1, seenAtMs: 0 } },
        lastUsedAtMs: 0,
      }));
    for (const mend of [() => accounts.reset(id), () => accounts.update(id, { apiKey: 'sk-secret-2' })]) {
      spoil();
      expect(accounts.get(id).state).toBe('broken');

      const mended = await mend();

      expect(mended).toMatchObject({ state: 'ready', windows: [], lastUsedAt: '1970-01-01T00:00:00.000Z' });
      expect(mended).not.toHaveProperty('problem');
      await accounts.close();
      expect((await open()).get(id)).toEqual(mended);
    }
    spoil();
    expect((await accounts.update(id, { label: 'still broken' })).state).toBe('broken');
  });

  test('[ACC8] a cooldown of one model leaves the account ready for others', async () => {
    const { id } = await accounts.create(KEY);

    accounts.record(id, (health) => ({
      ...health,
      cooldown: { untilMs: clock.now() + 1, code: 'rate_limited', model: 'claude-opus-4-1' },
    }));

    expect(accounts.get(id)).toMatchObject({ state: 'ready', cooldown: { model: 'claude-opus-4-1' } });
  });

  test('[ACC8] each change is told to those who watch, until they stop', async () => {
    const { id } = await accounts.create(KEY);
    const seen: string[] = [];
    const stop = accounts.watch(() =>
      seen.push(
        accounts
          .list()
          .map(({ label, state }) => `${label} ${state}`)
          .join(),
      ),
    );

    await accounts.update(id, { label: 'a' });
    accounts.record(id, (health) => ({ ...health, problem: { code: 'internal', message: 'x', sinceMs: 0 } }));
    await accounts.delete(id);
    stop();
    await accounts.create(KEY);

    expect(seen).toEqual(['a ready', 'a broken', '']);
  });
});

describe('two servers on one database', () => {
  test('[ACC2] a change that another one was quicker with is worked out again on what it left', async () => {
    const { id } = await accounts.create(KEY);
    const other = await open();
    accounts.record(id, (health) => ({ ...health, lastUsedAtMs: 7 }));
    await other.update(id, { label: 'from there', priority: 1 });
    other.record(id, (health) => ({ ...health, windows: { weekly: { utilization: 0.1, seenAtMs: 0 } } }));
    await other.close();

    await accounts.update(id, { label: 'from here' });

    expect(accounts.get(id)).toMatchObject({ label: 'from here', priority: 1, windows: [{ name: 'weekly' }] });
    expect(accounts.get(id).lastUsedAt).toBe('1970-01-01T00:00:00.007Z');
    expect(await open().then((third) => third.get(id))).toEqual(accounts.get(id));
  });

  test('[ACC2] of new tokens for the same old one the first count', async () => {
    const { id } = await accounts.create(LOGIN);
    const other = await open();

    const outcomes = await Promise.all([
      accounts.replaceTokens(id, 'access-secret-1', { accessToken: 'access-2', refreshToken: 'refresh-2' }),
      other.replaceTokens(id, 'access-secret-1', { accessToken: 'access-3' }),
    ]);

    expect(outcomes.toSorted()).toEqual([false, true]);
    const kept = (await open()).credentials(id);
    expect(kept).toEqual(
      outcomes[0]
        ? { kind: 'oauth', accessToken: 'access-2', refreshToken: 'refresh-2' }
        : { kind: 'oauth', accessToken: 'access-3' },
    );
    expect(accounts.credentials(id)).toEqual(kept);
    expect(other.credentials(id)).toEqual(kept);
  });
});

describe('a new key', () => {
  test('[ACC6] seals all accounts, and the old one is dropped', async () => {
    const [key, login] = [await accounts.create(KEY), await accounts.create(LOGIN)];
    const before = [accounts.credentials(key.id), accounts.credentials(login.id)];
    const old = new SecretKeys({ dataDir }).current();

    expect(await accounts.rotateKey()).toEqual({ resealed: 2 });

    expect(new SecretKeys({ dataDir }).find(old.id)).toBeUndefined();
    for (const each of [accounts, await open()]) {
      expect([each.credentials(key.id), each.credentials(login.id)]).toEqual(before);
      expect(each.get(key.id)).toEqual(key);
    }
  });

  test('[ACC6] is for accounts of other servers too, and they find it', async () => {
    const other = await open();
    const made = await other.create(KEY);

    expect(await accounts.rotateKey()).toEqual({ resealed: 1 });

    expect(accounts.credentials(made.id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-1' });
    expect((await open()).get(made.id).state).toBe('ready');
    await other.update(made.id, { label: 'changed there' });
    expect(other.credentials(made.id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-1' });
  });

  test('[ACC6] is what other servers seal with from then on', async () => {
    const { id } = await accounts.create(KEY);
    const other = await open();
    await accounts.rotateKey();

    await other.update(id, { apiKey: 'sk-secret-2' });

    expect((await open()).credentials(id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-2' });
  });

  test('[ACC6] seals an account whose key has come back, before that one is dropped', async () => {
    const { id } = await accounts.create(KEY);
    const file = join(dataDir, 'secret.key');
    const old = readFileSync(file, 'utf8');
    writeFileSync(file, `${'ab'.repeat(32)}\n`, { mode: 0o600 });
    const late = await open();
    expect(late.get(id).state).toBe('broken');
    writeFileSync(file, `${'ab'.repeat(32)}\n${old}`, { mode: 0o600 });

    expect(await late.rotateKey()).toEqual({ resealed: 1 });

    expect((await open()).credentials(id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-1' });
  });

  test('[ACC6] when the store fails in the middle nothing is lost, and the next one finishes', async () => {
    const made = [await accounts.create(KEY), await accounts.create(KEY), await accounts.create(KEY)];
    let writes = 0;
    const failing = await open({
      store: {
        ...store.accounts,
        update: (id, version, changes) => {
          writes += 1;
          if (writes === 2) throw new HearthError('internal', 'the disk is full');
          return store.accounts.update(id, version, changes);
        },
      },
    });

    expect((await failure(failing.rotateKey())).message).toBe('the disk is full');

    const after = await open();
    const works = (): void => {
      for (const { id } of made) {
        expect(after.credentials(id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-1' });
      }
    };
    works();
    expect(await after.rotateKey()).toEqual({ resealed: 3 });
    works();
  });

  test('[ACC6] that is configured seals all that the others open', async () => {
    const [old, fresh] = ['ab'.repeat(32), 'cd'.repeat(32)];
    const before = await open({ keys: new SecretKeys({ dataDir, configured: old }) });
    const { id } = await before.create(KEY);

    const during = await open({ keys: new SecretKeys({ dataDir, configured: `${fresh},${old}` }) });
    expect(await during.rotateKey()).toEqual({ resealed: 1 });
    expect(await during.rotateKey()).toEqual({ resealed: 0 });

    const after = await open({ keys: new SecretKeys({ dataDir, configured: fresh }) });
    expect(after.credentials(id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-1' });
  });
});

describe('an export', () => {
  const passphrase = 'correct horse battery';

  test('[ACC7] takes all accounts to another server, whose own key seals them', async () => {
    const made = [await accounts.create(KEY), await accounts.create(LOGIN), await accounts.create(GATEWAY)];
    accounts.record(made[0]!.id, (health) => ({ ...health, lastUsedAtMs: 1 }));
    const { data } = await accounts.export({ passphrase });
    const elsewhere = await openSqliteStore({ path: ':memory:' });
    const keys = new SecretKeys({ dataDir, configured: 'ef'.repeat(32) });
    const there = await open({ store: elsewhere.accounts, keys });

    const { items } = await there.import({ passphrase, data });

    expect(items).toEqual(made);
    expect(there.list()).toHaveLength(3);
    for (const { id } of made) expect(there.credentials(id)).toEqual(accounts.credentials(id));
    const stored = await elsewhere.accounts.list();
    expect(await there.import({ passphrase, data })).toEqual({ items: made });
    expect(await elsewhere.accounts.list()).toEqual(stored);
    await elsewhere.close();
  });

  test('[ACC7] of an account that is here the one that changed last stays', async () => {
    const [renewed, changed] = [await accounts.create(LOGIN), await accounts.create(KEY)];
    const { data: early } = await accounts.export({ passphrase });
    await clock.advance(MINUTE_MS);
    await accounts.replaceTokens(renewed.id, 'access-secret-1', { accessToken: 'access-secret-2' });
    await accounts.update(changed.id, { apiKey: 'sk-secret-2', label: 'later' });
    const { data: late } = await accounts.export({ passphrase });

    await accounts.import({ passphrase, data: early });
    expect(accounts.credentials(renewed.id)).toMatchObject({ accessToken: 'access-secret-2' });
    expect(accounts.get(changed.id).label).toBe('later');

    await accounts.delete(changed.id);
    await accounts.import({ passphrase, data: early });
    expect(accounts.get(changed.id).label).toBe('API key');
    await accounts.import({ passphrase, data: late });
    expect(accounts.get(changed.id).label).toBe('later');
    expect(accounts.credentials(changed.id)).toEqual({ kind: 'api_key', apiKey: 'sk-secret-2' });
  });

  test('[ACC7] with an account that cannot be opened is refused by its name', async () => {
    await accounts.create({ ...KEY, label: 'the lost one' });
    const without = await open({ keys: new SecretKeys({ dataDir, configured: 'ab'.repeat(32) }) });

    expect((await failure(without.export({ passphrase }))).message).toContain('“the lost one”');
  });

  test('[ACC7] with another passphrase changes nothing', async () => {
    await accounts.create(KEY);
    const { data } = await accounts.export({ passphrase });

    expect((await failure(accounts.import({ passphrase: 'another passphrase', data }))).code).toBe('invalid_request');

    expect(accounts.list()).toHaveLength(1);
  });
});
