import { expect, test } from 'vitest';
import { prefers, wantsPage } from './accept.ts';

test.each([
  ['text/event-stream', true],
  ['TEXT/Event-Stream; charset=utf-8', true],
  ['text/event-stream, */*', true],
  ['text/event-stream, application/json', true],
  ['text/event-stream;q=0.5, application/json;q=0.4', true],
  ['application/json, text/event-stream', false],
  ['text/event-stream;q=0.5, application/json', false],
  ['text/event-stream;q=0', false],
  ['text/*', false],
  ['*/*', false],
  ['', false],
  [undefined, false],
])('Accept %j asks for a stream: %j', (accept, stream) => {
  expect(prefers(accept, 'text/event-stream')).toBe(stream);
});

test('a browser asks for pages, fetch and curl do not', () => {
  expect(wantsPage('text/html,application/xhtml+xml,*/*;q=0.8')).toBe(true);
  expect(wantsPage('*/*')).toBe(false);
  expect(wantsPage(undefined)).toBe(false);
});
