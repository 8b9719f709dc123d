import { expect, test } from 'vitest';
import { stepInHistory, WRITING } from './input-history.ts';

test('the arrow goes back through what was said, and forth again to what was being written', () => {
  const said = ['newest', 'older'];
  const once = stepInHistory(said, WRITING, 'half a tho', 'back');
  expect(once?.text).toBe('newest');
  const twice = stepInHistory(said, once?.place ?? WRITING, 'newest', 'back');
  expect(twice?.text).toBe('older');
  expect(stepInHistory(said, twice?.place ?? WRITING, 'older', 'back')).toBeUndefined();
  const back = stepInHistory(said, twice?.place ?? WRITING, 'older', 'forth');
  expect(back?.text).toBe('newest');
  const end = stepInHistory(said, back?.place ?? WRITING, 'newest', 'forth');
  expect(end).toEqual({ place: { index: -1, draft: 'half a tho' }, text: 'half a tho' });
  expect(stepInHistory(said, WRITING, 'half a tho', 'forth')).toBeUndefined();
});
