import type { Account } from '@hearth/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FakeServer } from '../test/fake-server.ts';
import { openClient } from '../test/open-client.ts';
import type { Hearth } from './index.ts';

const clients: Hearth[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function open(server: FakeServer): Hearth {
  const client = openClient(server);
  clients.push(client);
  return client;
}

const mine = { id: 'a1', label: 'mine' } as Account;
const yours = { id: 'a2', label: 'yours' } as Account;

describe('a watch on the accounts', () => {
  test('[CL12] is told all accounts: at the beginning, after a change, and after a lost connection', async () => {
    const server = new FakeServer();
    server.accounts = [mine];
    const told: Account[][] = [];
    open(server).accounts.watch((accounts) => told.push(accounts));
    await vi.waitFor(() => expect(told).toEqual([[mine]]));
    server.accountsChanged([mine, yours]);
    await vi.waitFor(() => expect(told.slice(1)).toEqual([[mine, yours]]));
    server.accounts = [yours];
    server.cut();
    await vi.waitFor(() => expect(told.slice(2)).toEqual([[yours]]));
  });

  test('[CL12] is one for all its listeners, and ends with the last of them', async () => {
    const server = new FakeServer();
    const client = open(server);
    await client.ready();
    const first: Account[][] = [];
    const second: Account[][] = [];
    const stopFirst = client.accounts.watch((accounts) => first.push(accounts));
    const stopSecond = client.accounts.watch((accounts) => second.push(accounts));
    await vi.waitFor(() => expect(second).toContainEqual([]));
    stopFirst();
    stopFirst();
    server.accountsChanged([mine]);
    await vi.waitFor(() => expect(second).toContainEqual([mine]));
    expect(first).not.toContainEqual([mine]);
    expect(server.called('accounts.unwatch')).toHaveLength(0);
    stopSecond();
    await vi.waitFor(() => expect(server.called('accounts.unwatch')).toHaveLength(1));
  });
});
