import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTokenEndpoint } from './token-endpoint.ts';
import type { TokenEndpoint } from './token-endpoint.ts';

let endpoint: TokenEndpoint;

beforeEach(async () => {
  endpoint = await startTokenEndpoint({ refreshTokens: ['first'], expiresInSeconds: 60 });
});

afterEach(() => endpoint.close());

async function ask(refreshToken: string, more: object = {}): Promise<{ status: number; body: unknown }> {
  const body = JSON.stringify({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'c', ...more });
  const response = await fetch(endpoint.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return { status: response.status, body: await response.json() };
}

test('a refresh token works once, and is replaced', async () => {
  const { status, body } = await ask('first');
  expect(status).toBe(200);
  expect(body).toEqual({
    token_type: 'Bearer',
    access_token: 'made-up-access-1',
    refresh_token: 'made-up-refresh-1',
    expires_in: 60,
  });
  expect(await ask('first')).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(await ask('made-up-refresh-1')).toMatchObject({ status: 200, body: { access_token: 'made-up-access-2' } });
  expect(endpoint.given).toEqual(['made-up-access-1', 'made-up-access-2']);
});

test('what was revoked, is unknown or is asked for otherwise is refused', async () => {
  endpoint.revoke('first');
  expect(await ask('first')).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(await ask('unknown')).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(await ask('first', { grant_type: 'password' })).toMatchObject({ body: { error: 'invalid_request' } });
});

test('failures come one for each request, before anything else', async () => {
  endpoint.fail({ status: 503 }, 'cut', { status: 429, body: { error: 'slow_down' } });
  expect(await ask('first')).toEqual({ status: 503, body: { error: 'temporarily_unavailable' } });
  await expect(ask('first')).rejects.toThrow();
  expect(await ask('first')).toEqual({ status: 429, body: { error: 'slow_down' } });
  expect(await ask('first')).toMatchObject({ status: 200 });
  expect(endpoint.requests).toHaveLength(4);
});
