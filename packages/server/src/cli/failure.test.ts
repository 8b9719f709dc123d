import { HearthError } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { failureLines } from './failure.ts';

describe('a failure', () => {
  test('is told in a message and what to do', () => {
    const error = new HearthError('invalid_request', 'No.', {
      hint: 'Say yes.',
      issues: [{ path: 'a.b', message: 'is wrong' }],
    });
    expect(failureLines(error)).toEqual(['hearth: No.', '  a.b: is wrong', '  → Say yes.']);
    expect(failureLines(new HearthError('not_found', 'Gone.'))).toEqual(['hearth: Gone.']);
  });

  test('that nobody expected asks to be reported, and never steers the terminal', () => {
    const [first, second] = failureLines(new TypeError('x is\u001b[2J not a function'));
    expect(first).toBe('hearth: x is[2J not a function');
    expect(second).toContain('please report it');
    expect(failureLines('thrown text')[0]).toBe('hearth: thrown text');
  });
});
