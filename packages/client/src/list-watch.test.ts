import type { SessionSummary } from '@hearth/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FakeServer } from '../test/fake-server.ts';
import { openClient } from '../test/open-client.ts';
import type { Hearth, ListChange } from './index.ts';

const clients: Hearth[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function open(server: FakeServer): Hearth {
  const client = openClient(server);
  clients.push(client);
  return client;
}

const tea = { id: 's1', title: 'Tea' } as SessionSummary;

describe('a watch on the list of sessions', () => {
  test('[CL11] is told that it can read, then each change, and after a lost connection to read again', async () => {
    const server = new FakeServer();
    const told: ListChange[] = [];
    open(server).sessions.watch((change) => told.push(change));
    await vi.waitFor(() => expect(told).toEqual([{ type: 'stale' }]));
    server.listChanged({ items: [tea], removed: ['s2'], stale: false });
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(told.slice(1)).toEqual([
      { type: 'changed', session: tea },
      { type: 'removed', sessionId: 's2' },
    ]);
    server.cut();
    await vi.waitFor(() => expect(told.slice(3)).toEqual([{ type: 'stale' }]));
    server.listChanged({ items: [], removed: [], stale: true });
    await vi.waitFor(() => expect(told.slice(4)).toEqual([{ type: 'stale' }]));
  });

  test('[CL11] is one for all its listeners, and ends with the last of them', async () => {
    const server = new FakeServer();
    const client = open(server);
    await client.ready();
    const first: ListChange[] = [];
    const second: ListChange[] = [];
    const stopFirst = client.sessions.watch((change) => first.push(change));
    const stopSecond = client.sessions.watch((change) => second.push(change));
    await vi.waitFor(() => expect(second).toContainEqual({ type: 'stale' }));
    stopFirst();
    stopFirst();
    server.listChanged({ items: [tea], removed: [], stale: false });
    await vi.waitFor(() => expect(second).toContainEqual({ type: 'changed', session: tea }));
    expect(first).not.toContainEqual({ type: 'changed', session: tea });
    expect(server.called('sessions.unwatch')).toHaveLength(0);
    stopSecond();
    await vi.waitFor(() => expect(server.called('sessions.unwatch')).toHaveLength(1));
  });
});
