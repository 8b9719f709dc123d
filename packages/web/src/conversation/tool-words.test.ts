import { describe, expect, test } from 'vitest';
import { field, gist, kindOf, pathWithin, todosOf } from './tool-words.ts';

describe('what a tool call says in one line', () => {
  test('the command, the file or the pattern tells most', () => {
    expect(gist({ description: 'List', command: 'ls' })).toBe('ls');
    expect(gist({ file_path: '/a/b.ts', old_string: 'x' })).toBe('/a/b.ts');
    expect(gist({ limit: 3 })).toBeUndefined();
    expect(gist('text')).toBeUndefined();
    expect(gist(null)).toBeUndefined();
  });

  test('a field is a text or nothing', () => {
    expect(field({ plan: 'one' }, 'plan')).toBe('one');
    expect(field({ plan: 1 }, 'plan')).toBeUndefined();
  });

  test('the agent’s own kind wins over the name', () => {
    expect(kindOf('Bash', undefined)).toBe('execute');
    expect(kindOf('Bash', 'search')).toBe('search');
    expect(kindOf('mcp__x__y', undefined)).toBe('other');
  });

  test('a to-do list is read whatever it holds', () => {
    const todos = [
      { content: 'a', status: 'completed' },
      { content: 'b', status: 'unheard of' },
      { status: 'pending' },
      7,
    ];
    expect(todosOf('TodoWrite', { todos })).toEqual([
      { content: 'a', status: 'completed' },
      { content: 'b', status: 'pending' },
    ]);
    expect(todosOf('TodoWrite', { todos: 'none' })).toBeUndefined();
    expect(todosOf('Bash', { todos })).toBeUndefined();
  });

  test('only a path inside the folder loses it', () => {
    expect(pathWithin('/w/shop', '/w/shop/src/a.ts')).toBe('src/a.ts');
    expect(pathWithin('/w/shop', '/w/shopping/a.ts')).toBe('/w/shopping/a.ts');
    expect(pathWithin('/w/shop', '/etc/passwd')).toBe('/etc/passwd');
    expect(pathWithin('', '/etc/passwd')).toBe('/etc/passwd');
  });
});
