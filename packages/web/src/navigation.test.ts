import { expect, test } from 'vitest';
import { pageOf, sessionPath } from './navigation.ts';

test('paths lead to pages', () => {
  expect(pageOf('/')).toEqual({ name: 'home' });
  expect(pageOf('/new')).toEqual({ name: 'new' });
  expect(pageOf('/sessions/a1')).toEqual({ name: 'session', sessionId: 'a1' });
  expect(pageOf('/sessions/a1/')).toEqual({ name: 'session', sessionId: 'a1' });
  expect(pageOf('/sessions')).toEqual({ name: 'unknown' });
  expect(pageOf('/usage')).toEqual({ name: 'usage' });
  expect(pageOf('/usage/x')).toEqual({ name: 'unknown' });
  expect(pageOf('/settings')).toEqual({ name: 'settings', section: 'general' });
  expect(pageOf('/settings/tokens')).toEqual({ name: 'settings', section: 'tokens' });
  expect(pageOf('/settings/none')).toEqual({ name: 'unknown' });
  expect(pageOf('/new/x')).toEqual({ name: 'unknown' });
});

test('any id comes back out of its path', () => {
  for (const id of ['a1', 'a/b', '100%', 'ü'])
    expect(pageOf(sessionPath(id))).toEqual({ name: 'session', sessionId: id });
  expect(pageOf('/sessions/%E0%A4%A')).toEqual({ name: 'session', sessionId: '%E0%A4%A' });
});
