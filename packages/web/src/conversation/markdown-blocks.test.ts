import { array, assert, constantFrom, integer, property } from 'fast-check';
import { parseMarkdownIntoBlocks } from 'streamdown';
import { expect, test } from 'vitest';
import { splitGrowing } from './markdown-blocks.ts';

const PIECES = [
  'A paragraph of words.\n\n',
  '# A heading\n\n',
  '- one\n- two\n  - inner\n\n',
  '1. first\n\n2. second\n\n',
  '```js\nconst a = 1;\n\nconst b = 2;\n```\n\n',
  '~~~\nno language\n~~~\n',
  '| a | b |\n| - | - |\n| 1 | 2 |\n\n',
  '> quoted\n> more\n\n',
  '    indented code\n\n',
  '---\n\n',
  'Setext\n======\n\n',
  '<div>\n\nhtml\n\n</div>\n\n',
  '$$\nx = 1\n$$\n\n',
  'a[^1]\n\n[^1]: note\n\n',
  'last line without an end',
];

test('a text that grows bit by bit has the blocks that it has as a whole', () => {
  assert(
    property(
      array(constantFrom(...PIECES), { minLength: 1, maxLength: 14 }),
      array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
      (pieces, steps) => {
        const text = pieces.join('');
        const split = splitGrowing(parseMarkdownIntoBlocks);
        for (let at = 0, step = 0; at < text.length; step += 1) {
          at += steps[step % steps.length] ?? 1;
          const part = text.slice(0, at);
          expect(split(part)).toEqual(parseMarkdownIntoBlocks(part));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('blocks that are done are not split again', () => {
  const asked: number[] = [];
  const split = splitGrowing((text) => {
    asked.push(text.length);
    return parseMarkdownIntoBlocks(text);
  });
  const paragraph = 'Some words that fill a line of the answer.\n\n';
  for (let count = 1; count <= 50; count += 1) split(paragraph.repeat(count));
  expect(Math.max(...asked)).toBeLessThan(paragraph.length * 8);
});
