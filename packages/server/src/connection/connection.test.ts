import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CLOSE_CODES } from '@hearth/protocol';
import type { AccountCreate, AccountsChanged, SessionsChanged } from '@hearth/protocol';
import type { Accounts } from '../account/accounts.ts';
import { testAccounts } from '../account/testing/test-accounts.ts';
import { Auth } from '../auth/auth.ts';
import { FakeTokenStore } from '../auth/testing/fake-token-store.ts';
import type { Identity } from '../auth/auth.ts';
import { FakeSessions } from '../gateway/testing/fake-sessions.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Connection } from './connection.ts';
import type { ConnectionLimits } from './connection.ts';
import { FakeSocket } from './testing/fake-socket.ts';
import { createOperations } from './operations.ts';

/** Waits for a condition, generously: the machine may be busy. */
const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 30_000 });

const OWNER: Identity = {
  kind: 'owner',
  principal: { id: 'owner', label: 'owner' },
  tokenId: 'owner',
  expiresAtMs: null,
};
const TOKEN = 'the-owners-token';

let sessions: FakeSessions;
let auth: Auth;
let metrics: Metrics;
let accounts: Accounts;
let closeAccounts: () => Promise<void>;
const open: Connection[] = [];

beforeEach(async () => {
  ({ accounts, close: closeAccounts } = await testAccounts());
  sessions = new FakeSessions();
  auth = new Auth({ ownerToken: TOKEN, tokens: new FakeTokenStore(), log: silentLog() });
  metrics = new Metrics();
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.disconnected();
  vi.useRealTimers();
  await closeAccounts();
});

