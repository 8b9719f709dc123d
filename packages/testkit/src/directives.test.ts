import { describe, expect, test } from 'vitest';
import { parseDirectives, scriptFor } from './directives.ts';

describe('directives in a prompt', () => {
  test('stand anywhere, and keep their order', () => {
    expect(parseDirectives('please [[think hm, well]] then [[say hello  there]] and\n[[tokens 3 10]] thanks')).toEqual([
      { type: 'think', text: 'hm, well' },
      { type: 'say', text: 'hello  there' },
      { type: 'tokens', count: 3, intervalMs: 10 },
    ]);
  });

  test('numbers that may be left out have their defaults', () => {
    expect(parseDirectives('[[stamps 9 2.5 200]][[stamps 4]]')).toEqual([
      { type: 'stamps', count: 9, intervalMs: 2.5, chars: 200 },
      { type: 'stamps', count: 4, intervalMs: 0, chars: 0 },
    ]);
    expect(parseDirectives('[[tokens 5]][[status 529]][[cut 4]][[hang]][[stall]][[stall 0]]')).toEqual([
      { type: 'tokens', count: 5, intervalMs: 0 },
      { type: 'status', code: 529, times: 1 },
      { type: 'cut', afterDeltas: 4, times: 1 },
      { type: 'hang', ms: 'forever' },
      { type: 'stall', ms: 'forever' },
      { type: 'stall', ms: 'forever' },
    ]);
  });

  test('numbers that are given are taken', () => {
    expect(parseDirectives('[[status 429 3]][[cut 0 2]][[hang 0]][[stall 250]]')).toEqual([
      { type: 'status', code: 429, times: 3 },
      { type: 'cut', afterDeltas: 0, times: 2 },
      { type: 'hang', ms: 0 },
      { type: 'stall', ms: 250 },
    ]);
  });

  test('a tool call has its JSON read as JSON, whatever brackets are in it', () => {
    const input = {
      command: 'if [[ -n "$x" ]]; then echo "]] {"; fi',
      list: [[1, [2]], []],
      deep: { a: { b: '\\"]]' } },
    };
    expect(parseDirectives(`run [[tool Bash ${JSON.stringify(input)}]] now`)).toEqual([
      { type: 'tool', name: 'Bash', input },
    ]);
  });

  test('a tool call may contain directives for a subagent in its input', () => {
    const prompt = '[[tool Agent {"prompt":"[[say inner]]"}]] [[say outer]]';
    expect(parseDirectives(prompt).map((step) => step.type)).toEqual(['tool', 'say']);
  });

  test('a tool call without JSON has an empty input', () => {
    expect(parseDirectives('[[tool Ping]]')).toEqual([{ type: 'tool', name: 'Ping', input: {} }]);
  });

  test('text that ends in a bracket keeps it', () => {
    expect(parseDirectives('[[say a[0]]]')).toEqual([{ type: 'say', text: 'a[0]' }]);
  });

  test.each([
    '[[tool Bash {"command": ]]',
    '[[tool Bash {"command": "x"} trailing]]',
    '[[tool Bash [1,2]]]',
    '[[tool]]',
    '[[say]]',
    '[[say never closed',
    '[[tokens]]',
    '[[tokens many 3]]',
    '[[tokens 1 2 3]]',
    '[[stamps]]',
    '[[stamps 1 2 3 4]]',
    '[[tokens -1 0]]',
    '[[status 200]]',
    '[[status 42]]',
    '[[sayhello there]]',
    '[[unknown 1]]',
  ])('%s is malformed, and so it is text', (prompt) => {
    expect(parseDirectives(prompt)).toEqual([]);
  });

  test('a malformed directive does not hide the one after it', () => {
    expect(parseDirectives('[[tool Bash {oops]] [[say still]]')).toEqual([{ type: 'say', text: 'still' }]);
  });

  test('the brackets that end one directive do not end another one', () => {
    expect(parseDirectives('[[status 1 [[say a]] [[tokens x]]]]] [[say b]] [[say c')).toEqual([
      { type: 'say', text: 'a' },
      { type: 'say', text: 'b' },
    ]);
  });

  test.each([
    ['[[say ', ''],
    ['[[think [[tokens [[stall ', ''],
    ['[[tokens ', ' '.repeat(3_000_000) + ']]'],
    ['[[tokens]', ']'.repeat(1_000_000)],
    ['[[status 1 ', ']]'],
    ['[[tool X {', ''],
    ['[[tool X {"', ''],
    ['[[tool X {"\\"', ''],
    ['[[tool X {"a":"\\\\', ''],
  ])('reading %j very many times, without an end that fits, stays quick', (part, end) => {
    expect(parseDirectives(part.repeat(1_000_000) + end)).toEqual([]);
  });
});

describe('the script for a prompt', () => {
  test('is an echo when there is no directive', () => {
    expect(scriptFor('hi there')).toEqual([{ type: 'say', text: 'echo: hi there' }]);
  });

  test('echoes too when the directives say nothing by themselves', () => {
    expect(scriptFor('hi [[status 500]]')).toEqual([
      { type: 'status', code: 500, times: 1 },
      { type: 'say', text: 'echo: hi [[status 500]]' },
    ]);
  });

  test('is what the directives say when they speak or call a tool', () => {
    expect(scriptFor('x [[say a]]')).toEqual([{ type: 'say', text: 'a' }]);
    expect(scriptFor('x [[tool A {}]]')).toHaveLength(1);
  });
});
