import {
  array,
  assert as checkProperty,
  boolean,
  constant,
  constantFrom,
  nat,
  oneof,
  property,
  record,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SOCKET_CLOSED, SOCKET_CONNECTING, SOCKET_OPEN, SocketPair, type SocketEnd } from './socket-pair.ts';

function watch(end: SocketEnd): string[] {
  const seen: string[] = [];
  end.addEventListener('message', ({ data }) => seen.push(data));
  end.addEventListener('close', ({ code, reason, wasClean }) => {
    seen.push(`closed ${code} ${reason}${wasClean ? '' : 'broken'}`);
  });
  return seen;
}

describe('a socket pair', () => {
  test('delivers nothing by itself, and then as much as it is told to', () => {
    const pair = new SocketPair();
    const seen = watch(pair.client);
    for (const text of ['a', 'b', 'c']) pair.server.send(text);
    expect(seen).toEqual([]);
    expect(pair.pending('client')).toBe(3);
    expect(pair.deliver('client', 2)).toBe(2);
    expect(seen).toEqual(['a', 'b']);
    expect(pair.deliver('client', 5)).toBe(1);
    expect(pair.deliver('client')).toBe(0);
  });

  test('counts what is not delivered in bytes', () => {
    const pair = new SocketPair();
    pair.server.send('é1');
    pair.server.send('2');
    expect(pair.server.bufferedAmount).toBe(4);
    expect(pair.client.bufferedAmount).toBe(0);
    pair.deliver('client');
    expect(pair.server.bufferedAmount).toBe(1);
  });

  test('flush delivers answers to answers too', () => {
    const pair = new SocketPair();
    const seen = watch(pair.client);
    pair.server.addEventListener('message', ({ data }) => pair.server.send(`${data} back`));
    pair.client.send('hi');
    pair.flush();
    expect(seen).toEqual(['hi back']);
  });

  test('in auto mode delivers soon after, never inside send', async () => {
    const pair = new SocketPair({ auto: true });
    const seen = watch(pair.server);
    pair.client.send('a');
    expect(seen).toEqual([]);
    await Promise.resolve();
    expect(seen).toEqual(['a']);
  });

  test('a held end reads nothing until it is released', async () => {
    const pair = new SocketPair({ auto: true });
    const seen = watch(pair.client);
    pair.hold('client');
    pair.server.send('a');
    pair.server.send('b');
    pair.flush();
    await Promise.resolve();
    expect(seen).toEqual([]);
    expect(pair.server.bufferedAmount).toBe(2);
    expect(pair.deliver('client')).toBe(1);
    expect(seen).toEqual(['a']);
    pair.release('client');
    await Promise.resolve();
    expect(seen).toEqual(['a', 'b']);
  });

  test('a close comes after what was sent before it, and ends both sides', () => {
    const pair = new SocketPair();
    const [client, server] = [watch(pair.client), watch(pair.server)];
    pair.server.send('last');
    pair.server.close(4401, 'no token');
    pair.server.close(1000);
    expect(() => pair.server.send('too late')).toThrow('not open');
    expect(pair.client.readyState).toBe(SOCKET_OPEN);
    pair.flush();
    expect(client).toEqual(['last', 'closed 4401 no token']);
    expect(server).toEqual(['closed 4401 no token']);
    expect(pair.client.readyState).toBe(SOCKET_CLOSED);
    expect(() => pair.client.send('x')).toThrow('not open');
  });

  test('a cut loses what is on its way', () => {
    const pair = new SocketPair();
    const [client, server] = [watch(pair.client), watch(pair.server)];
    pair.server.send('a');
    pair.server.send('b');
    pair.deliver('client');
    pair.cut();
    pair.flush();
    expect(client).toEqual(['a', 'closed 1006 broken']);
    expect(server).toEqual(['closed 1006 broken']);
  });

  test('a cut that one end does not notice lets it send into nothing', () => {
    const pair = new SocketPair();
    const [client, server] = [watch(pair.client), watch(pair.server)];
    pair.cut('client');
    pair.server.send('into nothing');
    pair.flush();
    expect(client).toEqual(['closed 1006 broken']);
    expect(server).toEqual([]);
    expect(pair.server.readyState).toBe(SOCKET_OPEN);
    pair.cut();
    expect(server).toEqual(['closed 1006 broken']);
    expect(client).toHaveLength(1);
  });

  test('a client that is connecting cannot send, and hears nothing, until it is through', () => {
    const pair = new SocketPair({ connecting: true });
    const seen = watch(pair.client);
    pair.client.addEventListener('open', () => seen.push('open'));
    pair.server.send('welcome');
    pair.flush();
    expect(pair.client.readyState).toBe(SOCKET_CONNECTING);
    expect(() => pair.client.send('early')).toThrow('not open');
    pair.open();
    pair.flush();
    expect(seen).toEqual(['open', 'welcome']);
  });

  test('a connection may fail before it opens', () => {
    const pair = new SocketPair({ connecting: true });
    const seen = watch(pair.client);
    pair.cut();
    pair.open();
    expect(seen).toEqual(['closed 1006 broken']);
  });

  test('handlers and listeners both hear, until they are taken away', () => {
    const pair = new SocketPair();
    const seen: string[] = [];
    const listener = ({ data }: { data: string }) => void seen.push(`listener ${data}`);
    pair.client.addEventListener('message', listener);
    Object.assign(pair.client, { onmessage: ({ data }: { data: string }) => seen.push(`handler ${data}`) });
    pair.server.send('a');
    pair.flush();
    pair.client.removeEventListener('message', listener);
    pair.server.send('b');
    pair.flush();
    expect(seen).toEqual(['handler a', 'listener a', 'handler b']);
  });

  test('whatever is delivered is a prefix of what was sent, in order', () => {
    const action = oneof(
      record({ type: constant('send' as const) }),
      record({ type: constant('deliver' as const), count: nat(3) }),
      record({ type: constantFrom('hold' as const, 'release' as const, 'flush' as const) }),
    );
    checkProperty(
      property(array(action, { maxLength: 40 }), boolean(), (actions, breaks) => {
        const pair = new SocketPair();
        const seen: string[] = [];
        pair.client.addEventListener('message', ({ data }) => seen.push(data));
        const sent: string[] = [];
        for (const step of actions) {
          if (step.type === 'send') {
            sent.push(String(sent.length));
            pair.server.send(String(sent.length - 1));
          } else if (step.type === 'deliver') pair.deliver('client', step.count);
          else if (step.type === 'flush') pair.flush();
          else pair[step.type]('client');
        }
        expect(seen).toEqual(sent.slice(0, seen.length));
        expect(seen.length + pair.pending('client')).toBe(sent.length);
        if (breaks) pair.cut();
        pair.release('client');
        pair.flush();
        expect(seen).toEqual(sent.slice(0, breaks ? seen.length : sent.length));
      }),
    );
  });
});
