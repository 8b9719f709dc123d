import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const SOURCES = fileURLToPath(new URL('..', import.meta.url));
/** Attributes that people see or hear. */
const TOLD = new Set(['alt', 'aria-description', 'aria-label', 'label', 'placeholder', 'title']);
/** Marks that are the same in every language. */
const WORD = /\p{L}{2,}/u;
/** What is written the same everywhere: commands. */
const COMMANDS = new Set(['hearth link', './bin/hearth link']);

function wordsIn(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const note = (text: string): void => {
    if (WORD.test(text) && !COMMANDS.has(text.trim())) found.push(`${relative(SOURCES, path)}: ${text.trim()}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) note(node.text);
    if (ts.isJsxAttribute(node) && TOLD.has(node.name.getText()) && node.initializer !== undefined) {
      ts.forEachChild(node, (part) => {
        if (ts.isStringLiteral(part)) note(part.text);
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test('components hold no words of their own: they are in the catalogue', () => {
  const paths = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.tsx'));
  expect(paths.length).toBeGreaterThan(20);
  const found = paths.flatMap((path) => wordsIn(SOURCES + path));
  expect(found).toEqual([]);
});
