import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../telemetry/log.ts';
import { Auth, BROWSER_TTL_MS } from './auth.ts';
import { LOGIN_CODE_TTL_MS } from './login-codes.ts';
import { ownerToken } from './owner-token.ts';
import { FakeTokenStore } from './testing/fake-token-store.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;

let now: number;
let tokens: FakeTokenStore;
let auth: Auth;
let logged: string[];
beforeEach(() => {
  now = START;
  tokens = new FakeTokenStore();
  logged = [];
  const log = createLog({ level: 'trace', destination: { write: (line) => void logged.push(line) } });
  auth = new Auth({ ownerToken: 'the-owners', tokens, log, now: () => now });
});

describe('secrets', () => {
  test('the owner’s token is the owner’s, and nothing like it is', async () => {
    expect(await auth.bearer('the-owners')).toMatchObject({
      kind: 'owner',
      principal: { id: 'owner', label: 'owner' },
    });
    for (const wrong of ['', 'the-owner', 'the-owners ', 'THE-OWNERS']) expect(await auth.bearer(wrong)).toBeNull();
    expect(await auth.cookie('the-owners')).toBeNull();
  });

  test('an API token is kept as a hash, shown once, and signs with its label', async () => {
    const { token, id } = await auth.createToken({ label: 'ci' });
    expect(JSON.stringify([...tokens.rows.values()])).not.toContain(token);
    expect(await auth.bearer(token)).toMatchObject({ kind: 'api', tokenId: id, principal: { id, label: 'ci' } });
    expect(await auth.cookie(token)).toBeNull();
    expect(JSON.stringify(await auth.listTokens())).not.toContain(tokens.rows.get(id)!.hash);
  });

  test('an API token ends when it expires, and cannot begin expired', async () => {
    const expiresAt = new Date(START + 1_000).toISOString();
    const { token } = await auth.createToken({ label: 'brief', expiresAt });
    expect(await auth.bearer(token)).toMatchObject({ expiresAtMs: START + 1_000 });
    now += 1_000;
    expect(await auth.bearer(token)).toBeNull();
    await expect(auth.createToken({ label: 'late', expiresAt })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('the last use is stored, at most once a minute, and a failure to store it harms nobody', async () => {
    const { token } = await auth.createToken({ label: 'ci' });
    for (let i = 0; i < 5; i += 1) await auth.bearer(token);
    expect(tokens.touches).toBe(1);
    now += MINUTE;
    await auth.bearer(token);
    expect(tokens.touches).toBe(2);
    expect(await auth.listTokens()).toMatchObject([{ lastUsedAt: new Date(START + MINUTE).toISOString() }]);
    now += MINUTE;
    tokens.broken = true;
    expect(await auth.bearer(token)).not.toBeNull();
    expect(logged.join('')).toContain('disk full');
  });

  test('a revoked one is void, and who serves it is told', async () => {
    const told: string[] = [];
    const stop = auth.onRevoked((id) => told.push(id));
    const [first, second] = [await auth.createToken({ label: 'a' }), await auth.createToken({ label: 'b' })];
    await auth.revokeToken(first.id);
    expect(await auth.bearer(first.token)).toBeNull();
    await expect(auth.revokeToken(first.id)).rejects.toMatchObject({ code: 'not_found' });
    stop();
    await auth.revokeToken(second.id);
    expect(told).toEqual([first.id]);
  });
});

describe('log-in codes', () => {
  test('work once', async () => {
    const { code } = auth.createLoginCode();
    const secret = await auth.redeemLoginCode(code);
    expect(await auth.cookie(secret!)).toMatchObject({ kind: 'browser', principal: { label: 'owner' } });
    expect(await auth.bearer(secret!)).toBeNull();
    expect(await auth.redeemLoginCode(code)).toBeNull();
    expect(await auth.redeemLoginCode('')).toBeNull();
  });

  test('work for ten minutes', async () => {
    const [early, late] = [auth.createLoginCode(), auth.createLoginCode()];
    now += LOGIN_CODE_TTL_MS - 1;
    expect(await auth.redeemLoginCode(early.code)).not.toBeNull();
    now += 1;
    expect(await auth.redeemLoginCode(late.code)).toBeNull();
  });

  test('are bounded in number: the oldest is forgotten', async () => {
    const first = auth.createLoginCode();
    const rest = Array.from({ length: 100 }, () => auth.createLoginCode());
    expect(await auth.redeemLoginCode(first.code)).toBeNull();
    expect(await auth.redeemLoginCode(rest[0]!.code)).not.toBeNull();
  });

  test('log a browser in for as long as it is seen every 30 days', async () => {
    const secret = await auth.redeemLoginCode(auth.createLoginCode().code);
    for (let i = 0; i < 3; i += 1) {
      now += BROWSER_TTL_MS - 1;
      expect(await auth.cookie(secret!)).not.toBeNull();
    }
    now += BROWSER_TTL_MS;
    expect(await auth.cookie(secret!)).toBeNull();
  });
});

describe('the owner’s token', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-token-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('is made once, for the owner’s eyes alone, and stays', async () => {
    const dataDir = join(folder, 'new', 'data');
    const all = await Promise.all(Array.from({ length: 5 }, () => ownerToken(dataDir, undefined)));
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toMatch(/^hearth_owner_[\w-]{43}$/);
    expect((await stat(join(dataDir, 'token'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dataDir, 'token'), 'utf8')).toBe(`${all[0]}\n`);
  });

  test('is the configured one when there is one, and nothing is written', async () => {
    expect(await ownerToken(folder, 'configured')).toBe('configured');
    await expect(stat(join(folder, 'token'))).rejects.toThrow('ENOENT');
    await expect(ownerToken(folder, 'with space')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('is closed to others when its file was open to them', async () => {
    await writeFile(join(folder, 'token'), 'kept\n');
    await chmod(join(folder, 'token'), 0o644);
    expect(await ownerToken(folder, undefined)).toBe('kept');
    expect((await stat(join(folder, 'token'))).mode & 0o777).toBe(0o600);
  });

  test('a file that is empty or a folder that is a file is an error that says what to do', async () => {
    await writeFile(join(folder, 'token'), '\n');
    await expect(ownerToken(folder, undefined)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(ownerToken(join(folder, 'token'), undefined)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('token') as string,
      hint: expect.stringContaining('HEARTH_TOKEN') as string,
    });
  });
});