function connect(identity: Identity | null = OWNER, limits: Partial<ConnectionLimits> = {}) {
  const socket = new FakeSocket();
  const operations = createOperations({ sessions, auth, accounts, baseUrl: () => 'http://localhost' });
  const connection = new Connection(socket, {
    sessions,
    operations,
    auth,
    accounts,
    log: silentLog(),
    metrics,
    identity,
    limits,
  });
  open.push(connection);
  let nextId = 101;
  const send = (method: string, params: object = {}) => {
    const id = nextId++;
    connection.receive(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return id;
  };
  const ask = async (method: string, params: object = {}) => {
    const id = send(method, params);
    return await until(() => {
      const answer = socket.answer(id);
      if (answer === undefined) throw new Error(`no answer to ${method}`);
      return answer;
    });
  };
  return { socket, connection, send, ask };
}

async function session(): Promise<string> {
  return (await sessions.create(OWNER.principal, {})).id;
}

function say(sessionId: string, count = 1, size = 1): void {
  for (let i = 0; i < count; i += 1) sessions.append(sessionId, { type: 'title.updated', title: 'x'.repeat(size) });
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('requests', () => {
  test.each([
    ['{"jsonrpc":', null, -32700],
    ['', null, -32700],
    ['[]', null, -32600],
    ['7', null, -32600],
    ['null', null, -32600],
    ['{"id":1,"method":"ping"}', 1, -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', 1, -32600],
    ['{"jsonrpc":"2.0","id":1}', 1, -32600],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', null, -32600],
    ['{"jsonrpc":"2.0","id":1,"method":7}', 1, -32600],
    ['{"jsonrpc":"2.0","id":"a","method":"nope"}', 'a', -32601],
    ['{"jsonrpc":"2.0","id":"a","method":"constructor"}', 'a', -32601],
    ['{"jsonrpc":"2.0","id":1,"method":"session.get"}', 1, -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"session.get","params":[1]}', 1, -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"session.get","params":{"sessionId":"none"}}', 1, -32004],
    ['{"jsonrpc":"2.0","id":1,"method":"session.subscribe","params":{"sessionId":"x","after":"1"}}', 1, -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"session.list","params":{"limit":true}}', 1, -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"session.list","params":{"limit":[3]}}', 1, -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"session.list","params":{"limit":"1"}}', 1, -32602],
  ])('[WS1] %s is answered with the id %j and the error %d, and the socket stays open', async (text, id, code) => {
    const { socket, connection, ask } = connect();
    connection.receive(text);
    await until(() => expect(socket.messages).toHaveLength(1));
    const stable = code === -32004 ? 'not_found' : 'invalid_request';
    expect(socket.messages[0]).toMatchObject({ id, error: { code, data: { code: stable } } });
    expect(await ask('ping')).toHaveProperty('result.time');
  });

  test('wrong params are named one by one', async () => {
    const { ask } = connect();
    const answer = await ask('message.send', { sessionId: await session(), content: 7, priority: 'soon' });
    expect(answer.error?.data.issues?.map(({ path }) => path)).toEqual(['content', 'priority']);
  });

  test('a notification is carried out and not answered, also when it is wrong', async () => {
    const { socket, connection, ask } = connect();
    const sessionId = await session();
    const params = { sessionId, title: 'Tea' };
    connection.receive(JSON.stringify({ jsonrpc: '2.0', method: 'session.update', params }));
    connection.receive(JSON.stringify({ jsonrpc: '2.0', method: 'nonsense' }));
    expect(await ask('session.get', { sessionId })).toMatchObject({ result: { title: 'Tea' } });
    expect(socket.messages).toHaveLength(1);
  });

  test('a batch is answered by a batch, without its notifications', async () => {
    const { socket, connection } = connect();
    const call = (method: string, id?: number) => ({ jsonrpc: '2.0', method, ...(id === undefined ? {} : { id }) });
    connection.receive(JSON.stringify([call('ping', 1), 5, call('ping'), call('nope', 2)]));
    await until(() => expect(socket.frames).toHaveLength(1));
    expect(JSON.parse(socket.frames[0]!)).toMatchObject([
      { id: 1, result: {} },
      { id: null, error: { code: -32600 } },
      { id: 2, error: { code: -32601 } },
    ]);
  });

  test('[WS1] a batch of more than 1,000 is refused as one, whatever is in it', async () => {
    const { socket, connection } = connect(null);
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    connection.receive(JSON.stringify(Array.from({ length: 1_001 }, () => 1)));
    connection.receive(JSON.stringify(Array.from({ length: 1_000 }, () => ping)));
    await until(() => expect(socket.frames).toHaveLength(2));
    expect(JSON.parse(socket.frames[0]!)).toMatchObject({ id: null, error: { code: -32600 } });
    expect(JSON.parse(socket.frames[1]!)).toHaveLength(1_000);
  });

  test('[WS5] answers that are too long for one frame come in several batches, each answer once', async () => {
    const { socket, connection, ask } = connect();
    const created = await ask('session.create', { metadata: { note: 'x'.repeat(3 * 1024 * 1024) } });
    const sessionId = (created['result'] as { id: string }).id;
    const before = socket.frames.length;
    const get = (id: number) => ({ jsonrpc: '2.0', id, method: 'session.get', params: { sessionId } });
    connection.receive(JSON.stringify([1, 2, 3, 4, 5].map(get)));
    await until(() => expect(socket.frames).toHaveLength(before + 3));
    const batches = socket.frames.slice(before).map((frame) => JSON.parse(frame) as { id: number }[]);
    expect(batches.map((batch) => batch.map(({ id }) => id))).toEqual([[1, 2], [3, 4], [5]]);
  });

  test('[WS5] requests begin in the order they came, and a slow one does not hold up the others', async () => {
    const { socket, send, ask } = connect();
    const [slow, quick] = [await session(), await session()];
    let release = () => {};
    sessions.before.set('send', (id) => (id === slow ? new Promise((resolve) => (release = resolve)) : undefined));
    sessions.calls.length = 0;
    const first = send('message.send', { sessionId: slow, content: '1' });
    const second = send('message.send', { sessionId: quick, content: '2' });
    send('message.send', { sessionId: slow, content: '3' });
    expect(sessions.calls).toEqual([`send ${slow} owner`, `send ${quick} owner`, `send ${slow} owner`]);
    await ask('ping');
    expect(socket.answer(first)).toBeUndefined();
    expect(socket.answer(second)).toHaveProperty('result');
    release();
  });

  test('what breaks inside is an error without its cause', async () => {
    const { ask } = connect();
    sessions.before.set('list', () => {
      throw new TypeError('secret detail');
    });
    const { error } = await ask('session.list');
    expect(error).toMatchObject({ code: -32603, data: { code: 'internal' } });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  test('too many requests at once are refused, and the next ones work again', async () => {
    const { socket, send, ask } = connect(OWNER, { maxConcurrentRequests: 2 });
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    sessions.before.set('list', () => gate);
    const ids = [send('session.list'), send('session.list'), send('session.list')];
    await until(() => expect(socket.answer(ids[2])).toMatchObject({ error: { data: { code: 'rate_limited' } } }));
    release();
    await until(() => expect(socket.answer(ids[0])).toHaveProperty('result'));
    expect(await ask('ping')).toHaveProperty('result');
  });
});

describe('the token', () => {
  test('[WS2] without one every request is unauthorized, until auth brings it', async () => {
    const { ask } = connect(null);
    for (const method of ['session.list', 'ping', 'nonsense', 'session.subscribe']) {
      expect(await ask(method)).toMatchObject({ error: { code: -32001, data: { code: 'unauthorized' } } });
    }
    expect(await ask('auth', { token: TOKEN })).toMatchObject({ result: { principal: { label: 'owner' } } });
    expect(await ask('session.list')).toHaveProperty('result');
  });

  test('requests that follow auth without waiting for its answer are taken', async () => {
    const { socket, connection } = connect(null);
    const call = (id: number, method: string, params = {}) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
    connection.receive(call(1, 'auth', { token: TOKEN }));
    connection.receive(call(2, 'session.list'));
    await until(() => expect(socket.messages).toHaveLength(2));
    expect(socket.answer(2)).toHaveProperty('result');
  });

  test('a wrong one is an error; five of them close with 4401', async () => {
    const { socket, ask } = connect(null);
    for (let i = 0; i < 4; i += 1) expect(await ask('auth', { token: 'x' })).toMatchObject({ error: { code: -32001 } });
    expect(socket.closedWith).toBeNull();
    expect(await ask('auth', { token: 'x' })).toMatchObject({ error: { code: -32001 } });
    await until(() => expect(socket.closedWith?.code).toBe(CLOSE_CODES.unauthorized));
  });

  test('[WS2] without one for 10 s the socket is closed with 4401, with one it stays', () => {
    vi.useFakeTimers();
    const [late, inTime] = [connect(null), connect()];
    vi.advanceTimersByTime(9_999);
    expect(late.socket.closedWith).toBeNull();
    vi.advanceTimersByTime(1);
    expect(late.socket.closedWith?.code).toBe(4401);
    expect(inTime.socket.closedWith).toBeNull();
  });

  test('[WS2] after 64 KiB without one the socket is closed with 4401, and what comes is not read', async () => {
    const ping = (length: number) => `{"jsonrpc":"2.0","id":1,"method":"ping"}`.padEnd(length);
    const [stranger, known, inTime] = [connect(null), connect(), connect(null)];
    for (const { connection } of [stranger, known]) connection.receive(ping(32 * 1024));
    await until(() => expect(stranger.socket.answer(1)).toMatchObject({ error: { code: -32001 } }));
    for (const { connection } of [stranger, known]) connection.receive(ping(32 * 1024 + 1));
    expect(stranger.socket.closedWith?.code).toBe(4401);
    expect(known.socket.closedWith).toBeNull();
    inTime.connection.receive(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'auth', params: { token: TOKEN } }));
    inTime.connection.receive(ping(128 * 1024));
    await until(() => expect(inTime.socket.answer(1)).toHaveProperty('result'));
    expect(stranger.socket.messages).toHaveLength(1);
  });

  test('when it is revoked or expires the socket is closed with 4401', async () => {
    vi.useFakeTimers();
    const { id, token } = await auth.createToken({ label: 'ci' });
    const revoked = connect(await auth.bearer(token));
    const expiring = connect({ ...OWNER, expiresAtMs: Date.now() + 1_000 });
    await auth.revokeToken(id);
    expect(revoked.socket.closedWith?.code).toBe(4401);
    expect(expiring.socket.closedWith).toBeNull();
    vi.advanceTimersByTime(15_000);
    expect(expiring.socket.closedWith?.code).toBe(4401);
  });
});

describe('subscriptions', () => {
  test('[guarantee 2] the answer comes first, then the backlog, then live, without gap or repeat', async () => {
    const { socket, send } = connect();
    const sessionId = await session();
    say(sessionId, 250);
    send('session.subscribe', { sessionId });
    say(sessionId, 10);
    await until(() => expect(socket.seqs).toHaveLength(261));
    say(sessionId, 10);
    await until(() => expect(socket.seqs).toEqual(upTo(271)));
    expect(socket.messages[0]).toMatchObject({ id: 101, result: { session: { id: sessionId } } });
  });

  test('after says where to begin, and -1 means live only', async () => {
    const [behind, live] = [connect(), connect()];
    const sessionId = await session();
    say(sessionId, 9);
    await behind.ask('session.subscribe', { sessionId, after: 7 });
    await live.ask('session.subscribe', { sessionId, after: -1 });
    say(sessionId);
    await until(() => expect(behind.socket.seqs).toEqual([8, 9, 10, 11]));
    await until(() => expect(live.socket.seqs).toEqual([11]));
  });

  test('[WS7] events of one moment share a frame, and a frame is bounded', async () => {
    const { socket, ask } = connect(OWNER, { maxFrameBytes: 10_000 });
    const sessionId = await session();
    await ask('session.subscribe', { sessionId, after: -1 });
    say(sessionId, 3);
    await until(() => expect(socket.seqs).toHaveLength(3));
    expect(socket.frames).toHaveLength(2);
    expect(JSON.parse(socket.frames[1]!)).toHaveLength(3);
    say(sessionId, 20, 4_000);
    await until(() => expect(socket.seqs).toHaveLength(23));
    expect(Math.max(...socket.frames.map((frame) => frame.length))).toBeLessThan(10_100);
    say(sessionId, 1, 50_000);
    await until(() => expect(socket.seqs).toEqual(upTo(25, 2)));
  });

  test('[SUB14] subscribing again replaces: after the answer nothing of the old one follows', async () => {
    const { socket, send } = connect();
    const sessionId = await session();
    say(sessionId, 4);
    send('session.subscribe', { sessionId });
    await until(() => expect(socket.seqs).toEqual(upTo(5)));
    const second = send('session.subscribe', { sessionId, after: 3 });
    say(sessionId, 2);
    await until(() => expect(socket.seqs.filter((seq) => seq === 7).length).toBeGreaterThan(0));
    const answered = socket.messages.findIndex(({ id }) => id === second);
    const after = socket.messages.slice(answered + 1).map(({ params }) => params?.seq);
    expect(after).toEqual([4, 5, 6, 7]);
    say(sessionId);
    await until(() => expect(socket.seqs.at(-1)).toBe(8));
    expect(sessions.subscribers(sessionId)).toBe(1);
  });

  test('subscribe and unsubscribe take effect in the order they came, however long each takes', async () => {
    const { socket, send, ask } = connect();
    const sessionId = await session();
    let wait = 3;
    sessions.before.set('subscribe', async () => {
      for (let i = wait--; i > 0; i -= 1) await new Promise(setImmediate);
    });
    send('session.subscribe', { sessionId });
    send('session.subscribe', { sessionId, after: -1 });
    await ask('session.unsubscribe', { sessionId });
    expect(sessions.subscribers(sessionId)).toBe(0);
    await ask('session.subscribe', { sessionId, after: -1 });
    socket.frames.length = 0;
    say(sessionId);
    await until(() => expect(socket.seqs).toEqual([2]));
  });

  test('one that fails leaves the old one as it was', async () => {
    const { socket, ask } = connect();
    const sessionId = await session();
    await ask('session.subscribe', { sessionId, after: -1 });
    sessions.before.set('subscribe', () => {
      throw new Error('broken');
    });
    expect(await ask('session.subscribe', { sessionId })).toHaveProperty('error');
    say(sessionId);
    await until(() => expect(socket.seqs).toEqual([2]));
  });

  test('inside a batch the answer still comes before the events', async () => {
    const { socket, connection } = connect();
    const sessionId = await session();
    const call = { jsonrpc: '2.0', id: 1, method: 'session.subscribe', params: { sessionId } };
    connection.receive(JSON.stringify([call, { jsonrpc: '2.0', id: 2, method: 'ping' }]));
    await until(() => expect(socket.seqs).toEqual([1]));
    expect(socket.messages.map(({ id, method }) => id ?? method)).toEqual([1, 2, 'event']);
  });

  test('[SUB15] unsubscribe is answered and nothing follows; of an unknown session too', async () => {
    const { socket, ask } = connect();
    const sessionId = await session();
    await ask('session.subscribe', { sessionId, after: -1 });
    expect(await ask('session.unsubscribe', { sessionId })).toHaveProperty('result');
    expect(await ask('session.unsubscribe', { sessionId: 'none' })).toHaveProperty('result');
    say(sessionId);
    await ask('ping');
    expect(socket.seqs).toEqual([]);
  });

  test('they end with the connection, also one that was still being placed', async () => {
    const { connection, ask, send } = connect();
    const [first, second] = [await session(), await session()];
    await ask('session.subscribe', { sessionId: first });
    let release = () => {};
    sessions.before.set('subscribe', () => new Promise((resolve) => (release = resolve)));
    send('session.subscribe', { sessionId: second });
    connection.disconnected();
    release();
    await until(() => expect(sessions.subscribers(second)).toBe(0));
    expect(sessions.subscribers(first)).toBe(0);
    expect((await metrics.render()).body).toContain('hearth_subscriptions{transport="ws"} 0');
  });

  test('there is a limit to them', async () => {
    const { ask } = connect(OWNER, { maxSubscriptions: 1 });
    const [first, second] = [await session(), await session()];
    await ask('session.subscribe', { sessionId: first });
    await ask('session.subscribe', { sessionId: first });
    const refused = await ask('session.subscribe', { sessionId: second });
    expect(refused).toMatchObject({ error: { data: { code: 'rate_limited' } } });
    await ask('session.unsubscribe', { sessionId: first });
    expect(await ask('session.subscribe', { sessionId: second })).toHaveProperty('result');
  });

  test('heartbeats are notifications of their own', async () => {
    const { socket, ask } = connect();
    const sessionId = await session();
    await ask('session.subscribe', { sessionId, after: -1 });
    sessions.heartbeat(sessionId);
    await until(() => expect(socket.messages.at(-1)).toMatchObject({ method: 'heartbeat', params: { sessionId } }));
  });

  test('[guarantee 7] a slow client bounds what is pushed; when it reads on, it gets all the rest', async () => {
    const { socket, ask } = connect(OWNER, { highWaterBytes: 100_000, lowWaterBytes: 20_000, maxFrameBytes: 30_000 });
    const ids = await Promise.all(upTo(40).map(() => session()));
    for (const sessionId of ids) await ask('session.subscribe', { sessionId });
    await until(() => expect(socket.seqs).toHaveLength(40));
    socket.stall();
    for (let round = 0; round < 5; round += 1) {
      for (const sessionId of ids) say(sessionId, 10, 1_000);
      await new Promise(setImmediate);
    }
    // 2 MB are waiting. Each subscription may add what it had at hand when the socket filled up.
    expect(socket.bufferedBytes).toBeLessThan(600_000);
    const read = setInterval(() => socket.read(2), 1);
    await until(() => expect(socket.seqs).toHaveLength(40 + 40 * 50));
    clearInterval(read);
    for (const sessionId of ids) {
      const events = socket.messages.flatMap(({ params }) => (params?.sessionId === sessionId ? [params.seq] : []));
      expect(events).toEqual(upTo(51));
    }
    expect(socket.closedWith).toBeNull();
  });

  test('[WS6] a client that asks and never reads the answers is closed before it fills the memory', async () => {
    const { socket, send } = connect(OWNER, { maxUnreadBytes: 10_000 });
    socket.stall();
    for (let i = 0; i < 500 && socket.closedWith === null; i += 1) {
      send('ping');
      await new Promise(setImmediate);
    }
    expect(socket.closedWith?.code).toBe(1008);
  });
});

describe('accounts', () => {
  const KEY: AccountCreate = { kind: 'api_key', apiKey: 'sk-secret', label: 'mine' };
  const API: Identity = { ...OWNER, kind: 'api', tokenId: 't1', principal: { id: 't1', label: 'ci' } };
  const changes = (socket: FakeSocket) =>
    socket.messages.flatMap(({ method, params }) =>
      method === 'accounts.changed' ? [(params as unknown as AccountsChanged).items] : [],
    );

  test('[ACC11] who watches them has them all, and again after a change, once for what happens in a moment', async () => {
    const { socket, ask } = connect(OWNER, { accountIntervalMs: 5 });
    const { id } = await accounts.create(KEY);
    expect(await ask('accounts.watch')).toMatchObject({ result: { items: [{ id, label: 'mine', state: 'ready' }] } });
    await ask('accounts.watch');
    for (let at = 1; at <= 50; at += 1) accounts.record(id, (health) => ({ ...health, lastUsedAtMs: at }));
    await until(() => expect(changes(socket).at(-1)).toMatchObject([{ id, lastUsedAt: '1970-01-01T00:00:00.050Z' }]));
    expect(changes(socket).length).toBeLessThan(3);
    await ask('account.delete', { accountId: id });
    await until(() => expect(changes(socket).at(-1)).toEqual([]));
    await ask('accounts.unwatch');
    const told = changes(socket).length;
    await ask('account.create', KEY);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(changes(socket)).toHaveLength(told);
  });

  test('[ACC11] a client that does not read is told when it does, and one that is gone costs nothing', async () => {
    const { socket, connection, ask } = connect(OWNER, {
      accountIntervalMs: 5,
      highWaterBytes: 100,
      lowWaterBytes: 50,
    });
    await ask('accounts.watch');
    socket.stall();
    await accounts.create(KEY);
    await until(() => expect(socket.bufferedBytes).toBeGreaterThan(100));
    await accounts.create({ ...KEY, label: 'yours' });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(changes(socket).at(-1)).toHaveLength(1);
    socket.unstall();
    await until(() => expect(changes(socket).at(-1)).toHaveLength(2));
    connection.disconnected();
    const told = changes(socket).length;
    await accounts.create(KEY);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(changes(socket)).toHaveLength(told);
  });

  test('[ACC10] an API token may see them, and change nothing', async () => {
    const { ask } = connect(API);
    const account = await accounts.create(KEY);
    const accountId = account.id;
    expect(await ask('account.list')).toMatchObject({ result: { items: [account] } });
    expect(await ask('account.get', { accountId })).toMatchObject({ result: account });
    const calls: [string, object][] = [
      ['account.create', KEY],
      ['account.update', { accountId, label: 'x' }],
      ['account.delete', { accountId }],
      ['account.reset', { accountId }],
      ['account.export', { passphrase: 'long enough' }],
      ['account.import', { passphrase: 'long enough', data: 'x' }],
      ['account.rotateKey', {}],
    ];
    for (const [method, params] of calls) {
      expect(await ask(method, params)).toMatchObject({ error: { data: { code: 'forbidden' } } });
    }
    expect(accounts.list()).toEqual([account]);
  });
});

describe('the list of sessions', () => {
  const changes = (socket: FakeSocket) =>
    socket.messages.flatMap(({ method, params }) =>
      method === 'sessions.changed' ? [params as unknown as SessionsChanged] : [],
    );

  test('[LIST1] who watches it is told each session that is new, changed or deleted, as it is by then', async () => {
    const { socket, ask } = connect(OWNER, { listIntervalMs: 5 });
    const before = await session();
    expect(await ask('sessions.watch')).toMatchObject({ result: {} });
    const after = await session();
    say(before);
    await sessions.update(before, { title: 'Tea' });
    await until(() => expect(changes(socket).flatMap(({ items }) => items.map(({ id }) => id))).toContain(after));
    const told = changes(socket).flatMap(({ items }) => items);
    expect(told.find(({ id }) => id === before)).toMatchObject({ title: 'Tea', queued: 0, approvals: [] });
    expect(told[0]).not.toHaveProperty('queue');
    await sessions.delete(after);
    await until(() => expect(changes(socket).at(-1)?.removed).toEqual([after]));
  });

  test('[LIST1] what changes within a moment is told once, and nothing without a watch or after it', async () => {
    const { socket, ask } = connect(OWNER, { listIntervalMs: 40 });
    const other = connect();
    const sessionId = await session();
    await ask('sessions.watch');
    await ask('sessions.watch');
    say(sessionId, 50);
    await until(() => expect(changes(socket)).toHaveLength(1));
    expect(changes(socket)[0]?.items.map(({ lastSeq }) => lastSeq)).toEqual([51]);
    await ask('sessions.unwatch');
    say(sessionId);
    await ask('ping');
    expect(sessions.watchers).toBe(0);
    expect(changes(other.socket)).toEqual([]);
  });

  test('[LIST2] a client that does not read gets nothing more, and then what stands by then, once', async () => {
    const { socket, ask } = connect(OWNER, { listIntervalMs: 5, highWaterBytes: 2_000, lowWaterBytes: 500 });
    const sessionId = await session();
    await ask('sessions.watch');
    socket.stall();
    await until(() => {
      say(sessionId, 1, 1_000);
      expect(socket.bufferedBytes).toBeGreaterThan(2_000);
    });
    const held = socket.frames.length;
    const summaries = () => sessions.calls.filter((call) => call.startsWith('summary')).length;
    const read = summaries();
    for (let round = 0; round < 20; round += 1) {
      say(sessionId);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
    expect([socket.frames.length, summaries()]).toEqual([held, read]);
    await sessions.update(sessionId, { title: 'at last' });
    socket.unstall();
    await until(() => expect(changes(socket).at(-1)?.items[0]?.title).toBe('at last'));
    expect(socket.frames.length).toBe(held + 1);
  });

  test('[LIST2] more changes than are told one by one make the list stale', async () => {
    const { socket, ask } = connect(OWNER, { listIntervalMs: 5, maxListChanges: 3 });
    await ask('sessions.watch');
    await Promise.all([session(), session(), session(), session()]);
    await until(() => expect(changes(socket)).toEqual([{ items: [], removed: [], stale: true }]));
    const next = await session();
    await until(() =>
      expect(
        changes(socket)
          .at(-1)
          ?.items.map(({ id }) => id),
      ).toEqual([next]),
    );
  });

  test('[LIST2] a session that cannot be read makes the list stale, and the watch goes on', async () => {
    const { socket, ask } = connect(OWNER, { listIntervalMs: 5 });
    const sessionId = await session();
    await ask('sessions.watch');
    sessions.before.set('summary', () => {
      sessions.before.delete('summary');
      throw new Error('the disk is gone');
    });
    say(sessionId);
    await until(() => expect(changes(socket)).toEqual([{ items: [], removed: [], stale: true }]));
  });

  test('[LIST1] the watch ends with its connection', async () => {
    const { connection, ask } = connect();
    await ask('sessions.watch');
    expect(sessions.watchers).toBe(1);
    connection.disconnected();
    expect(sessions.watchers).toBe(0);
  });
});

describe('signs of life', () => {
  test('[WS6] a client that answers no ping for 30 s is dropped', () => {
    vi.useFakeTimers();
    const { socket } = connect();
    vi.advanceTimersByTime(29_999);
    expect([socket.pings, socket.terminated]).toEqual([1, false]);
    vi.advanceTimersByTime(1);
    expect(socket.terminated).toBe(true);
    expect(socket.closedWith?.code).toBe(CLOSE_CODES.silent);
  });

  test('a client that answers them stays', () => {
    vi.useFakeTimers();
    const { socket, connection } = connect();
    for (let i = 0; i < 10; i += 1) {
      vi.advanceTimersByTime(15_000);
      connection.pong();
    }
    expect([socket.pings, socket.terminated]).toEqual([10, false]);
  });

  test('[guarantee 7] a client that is slow, but reads, stays although its pongs are late', async () => {
    vi.useFakeTimers();
    const { socket, send } = connect();
    socket.stall();
    for (let i = 0; i < 10; i += 1) {
      for (let j = 0; j < 3; j += 1) send('ping');
      await vi.advanceTimersByTimeAsync(10_000);
      socket.read(2);
    }
    expect(socket.terminated).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.terminated).toBe(true);
  });
});
