import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BENCHMARKS } from '../src/benchmarks/all.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'hearth-bench-test-'));
/** All benchmarks one after the other, also on a machine that is busy. */
const TIMEOUT_MS = 600_000;

beforeAll(() => {
  execFileSync(process.execPath, [path('../build.mjs')]);
});

afterAll(() => rmSync(out, { recursive: true, force: true }));

test(
  'every benchmark runs in its short form, and the report has the figures of each',
  async () => {
    await promisify(execFile)(process.execPath, [path('../dist/command.js'), '--short', '--out', out]);
    const report = readFileSync(join(out, 'RESULTS.md'), 'utf8');
    expect(report).toContain('these figures mean nothing');
    for (const { name, title } of BENCHMARKS) {
      const section = report.split('\n## ').find((part) => part.startsWith(title)) ?? '';
      expect(section, `the section of ${name}`).toContain(`npm run bench -- ${name}`);
      expect(section).not.toContain('could not be measured');
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
  },
  TIMEOUT_MS,
);

test('a benchmark that there is not is refused, with the names of those that there are', async () => {
  const run = promisify(execFile)(process.execPath, [path('../dist/command.js'), 'speed']);
  await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('follow-up') });
});
