import { describe, expect, test } from 'vitest';
import { isOwnHost, isOwnOrigin } from './hosts.ts';

const own = { host: '127.0.0.1', allowedHosts: [] };
const proxied = { ...own, publicUrl: 'https://hearth.example' };

describe('the host', () => {
  test.each([
    ['localhost', true],
    ['127.5.0.1:9', true],
    ['[::1]', true],
    ['192.168.1.5:4640', true],
    ['192.168.1.6:4640', false],
    ['localhost.evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['localhost:4640/x', false],
    ['a b', false],
    [undefined, false],
  ])('%j, arriving at 192.168.1.5: %j', (host, allowed) => {
    expect(isOwnHost(host, '::ffff:192.168.1.5', own)).toBe(allowed);
  });

  test('may be the name that the server listens on', () => {
    expect(isOwnHost('tea.lan:4640', '10.0.0.1', { ...own, host: 'tea.lan' })).toBe(true);
    expect(isOwnHost('0.0.0.0:4640', '10.0.0.1', { ...own, host: '0.0.0.0' })).toBe(false);
  });
});

describe('the origin', () => {
  test.each([
    ['http://localhost:4640', 'localhost:4640', true],
    ['https://localhost:4640', 'localhost:4640', true],
    ['http://localhost:4640', 'LOCALHOST:4640', true],
    ['http://localhost', 'localhost:80', true],
    ['http://localhost:3000', 'localhost:4640', false],
    ['http://127.0.0.1:4640', 'localhost:4640', false],
    ['http://localhost:4640.evil.example', 'localhost:4640', false],
    ['http://localhost:4640@evil.example', 'localhost:4640', false],
    ['chrome-extension://localhost:4640', 'localhost:4640', false],
    ['null', 'localhost:4640', false],
    ['', 'localhost:4640', false],
    ['http://localhost:4640', undefined, false],
  ])('%j for the host %j: %j', (origin, host, allowed) => {
    expect(isOwnOrigin(origin, host, own)).toBe(allowed);
  });

  test('of a public address has its scheme too, whatever host the proxy sends on', () => {
    expect(isOwnOrigin('https://hearth.example', '127.0.0.1:4640', proxied)).toBe(true);
    expect(isOwnOrigin('https://hearth.example', 'hearth.example', proxied)).toBe(true);
    expect(isOwnOrigin('http://hearth.example', 'hearth.example', proxied)).toBe(false);
  });
});
