import { expect, test } from 'vitest';
import { placeAfter, placeOfDrop } from './reorder.ts';

test('a queued message goes one up or down, and not over the ends', () => {
  expect(placeAfter(1, 'up', 3)).toBe(0);
  expect(placeAfter(1, 'down', 3)).toBe(2);
  expect(placeAfter(0, 'up', 3)).toBeUndefined();
  expect(placeAfter(2, 'down', 3)).toBeUndefined();
});

test('what is dropped lands before or after the one that it is dropped on', () => {
  const drop = (from: number, over: number, isLowerHalf: boolean): string[] => {
    const queue = ['a', 'b', 'c', 'd'];
    const to = placeOfDrop(from, over, isLowerHalf);
    if (to === undefined) return queue;
    const [moved] = queue.splice(from, 1);
    return queue.toSpliced(to, 0, moved ?? '');
  };
  expect(drop(0, 2, true)).toEqual(['b', 'c', 'a', 'd']);
  expect(drop(0, 2, false)).toEqual(['b', 'a', 'c', 'd']);
  expect(drop(3, 0, false)).toEqual(['d', 'a', 'b', 'c']);
  expect(drop(1, 0, true)).toEqual(['a', 'b', 'c', 'd']);
  expect(drop(1, 1, true)).toEqual(['a', 'b', 'c', 'd']);
});
