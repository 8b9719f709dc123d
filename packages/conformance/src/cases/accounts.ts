import assert from 'node:assert/strict';
import type { Account, AccountsChanged } from '@hearth/protocol';
import { codeOf } from '../bench.ts';
import type { Bench } from '../bench.ts';
import type { Case } from '../case.ts';
import type { RpcSocket } from '../rpc-socket.ts';

const SECRETS = { apiKey: 'conformance-key-1', accessToken: 'conformance-access-1', token: 'conformance-token-1' };

/** They are never enabled, so that no session of the server takes one. */
const DISABLED = { enabled: false, label: 'conformance', models: ['conformance-*'] };

const KINDS = [
  { ...DISABLED, kind: 'api_key', apiKey: SECRETS.apiKey },
  {
    ...DISABLED,
    kind: 'oauth',
    accessToken: SECRETS.accessToken,
    refreshToken: 'conformance-refresh-1',
    expiresAt: '2030-01-01T00:00:00+01:00',
  },
  { ...DISABLED, kind: 'gateway', token: SECRETS.token, baseUrl: 'https://gateway.example/v1' },
] as const;

async function added(bench: Bench, params: object): Promise<Account> {
  const { status, body } = await bench.http('POST', '/v1/accounts', { body: params });
  assert.equal(status, 201, `an account is added: ${JSON.stringify(body)}`);
  return body as Account;
}

async function removed(bench: Bench, ids: readonly string[]): Promise<void> {
  for (const id of ids) await bench.http('DELETE', `/v1/accounts/${id}`);
}

async function list(bench: Bench): Promise<Account[]> {
  return ((await bench.http('GET', '/v1/accounts')).body as { items: Account[] }).items;
}

function toldOf(socket: RpcSocket, id: string): Account | undefined {
  const last = socket.notices.findLast(({ method }) => method === 'accounts.changed');
  return (last?.params as AccountsChanged | undefined)?.items.find((account) => account.id === id);
}

export const accountCases: Case[] = [
  {
    rules: ['ACC10', 'ACC12'],
    title: 'an account of each kind is added, read, changed and removed over HTTP, and its secrets never come out',
    async run(bench) {
      const made: Account[] = [];
      const answers: unknown[] = [];
      try {
        for (const params of KINDS) made.push(await added(bench, params));
        for (const account of made) {
          assert.equal(account.state, 'disabled');
          assert.deepEqual(account.models, ['conformance-*']);
          const path = `/v1/accounts/${account.id}`;
          assert.deepEqual((await bench.http('GET', path)).body, account);
          const updated = await bench.http('PATCH', path, { body: { label: 'conformance 2', priority: 7 } });
          assert.equal(updated.status, 200);
          assert.deepEqual([(updated.body as Account).label, (updated.body as Account).priority], ['conformance 2', 7]);
          answers.push(updated.body, (await bench.http('POST', `${path}/reset`)).body);
        }
        const [, login, gateway] = made;
        assert.deepEqual([login?.expiresAt, login?.refreshable], ['2029-12-31T23:00:00.000Z', true]);
        assert.equal(gateway?.baseUrl, 'https://gateway.example/v1');
        const all = await list(bench);
        for (const { id } of made) assert(all.some((account) => account.id === id));
        assert.doesNotMatch(JSON.stringify([made, answers, all]), /conformance-(key|access|refresh|token)-/);
        for (const { id } of made) {
          assert.equal((await bench.http('DELETE', `/v1/accounts/${id}`)).status, 204);
          assert.equal(codeOf(await bench.http('GET', `/v1/accounts/${id}`)), 'not_found');
          assert.equal(codeOf(await bench.http('DELETE', `/v1/accounts/${id}`)), 'not_found');
        }
      } finally {
        await removed(
          bench,
          made.map(({ id }) => id),
        );
      }
    },
  },
  {
    rules: ['ACC9', 'ACC12'],
    title: 'what is no account, and secrets of another kind, are refused without being quoted',
    async run(bench) {
      const secret = 'conformance-key-2';
      const wrong: object[] = [
        {},
        { kind: 'api_key' },
        { kind: 'other', apiKey: secret },
        { ...DISABLED, kind: 'api_key', apiKey: `${secret} with a space` },
        { ...DISABLED, kind: 'gateway', token: secret },
        { ...DISABLED, kind: 'gateway', token: secret, baseUrl: `https://user:${secret}@gateway.example` },
        { ...DISABLED, kind: 'gateway', token: secret, baseUrl: `ftp://gateway.example/${secret}` },
        { ...DISABLED, kind: 'api_key', apiKey: secret, priority: -1 },
        { ...DISABLED, kind: 'api_key', apiKey: secret, models: ['*a'] },
      ];
      for (const body of wrong) {
        const answer = await bench.http('POST', '/v1/accounts', { body });
        assert.deepEqual([answer.status, codeOf(answer)], [400, 'invalid_request'], JSON.stringify(body));
        assert(!JSON.stringify(answer.body).includes(secret), JSON.stringify(answer.body));
      }
      const account = await added(bench, KINDS[0]);
      try {
        for (const body of [{ token: secret }, { accessToken: secret }, { apiKey: `${secret}\nb` }]) {
          const answer = await bench.http('PATCH', `/v1/accounts/${account.id}`, { body });
          assert.equal(codeOf(answer), 'invalid_request', JSON.stringify(body));
          assert(!JSON.stringify(answer.body).includes(secret), JSON.stringify(answer.body));
        }
        const renewed = await bench.http('PATCH', `/v1/accounts/${account.id}`, { body: { apiKey: secret } });
        assert.equal(renewed.status, 200);
        assert(!JSON.stringify(renewed.body).includes(secret));
      } finally {
        await removed(bench, [account.id]);
      }
    },
  },
  {
    rules: ['ACC10', 'ACC11'],
    title: 'the same over WebSocket, where who watches the accounts is told of each change',
    async run(bench) {
      const socket = await bench.socket();
      await socket.call('accounts.watch', {});
      const { id } = (await socket.call('account.create', KINDS[0])) as Account;
      try {
        await socket.until('the new account', () => toldOf(socket, id) !== undefined);
        await socket.call('account.update', { accountId: id, label: 'conformance 3' });
        await socket.until('its label', () => toldOf(socket, id)?.label === 'conformance 3');
        const reset: Account = await socket.call('account.reset', { accountId: id });
        assert.equal(reset.label, 'conformance 3');
        const { items } = (await socket.call('account.list', {})) as { items: Account[] };
        assert(items.some((account) => account.id === id));
        await socket.call('account.delete', { accountId: id });
        await socket.until('its removal', () => toldOf(socket, id) === undefined);
      } finally {
        await removed(bench, [id]);
      }
    },
  },
  {
    rules: ['ACC7'],
    title: 'what is no export is not imported',
    async run(bench) {
      const before = await list(bench);
      for (const body of [
        { data: 'x' },
        { data: 'x', passphrase: 'short' },
        { data: 'x', passphrase: 'long enough' },
      ]) {
        const answer = await bench.http('POST', '/v1/accounts/import', { body });
        assert.equal(codeOf(answer), 'invalid_request', JSON.stringify(body));
      }
      assert.equal(codeOf(await bench.http('POST', '/v1/accounts/export', { body: {} })), 'invalid_request');
      const after = new Set((await list(bench)).map(({ id }) => id));
      for (const { id } of before) assert(after.has(id));
    },
  },
];
