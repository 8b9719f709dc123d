import { expect, test } from 'vitest';
import { soughtAt, withSuggestion } from './suggestion.ts';

test('a command is sought at the beginning only, a file after a blank', () => {
  expect(soughtAt('/com', 4)).toEqual({ kind: 'command', text: 'com', start: 0, end: 4 });
  expect(soughtAt('see /com', 8)).toBeUndefined();
  expect(soughtAt('/compact now', 12)).toBeUndefined();
  expect(soughtAt('look at @src/ca', 15)).toEqual({ kind: 'file', text: 'src/ca', start: 8, end: 15 });
  expect(soughtAt('look at @src/ca please', 15)?.text).toBe('src/ca');
  expect(soughtAt('me@example', 10)).toBeUndefined();
  expect(soughtAt('plain', 5)).toBeUndefined();
});

test('what is chosen takes the place of what was written', () => {
  const text = 'look at @ca please';
  const sought = soughtAt(text, 11);
  if (sought === undefined) throw new Error('nothing is sought');
  expect(withSuggestion(text, sought, { insert: '@src/cart.ts', name: '', about: '' })).toEqual({
    text: 'look at @src/cart.ts please',
    cursor: 21,
  });
});
