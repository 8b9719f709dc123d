import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import { FakeClock, startTokenEndpoint, systemClock } from '@hearth/testkit';
import type { Clock, TokenEndpoint } from '@hearth/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { createLog } from '../telemetry/log.ts';
import { Accounts } from './accounts.ts';
import { SecretKeys } from './secret-keys.ts';
import { tokenEndpoint } from './token-endpoint.ts';

const FIRST = { kind: 'oauth', accessToken: 'secret-access-0', refreshToken: 'secret-refresh-0' } as const;

let dataDir: string;
let store: Store;
let provider: TokenEndpoint;
let logged: string[];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'hearth-refresh-'));
  store = await openSqliteStore({ path: ':memory:' });
  provider = await startTokenEndpoint({ refreshTokens: ['secret-refresh-0'], prefix: 'secret-' });
  logged = [];
});

afterEach(async () => {
  await provider.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
});

interface Server {
  clock?: Clock;
  url?: string;
  timeoutMs?: number;
  store?: Store['accounts'];
}

/** One of the servers on the store. */
function open({
  clock = systemClock,
  url = provider.url,
  timeoutMs = 5_000,
  store: port,
}: Server = {}): Promise<Accounts> {
  const log = createLog({ level: 'trace', destination: { write: (line) => void logged.push(line) } });
  return Accounts.open({
    store: port ?? store.accounts,
    keys: new SecretKeys({ dataDir }),
    clock,
    newId: randomUUID,
    log,
    renewTokens: tokenEndpoint({ url, clientId: 'the-client', now: () => clock.now(), timeoutMs }),
  });
}

async function withAccount(server: Server = {}): Promise<{ accounts: Accounts; id: string }> {
  const accounts = await open(server);
  const { id } = await accounts.create(FIRST);
  return { accounts, id };
}

