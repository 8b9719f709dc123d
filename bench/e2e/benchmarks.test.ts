import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BENCHMARKS } from '../src/benchmarks/all.ts';
import type { Counts } from '../src/guard/hot-path.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'hearth-bench-test-'));
/** All benchmarks one after the other, also on a machine that is busy. */
const TIMEOUT_MS = 600_000;

beforeAll(() => {
  execFileSync(process.execPath, [path('../build.mjs')]);
});

afterAll(() => rmSync(out, { recursive: true, force: true }));

/** What one delta costs on its way to so many clients, as it was recorded; bytes by the major version of Node. */
const recorded = JSON.parse(readFileSync(path('../guard.json'), 'utf8')) as Record<
  string,
  Omit<Counts, 'allocatedBytes'> & { allocatedBytes: Record<string, number> }
>;
/** Code is interpreted and nothing is collected: what is allocated is then the same each time, but for a percent. */
const COUNTING = [
  '--no-opt',
  '--no-sparkplug',
  '--expose-gc',
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
];
const TOLERANCE = 1.1;

test.each(Object.keys(recorded))('a delta to %s clients costs no more than was recorded in guard.json', (clients) => {
  const output = execFileSync(process.execPath, [...COUNTING, path('../dist/guard.js'), clients], { encoding: 'utf8' });
  const { allocatedBytes, ...work } = JSON.parse(output) as Counts;
  const { allocatedBytes: allowed = {}, ...expected } = recorded[clients] ?? {};
  expect(work, 'commits, encodings and frames are what they were; record them when that is meant').toEqual(expected);
  const [major = ''] = process.versions.node.split('.');
  const bytes = allowed[major] ?? Math.max(...Object.values(allowed)) * 2;
  expect(allocatedBytes, 'bytes that are allocated; look at what the change makes for each delta').toBeLessThan(
    bytes * TOLERANCE,
  );
});

test(
  'every benchmark runs in its short form, and the report has the figures of each',
  async () => {
    const run = promisify(execFile)(process.execPath, [path('../dist/command.js'), '--short', '--out', out]);
    // Also when one failed there is a report, which says which and why.
    const [ended] = await Promise.allSettled([run]);
    const report = readFileSync(join(out, 'RESULTS.md'), 'utf8');
    expect(report).toContain('these figures mean nothing');
    for (const { name, title } of BENCHMARKS) {
      const section = report.split('\n## ').find((part) => part.startsWith(title)) ?? '';
      expect(section, `the section of ${name}`).toContain(`npm run bench -- ${name}`);
      expect(section).not.toMatch(/could not be measured/i);
      if (name === 'install') continue;
      const figures = [...section.matchAll(/^\| \S.* \| (\S+) (?:ms|s|kB|MB|%|events\/s|deltas\/s)/gm)].map(
        ([, value]) => value,
      );
      expect(figures.length, `figures of ${name}`).toBeGreaterThan(1);
      expect(figures, `figures of ${name}`).not.toContain('—');
    }
    const linked = [...report.matchAll(/charts\/(\S+\.svg)/g)].map(([, file]) => String(file));
    expect(new Set(readdirSync(join(out, 'charts')))).toEqual(new Set(linked));
    for (const file of linked) expect(readFileSync(join(out, 'charts', file), 'utf8')).toContain('<polyline');
    expect(ended).toMatchObject({ status: 'fulfilled' });
  },
  TIMEOUT_MS,
);

test('a benchmark that there is not is refused, with the names of those that there are', async () => {
  const run = promisify(execFile)(process.execPath, [path('../dist/command.js'), 'speed']);
  await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('follow-up') });
});
