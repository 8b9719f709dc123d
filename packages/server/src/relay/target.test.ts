import { expect, test } from 'vitest';
import { readTarget, urlAt } from './target.ts';

test.each([
  'munity://x/v1/messages',
  '.evil.example/v1/messages',
  '@evil.example/v1/messages',
  ':81/v1/messages',
  'v1/messages',
  '//',
  '//evil.example/v1/messages',
  '/\\evil.example/v1/messages',
  '/v1/models/..%2f..%2Forganizations',
  '/v1/models/..%5corganizations',
  '*',
  '',
])('[RLY1] the target %j is none', (target) => {
  expect(readTarget(target)).toBeNull();
});

test.each([
  ['/v1/messages?beta=true#x', '/v1/messages?beta=true'],
  ['/v1/../v1/models/a%20b', '/v1/models/a%20b'],
  ['/../../v1/messages', '/v1/messages'],
  ['/\t/evil.example/v1/messages', '//evil.example/v1/messages'],
  ['/.//evil.example/v1/messages', '//evil.example/v1/messages'],
  ['/@evil.example:81/v1/messages?//evil.example', '/@evil.example:81/v1/messages?//evil.example'],
])('[RLY1] the target %j is at the host of the base, below its path', (target, path) => {
  const read = readTarget(target)!;
  expect(urlAt('https://api.anthropic.com', read).href).toBe(`https://api.anthropic.com${path}`);
  expect(urlAt('http://127.0.0.1:8080/a/gateway//', read).href).toBe(`http://127.0.0.1:8080/a/gateway${path}`);
});
