import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const RULE = /\[([A-Z]+\d+)\]/g;
/** A test's name, and what a conformance case says it proves. */
const QUOTES =
  /\btest(?:\.\w+)?\((?:[^'`"]*\)\()?\s*['"`]((?:\[[A-Z]+\d+\])+)|\)\(\s*['"`]((?:\[[A-Z]+\d+\])+)|\brules: \[([^\]]*)\]/g;

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** The rules that tests quote, each with the files that do. */
function quotedRules(): Map<string, string[]> {
  const quoted = new Map<string, string[]>();
  for (const file of [...sources(join(ROOT, 'packages')), ...sources(join(ROOT, 'e2e'))]) {
    for (const [, name, eachName, list] of readFileSync(file, 'utf8').matchAll(QUOTES)) {
      for (const [rule] of (name ?? eachName ?? list ?? '').matchAll(/[A-Z]+\d+/g)) {
        quoted.set(rule, [...(quoted.get(rule) ?? []), file.slice(ROOT.length)]);
      }
    }
  }
  return quoted;
}

/** Rules that no test quotes yet. One that is quoted must be taken out. */
const UNPROVEN: string[] = [];

const spec = readFileSync(join(ROOT, 'SPEC.md'), 'utf8');
const rules = [...spec.matchAll(/^- \[([A-Z]+\d+)\] /gm)].map((match) => match[1]!);
const quoted = quotedRules();

test('every rule that a test quotes stands in SPEC.md', () => {
  const unknown = [...quoted].filter(([rule]) => !rules.includes(rule));
  expect(unknown).toEqual([]);
});

test('every rule of SPEC.md is quoted by a test', () => {
  expect(rules.filter((rule) => !quoted.has(rule))).toEqual(UNPROVEN);
});

test('every rule stands in SPEC.md once, in the order of its number within its group', () => {
  const places = rules.map((rule) => ({ group: rule.replace(/\d+$/, ''), number: Number(/\d+$/.exec(rule)?.[0]) }));
  const wrong = places.filter(({ group, number }, at) => {
    const before = places.slice(0, at).filter((place) => place.group === group);
    return before.some((place) => place.number >= number);
  });
  expect(wrong).toEqual([]);
});

test('names of tests quote rules in the one way that is looked for', () => {
  const loose = sources(join(ROOT, 'packages', 'server', 'src', 'session')).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(RULE)].map((match) => match[1]!),
  );
  expect(loose.length).toBeGreaterThan(50);
  expect(loose.filter((rule) => !quoted.has(rule))).toEqual([]);
});