describe('a stale access token', () => {
  test('[ACC13] is renewed with the refresh token, and the new ones are stored', async () => {
    const clock = new FakeClock();
    const { accounts, id } = await withAccount({ clock });
    const problem = { code: 'agent_unauthorized', message: 'its token is stale', sinceMs: 0 } as const;
    accounts.record(id, (health) => ({ ...health, problem }));

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refreshed');

    expect(provider.requests).toEqual([
      { grant_type: 'refresh_token', refresh_token: 'secret-refresh-0', client_id: 'the-client' },
    ]);
    const renewed = {
      kind: 'oauth',
      accessToken: 'secret-access-1',
      refreshToken: 'secret-refresh-1',
      expiresAtMs: clock.now() + 28_800_000,
    };
    expect(accounts.credentials(id)).toEqual(renewed);
    expect((await open()).credentials(id)).toEqual(renewed);
    expect(accounts.get(id)).toMatchObject({
      state: 'ready',
      expiresAt: '2026-01-01T08:00:00.000Z',
      refreshable: true,
    });
    expect(await accounts.refresh(id, 'secret-access-1')).toBe('refreshed');
    expect(accounts.credentials(id)).toMatchObject({ accessToken: 'secret-access-2' });
    expect(logged.join('')).not.toMatch(/secret-/);
  });

  test('[ACC13] keeps its refresh token when there comes no new one', async () => {
    const lasting = await startTokenEndpoint({ refreshTokens: ['secret-refresh-0'], rotates: false });
    const { accounts, id } = await withAccount({ url: lasting.url });

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refreshed');

    expect(accounts.credentials(id)).toMatchObject({
      accessToken: 'made-up-access-1',
      refreshToken: 'secret-refresh-0',
    });
    await lasting.close();
  });

  test.each([
    [{ refresh_token: null, expires_in: '3600' }, 'secret-refresh-0', '2026-01-01T01:00:00.000Z'],
    [{ refresh_token: 'secret-refresh-1', expires_in: 1e300 }, 'secret-refresh-1', undefined],
    [{ refresh_token: '', expires_in: null }, 'secret-refresh-0', undefined],
  ])('[ACC13] takes the token of an answer with %j beside it', async (beside, refreshToken, expiresAt) => {
    const { accounts, id } = await withAccount({ clock: new FakeClock() });
    provider.fail({ status: 200, body: { access_token: 'secret-access-1', ...beside } });

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refreshed');

    expect(accounts.credentials(id)).toMatchObject({ accessToken: 'secret-access-1', refreshToken });
    expect(accounts.get(id).expiresAt).toBe(expiresAt);
  });

  test('[ACC13] is renewed once for all who ask, and not at all for who comes late', async () => {
    const { accounts, id } = await withAccount();

    const outcomes = await Promise.all(Array.from({ length: 20 }, () => accounts.refresh(id, 'secret-access-0')));

    expect(outcomes).toEqual(Array.from({ length: 20 }, () => 'refreshed'));
    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refreshed');
    expect(provider.given).toEqual(['secret-access-1']);
  });

  test('[ACC3][ACC13] is renewed once by several servers, and all take the newest', async () => {
    const { accounts, id } = await withAccount();
    const servers = [accounts, await open(), await open()];
    const release = provider.hold();

    const outcomes = Promise.all(servers.map((each) => each.refresh(id, 'secret-access-0')));
    await expect.poll(() => provider.requests).toHaveLength(1);
    release();

    expect(await outcomes).toEqual(['refreshed', 'refreshed', 'refreshed']);
    expect(provider.requests).toHaveLength(1);
    for (const each of servers) expect(each.credentials(id)).toMatchObject({ accessToken: 'secret-access-1' });
    expect(accounts.get(id).state).toBe('ready');
  });

  test('[ACC3][ACC13] is renewed by another server when the one that began is gone', async () => {
    const clock = new FakeClock();
    const { id } = await withAccount({ clock });
    await store.accounts.claimRefresh(id, 'a server that died', clock.now() + 45_000, clock.now());
    const survivor = await open({ clock });

    const outcome = survivor.refresh(id, 'secret-access-0');
    await expect
      .poll(async () => {
        await clock.advance(10_000);
        return provider.requests.length;
      })
      .toBe(1);

    expect(await outcome).toBe('refreshed');
  });

  test('[ACC13] of an account that somebody gave new tokens needs nothing', async () => {
    const { accounts, id } = await withAccount();
    const other = await open();
    await other.update(id, { accessToken: 'secret-access-new' });

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refreshed');

    expect(accounts.credentials(id)).toEqual({ kind: 'oauth', accessToken: 'secret-access-new' });
    expect(provider.requests).toHaveLength(0);
  });

  test('[ACC13] whose new ones cannot be stored at once is not lost', async () => {
    let failures = 2;
    const { accounts, id } = await withAccount({
      store: {
        ...store.accounts,
        update: (account, version, changes) => {
          failures -= 1;
          if (failures >= 0) throw new HearthError('internal', 'the disk is full');
          return store.accounts.update(account, version, changes);
        },
      },
    });

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refreshed');

    expect((await open()).credentials(id)).toMatchObject({ accessToken: 'secret-access-1' });
  });
});

