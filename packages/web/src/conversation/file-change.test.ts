import { describe, expect, test } from 'vitest';
import { changeOf } from './file-change.ts';

const signs = { same: ' ', added: '+', removed: '-', gap: '~' } as const;
const shown = (input: unknown, structured?: unknown): string[] =>
  changeOf(input, structured)?.lines.map(({ type, text, line }) => `${line ?? ''}${signs[type]}${text}`) ?? [];

describe('the change of an editing tool', () => {
  test('is what differs, with what is around it', () => {
    const input = { file_path: '/a.ts', old_string: 'one\ntwo\nthree', new_string: 'one\n2\nthree' };
    expect(shown(input)).toEqual([' one', '-two', '+2', ' three']);
    expect(changeOf(input)).toMatchObject({ path: '/a.ts', added: 1, removed: 1 });
  });

  test('of a new file is all of it, numbered', () => {
    expect(shown({ file_path: '/a.ts', content: 'one\ntwo\n' })).toEqual(['1+one', '2+two']);
  });

  test('of several edits is one after the other', () => {
    const edits = [
      { old_string: 'a', new_string: 'b' },
      { old_string: 'c', new_string: 'd' },
    ];
    expect(shown({ file_path: '/a.ts', edits })).toEqual(['-a', '+b', '~', '-c', '+d']);
  });

  test('is the patch that the tool reported, with the file’s own line numbers', () => {
    const structured = {
      structuredPatch: [{ oldStart: 41, oldLines: 2, newStart: 41, newLines: 2, lines: [' x', '-y', '+z'] }],
    };
    expect(shown({ file_path: '/a.ts', old_string: 'y', new_string: 'z' }, structured)).toEqual([
      '41 x',
      '42-y',
      '42+z',
    ]);
  });

  test('is none for another tool', () => {
    expect(changeOf({ command: 'ls' })).toBeUndefined();
    expect(changeOf({ file_path: '/a.ts' })).toBeUndefined();
    expect(changeOf({ file_path: '/a.ts', edits: 'no list' })).toBeUndefined();
    expect(changeOf(null)).toBeUndefined();
  });
});
