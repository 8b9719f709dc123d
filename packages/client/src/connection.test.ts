import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeServer, Refusal, SILENCE } from '../test/fake-server.ts';
import { openClient } from '../test/open-client.ts';
import { connect } from './index.ts';
import type { ConnectionState, ConnectOptions, Hearth } from './index.ts';

const clients: Hearth[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  vi.useRealTimers();
});

function open(server: FakeServer, options?: ConnectOptions): Hearth {
  const client = openClient(server, options);
  clients.push(client);
  return client;
}

function serverWithSession(): FakeServer {
  const server = new FakeServer();
  server.addSession();
  return server;
}

function statesOf(client: Hearth): ConnectionState['status'][] {
  const states: ConnectionState['status'][] = [];
  client.onState(({ status }) => {
    if (states.at(-1) !== status) states.push(status);
  });
  return states;
}

function reached(client: Hearth, isIt: (state: ConnectionState) => boolean): Promise<void> {
  return new Promise((resolve) => {
    client.onState((state) => {
      if (isIt(state)) resolve();
    });
  });
}

describe('connecting', () => {
  test('[CL1] speaks hearth.v1 at /v1/ws, and the token is in the first request, never in the URL', async () => {
    const server = new FakeServer();
    const client = open(server, { url: 'https://hearth.test/base?token=no#frag' });
    await client.ready();
    const [socket] = server.sockets;
    expect(socket).toMatchObject({ url: 'wss://hearth.test/base/v1/ws', protocols: ['hearth.v1'] });
    expect(server.calls[0]).toMatchObject({ method: 'auth', params: { token: 'secret' } });
  });

  test.each(['nonsense', 'ftp://host', 'http://user:pass@host'])('refuses %s as a url', (url) => {
    expect(() => connect({ url })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  test('without a token asks whether the cookie is enough', async () => {
    const server = new FakeServer();
    server.on('ping', () => ({}));
    const client = connect({ url: 'http://hearth.test', WebSocket: server.WebSocket });
    clients.push(client);
    await client.ready();
    expect(server.calls[0]).toMatchObject({ method: 'ping' });
    expect(server.called('auth')).toEqual([]);
  });

  test('[CL2] tries again until the server is there; what was asked for meanwhile is answered', async () => {
    const server = new FakeServer();
    server.isUp = false;
    const client = open(server);
    const states = statesOf(client);
    const agents = client.agents();
    await reached(client, (state) => state.status === 'offline' && state.attempt === 3);
    server.isUp = true;
    expect(await agents).toEqual([]);
    expect(states).toEqual(['connecting', 'offline', 'live']);
  });

  test('with reconnect false says so at the first failure', async () => {
    const server = new FakeServer();
    server.isUp = false;
    const client = open(server, { reconnect: false });
    await expect(client.agents()).rejects.toMatchObject({ code: 'connection_lost' });
    expect(client.state.status).toBe('closed');
    await expect(client.agents()).rejects.toMatchObject({ code: 'connection_lost' });
  });

  test('a WebSocket that throws is a failure like another', async () => {
    const client = connect({
      url: 'http://hearth.test',
      reconnect: false,
      WebSocket: class {
        constructor() {
          throw new Error('mixed content');
        }
        send(): void {}
      } as never,
    });
    await expect(client.ready()).rejects.toThrow(/mixed content/);
  });
});

describe('a wrong token', () => {
  test('[CL2] is told by the state, refuses all requests and feeds, and is not tried again', async () => {
    const server = serverWithSession();
    const client = open(server, { token: 'wrong' });
    const feed = client.session('s1').events();
    await expect(client.agents()).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(feed.next()).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(client.agents()).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(client.session('s1').events().next()).rejects.toMatchObject({ code: 'unauthorized' });
    expect(client.state.status).toBe('unauthorized');
    expect(server.called('auth')).toHaveLength(1);
  });

  test('[CL2] that is revoked later closes with 4401, which ends the tries; another token goes on', async () => {
    const server = serverWithSession();
    const client = open(server);
    const states = statesOf(client);
    await client.ready();
    server.cut(4401, 'The token was revoked.');
    await vi.waitFor(() => expect(client.state).toEqual({ status: 'unauthorized', reason: 'The token was revoked.' }));
    expect(server.called('auth')).toHaveLength(1);
    client.reconnect({ token: server.token });
    expect(await client.agents()).toEqual([]);
    expect(states).toEqual(['connecting', 'live', 'unauthorized', 'connecting', 'live']);
  });
});

describe('a request in flight when the connection breaks', () => {
  /** The connection breaks when the method is called for the first time, after the server has done it. */
  function cutOnFirst(server: FakeServer, method: string): void {
    server.on(method, () => {
      server.off(method);
      server.cut();
      return SILENCE;
    });
  }

  test('[CL3] is sent again when it only reads', async () => {
    const server = new FakeServer();
    cutOnFirst(server, 'agent.list');
    expect(await open(server).agents()).toEqual([]);
    expect(server.called('agent.list')).toHaveLength(2);
  });

  test('[CL3] is a message that is sent again with the same clientMessageId', async () => {
    const server = serverWithSession();
    cutOnFirst(server, 'message.send');
    const message = await open(server).session('s1').send('hello');
    const [first, second] = server.called('message.send');
    expect(first?.params['clientMessageId']).toEqual(expect.any(String));
    expect(second?.params).toEqual(first?.params);
    expect(message.clientMessageId).toBe(first?.params['clientMessageId']);
  });

  test('[CL3] is not repeated when it would be done twice; its outcome is said to be unknown', async () => {
    const server = new FakeServer();
    cutOnFirst(server, 'session.create');
    const client = open(server);
    await expect(client.sessions.create({})).rejects.toMatchObject({
      code: 'connection_lost',
      message: expect.stringContaining('unknown') as string,
    });
    await client.ready();
    expect(server.called('session.create')).toHaveLength(1);
  });

  test('[CL3] is an interrupt, which would stop the turn after the one that was meant', async () => {
    const server = serverWithSession();
    cutOnFirst(server, 'turn.interrupt');
    const client = open(server);
    await expect(client.session('s1').interrupt()).rejects.toMatchObject({ code: 'connection_lost' });
    await client.ready();
    expect(server.called('turn.interrupt')).toHaveLength(1);
  });

  test.each([
    ['cancelled', { id: 'm1', state: 'cancelled' }],
    ['delivered', { code: 'message_delivered' }],
  ])('[CL3] is the cancelling of a message that is %s by then', async (state, told) => {
    const server = serverWithSession();
    server.on('message.get', () => ({ id: 'm1', state }));
    server.on('message.cancel', () => {
      server.on('message.cancel', () => {
        throw new Refusal('message_delivered');
      });
      server.cut();
      return SILENCE;
    });
    const cancelled = open(server)
      .session('s1')
      .messages.cancel('m1')
      .catch((error: unknown) => error);
    expect(await cancelled).toMatchObject(told);
    expect(server.called('message.cancel')).toHaveLength(2);
  });

  test('is sent late when it had not been sent yet, whatever it is', async () => {
    const server = serverWithSession();
    const client = open(server);
    await client.ready();
    server.cut();
    await reached(client, ({ status }) => status === 'offline');
    server.on('session.create', () => ({ id: 's2' }));
    expect((await client.sessions.create({})).id).toBe('s2');
    expect(server.called('session.create')).toHaveLength(1);
  });

  test('is a deletion that was done: not_found of its repetition is success', async () => {
    const server = serverWithSession();
    server.on('session.delete', () => {
      server.off('session.delete');
      server.deleteSession();
      server.cut();
      return SILENCE;
    });
    const client = open(server);
    await client.session('s1').delete();
    await expect(client.session('s1').delete()).rejects.toMatchObject({ code: 'not_found' });
  });

  test('can be given up by its signal', async () => {
    const server = new FakeServer();
    server.on('agent.list', () => SILENCE);
    const controller = new AbortController();
    const asked = open(server).agents({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});

describe('many requests', () => {
  test('go out a few hundred at a time, in their order, also after a lost connection', async () => {
    const server = new FakeServer();
    const held: (() => void)[] = [];
    let answers = false;
    server.on('agent.list', ({ id }) => {
      if (answers) return { items: [] };
      held.push(() => {
        for (const socket of server.sockets) socket.sends({ jsonrpc: '2.0', id, result: { items: [] } });
      });
      return SILENCE;
    });
    const client = open(server);
    const asked = Promise.all(Array.from({ length: 600 }, () => client.agents()));
    await vi.waitFor(() => expect(held).toHaveLength(250));
    for (const answer of held.splice(0, 100)) answer();
    await vi.waitFor(() => expect(held).toHaveLength(250));
    answers = true;
    server.cut();
    expect(await asked).toHaveLength(600);
    const first = server.calls.slice(1, 351).map(({ id }) => id);
    expect(first).toEqual([...first].sort((a, b) => Number(a) - Number(b)));
    expect(server.called('agent.list')).toHaveLength(350 + 500);
  });
});

describe('errors', () => {
  test('[CL6] carry the code and the hint of the server', async () => {
    const server = new FakeServer();
    server.on('agent.list', () => {
      throw new Refusal('overloaded', 'Too much.');
    });
    await expect(open(server).agents()).rejects.toMatchObject({
      name: 'HearthError',
      code: 'overloaded',
      message: 'Too much.',
      hint: 'a hint',
    });
  });

  test('with a code that is not known become internal', async () => {
    const server = new FakeServer();
    server.on('agent.list', () => {
      throw new Refusal('from_the_future');
    });
    await expect(open(server).agents()).rejects.toMatchObject({ code: 'internal' });
  });

  test('a request over 8 MiB is refused here, since it would close the socket again and again', async () => {
    const server = serverWithSession();
    const client = open(server);
    const sent = client.session('s1').send('é'.repeat(4.2 * 1024 * 1024));
    await expect(sent).rejects.toMatchObject({ code: 'payload_too_large' });
    await client.ready();
    expect(server.called('message.send')).toEqual([]);
  });
});

describe('a server that is gone without a word', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  test('[CL4] is noticed after 15 s of silence and 10 s without an answer, and the feed goes on elsewhere', async () => {
    const server = serverWithSession();
    const client = open(server);
    const feed = client.session('s1').events();
    await vi.advanceTimersByTimeAsync(0);
    expect(client.state.status).toBe('live');
    server.freeze();
    await vi.advanceTimersByTimeAsync(24_900);
    expect(client.state.status).toBe('live');
    server.emit({ type: 'notice', level: 'info', code: 'test', text: 'a' });
    await vi.advanceTimersByTimeAsync(200);
    expect(client.state.status).toBe('live');
    expect(server.called('auth')).toHaveLength(2);
    expect((await feed.next()).value).toMatchObject({ seq: 1 });
  });

  test('one that answers pings is left in peace', async () => {
    const server = new FakeServer();
    const client = open(server);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(client.state.status).toBe('live');
    expect(server.called('auth')).toHaveLength(1);
    expect(server.called('ping').length).toBeGreaterThanOrEqual(6);
  });

  test('one that takes the socket and never answers the greeting is dropped too', async () => {
    const server = new FakeServer();
    server.on('auth', () => SILENCE);
    server.on('ping', () => SILENCE);
    const client = open(server);
    await vi.advanceTimersByTimeAsync(25_100);
    expect(server.called('auth').length).toBeGreaterThanOrEqual(2);
    expect(client.state).toMatchObject({ status: 'offline', nextRetryMs: 0 });
  });

  test('[CL2] the waits between tries grow up to the maximum, with a random part', async () => {
    const server = new FakeServer();
    server.isUp = false;
    const client = open(server, { reconnect: { initialDelayMs: 100, maxDelayMs: 1_000 } });
    const waits: number[] = [];
    client.onState((state) => {
      if (state.status === 'offline' && state.nextRetryMs > 0) waits.push(state.nextRetryMs);
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(waits.length).toBeGreaterThan(8);
    for (const [index, wait] of waits.entries()) {
      const full = Math.min(1_000, 100 * 2 ** index);
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    }
  });
});

describe('in a browser', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test('the network’s return is a reason to try at once, and so is a look at the page', async () => {
    vi.useFakeTimers();
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const window = new EventTarget();
    vi.stubGlobal('document', page);
    vi.stubGlobal('location', { origin: 'http://hearth.test' });
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
    const server = new FakeServer();
    server.isUp = false;
    const client = connect({
      token: server.token,
      WebSocket: server.WebSocket,
      reconnect: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    clients.push(client);
    await vi.advanceTimersByTimeAsync(0);
    expect(client.state).toMatchObject({ status: 'offline', attempt: 1 });
    window.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(0);
    expect(client.state).toMatchObject({ status: 'offline', attempt: 2 });
    server.isUp = true;
    page.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(0);
    expect(client.state.status).toBe('live');

    client.close();
    window.dispatchEvent(new Event('online'));
    expect(client.state.status).toBe('closed');
  });

  test('[CL4] a server that is gone is noticed no later by who looks at the page again and again', async () => {
    vi.useFakeTimers();
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const window = new EventTarget();
    vi.stubGlobal('document', page);
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
    const server = new FakeServer();
    const client = open(server);
    await vi.advanceTimersByTimeAsync(0);
    server.freeze();
    server.isUp = false;
    for (let look = 0; look < 3; look += 1) {
      await vi.advanceTimersByTimeAsync(4_000);
      page.dispatchEvent(new Event('visibilitychange'));
    }
    await vi.advanceTimersByTimeAsync(2_100);
    expect(client.state.status).toBe('offline');
    client.close();
  });
});

describe('close', () => {
  test('[CL5] settles everything that is open and leaves no timer behind', async () => {
    vi.useFakeTimers();
    const server = serverWithSession();
    server.on('agent.list', () => SILENCE);
    const client = open(server);
    const turn = client.session('s1').prompt('hello');
    const asked = Promise.allSettled([client.agents(), turn.text, turn.result, turn.message]);
    const feed = client.session('s1').events({ after: -1 });
    const next = feed.next();
    await vi.advanceTimersByTimeAsync(0);
    client.close();
    client.close();

    const codes = (await asked).map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : ''));
    expect(codes).toEqual(['client_closed', 'client_closed', 'client_closed', '']);
    expect(await next).toMatchObject({ done: expect.any(Boolean) as boolean });
    await expect(client.agents()).rejects.toMatchObject({ code: 'client_closed' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(server.sockets.size).toBe(0);
  });

  test.each([1, 2])('may come from a state listener, at its call %i while offline', async (call) => {
    const server = new FakeServer();
    server.isUp = false;
    const client = open(server);
    const asked = Promise.allSettled([client.agents()]);
    let calls = 0;
    client.onState(({ status }) => {
      if (status === 'offline' && ++calls === call) {
        server.isUp = true;
        client.close();
      }
    });
    expect(await asked).toMatchObject([{ status: 'rejected', reason: { code: 'client_closed' } }]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(server.sockets.size).toBe(0);
    expect(client.state.status).toBe('closed');
  });

  test('a listener that asks to reconnect leaves one socket', async () => {
    const server = new FakeServer();
    server.isUp = false;
    const client = open(server);
    client.onState((state) => {
      if (state.status !== 'offline' || state.nextRetryMs > 0) return;
      server.isUp = true;
      client.reconnect();
    });
    await client.ready();
    expect(server.sockets.size).toBe(1);
    client.reconnect({ token: server.token });
    await client.ready();
    expect(server.sockets.size).toBe(1);
  });

  test('a listener that throws breaks nothing and is not silent', async () => {
    const errors: unknown[] = [];
    const server = new FakeServer();
    const client = open(server, { onError: (error) => errors.push(error) });
    client.onState(({ status }) => {
      if (status === 'live') throw new Error('listener');
    });
    await client.ready();
    expect(errors).toEqual([new Error('listener')]);
  });
});