describe('a refresh that fails', () => {
  test('[ACC13] because the new tokens cannot be stored keeps them for the next one who asks', async () => {
    const clock = new FakeClock();
    let full = true;
    const { accounts, id } = await withAccount({
      clock,
      store: {
        ...store.accounts,
        update: (account, version, changes) => {
          if (full) throw new HearthError('internal', 'the disk is full');
          return store.accounts.update(account, version, changes);
        },
      },
    });

    const outcome = accounts.refresh(id, 'secret-access-0');
    for (let pause = 1; pause < 6; pause += 1) {
      await expect.poll(() => clock.pendingTimers).toBe(1);
      await clock.advance(1_000);
    }
    expect(await outcome).toBe('unreachable');
    full = false;

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refreshed');
    expect(accounts.credentials(id)).toMatchObject({ accessToken: 'secret-access-1' });
    expect(provider.requests).toHaveLength(1);
    expect(logged.join('')).not.toMatch(/secret-/);
  });

  test('[ACC13] because the store cannot be reached is tried another time', async () => {
    const gone = (): never => {
      throw new HearthError('internal', 'the database is away');
    };
    const { accounts, id } = await withAccount({ store: { ...store.accounts, get: gone } });
    expect(await accounts.refresh(id, 'secret-access-0')).toBe('unreachable');
    const late = await open({ store: { ...store.accounts, releaseRefresh: async () => gone() } });
    expect(await late.refresh(id, 'secret-access-0')).toBe('refreshed');
    expect(late.credentials(id)).toMatchObject({ accessToken: 'secret-access-1' });
  });

  test('[ACC13] because the provider refuses breaks the account, which says so', async () => {
    const { accounts, id } = await withAccount();
    provider.revoke('secret-refresh-0');

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refused');

    expect(accounts.get(id)).toMatchObject({ state: 'broken', problem: { code: 'agent_unauthorized' } });
    expect(accounts.get(id).problem?.message).toMatch(/invalid_grant.*Log in again/);
    await accounts.close();
    expect((await open()).get(id).state).toBe('broken');
    await accounts.update(id, { accessToken: 'secret-access-new' });
    expect(accounts.get(id).state).toBe('ready');
    expect(logged.join('')).not.toMatch(/secret-/);
  });

  test('[ACC13] because somebody logged in anew meanwhile is none', async () => {
    const { accounts, id } = await withAccount();
    provider.revoke('secret-refresh-0');
    const release = provider.hold();

    const outcome = accounts.refresh(id, 'secret-access-0');
    await expect.poll(() => provider.requests).toHaveLength(1);
    await accounts.update(id, { accessToken: 'secret-access-new' });
    release();

    expect(await outcome).toBe('refreshed');
    expect(accounts.get(id).state).toBe('ready');
  });

  test('[ACC13] for want of an answer leaves the account, and the next one may succeed', async () => {
    const { accounts, id } = await withAccount();
    const failures = [
      'cut',
      'nonsense',
      { status: 500 },
      { status: 503 },
      { status: 429 },
      { status: 403, body: 'a proxy says no' },
      { status: 200, body: { token_type: 'Bearer' } },
    ] as const;
    for (const failure of failures) {
      provider.fail(failure);
      const outcome = await accounts.refresh(id, 'secret-access-0');
      expect({ failure, outcome, state: accounts.get(id).state }).toEqual({
        failure,
        outcome: 'unreachable',
        state: 'ready',
      });
    }

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refreshed');
    expect(logged.join('')).not.toMatch(/secret-/);
  });

  test('[ACC13] in whatever words it is refused is told without its words', async () => {
    const bodies = [
      { status: 400, body: { error: 'invalid_grant', error_description: 'secret-words' } },
      { status: 401, body: { error: { type: 'authentication_error', message: 'secret-words' } } },
      { status: 403, body: { error: 'secret-words with more' } },
    ];
    for (const failure of bodies) {
      const { accounts, id } = await withAccount();
      provider.fail(failure);
      expect(await accounts.refresh(id, 'secret-access-0')).toBe('refused');
      expect(JSON.stringify(accounts.get(id))).not.toContain('secret-');
    }
    expect(logged.join('')).not.toMatch(/secret-/);
  });

  test('[ACC13] because nobody listens, or nobody answers, is tried another time', async () => {
    const release = provider.hold();
    const slow = await withAccount({ timeoutMs: 50 });
    expect(await slow.accounts.refresh(slow.id, 'secret-access-0')).toBe('unreachable');
    release();
    const nobody = await withAccount({ url: 'http://127.0.0.1:9/v1/oauth/token' });
    expect(await nobody.accounts.refresh(nobody.id, 'secret-access-0')).toBe('unreachable');
  });

  test('[ACC13] never takes the refresh token to where a redirect points', async () => {
    const elsewhere: string[] = [];
    const server = createServer((request, response) => {
      elsewhere.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { accounts, id } = await withAccount({ url: `http://127.0.0.1:${port}/token` });

    expect(await accounts.refresh(id, 'secret-access-0')).toBe('unreachable');

    expect(elsewhere).toEqual(['/token']);
    await new Promise((resolve) => server.close(resolve));
  });

  test('[ACC13] for want of a refresh token breaks the account; one that is gone or no log-in has nothing to renew', async () => {
    const accounts = await open();
    const { id } = await accounts.create({ kind: 'oauth', accessToken: 'secret-access-0' });
    expect(await accounts.refresh(id, 'secret-access-0')).toBe('refused');
    expect(accounts.get(id).problem?.message).toMatch(/no refresh token/);
    const key = await accounts.create({ kind: 'api_key', apiKey: 'secret-key' });
    expect(await accounts.refresh(key.id, 'secret-key')).toBe('refused');
    expect(await accounts.refresh('gone', 'x')).toBe('refused');
    expect(provider.requests).toHaveLength(0);
  });
});
