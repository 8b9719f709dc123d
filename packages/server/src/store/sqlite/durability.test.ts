import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { openSqliteStore } from './open.ts';

const KILLS = 8;

let directory: string;
let program: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hearth-durability-'));
  program = join(directory, 'appender.mjs');
  const bundle = await rolldown({
    input: fileURLToPath(new URL('testing/appender.ts', import.meta.url)),
    platform: 'node',
    external: ['better-sqlite3'],
    resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
  });
  const driver = createRequire(import.meta.url).resolve('better-sqlite3');
  await bundle.write({ file: program, format: 'esm', paths: { 'better-sqlite3': driver }, codeSplitting: false });
  await bundle.close();
});

afterAll(() => rmSync(directory, { recursive: true }));

/** Runs the appender until it is killed. @returns where it began, and the last number of which it said that it is stored */
async function appendUntilKilled(
  path: string,
  commits: number,
  thenMs: number,
): Promise<{ from: number; last: number }> {
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = lines(output).length;
    output += text;
    if (before <= commits && lines(output).length > commits) setTimeout(() => child.kill('SIGKILL'), thenMs);
  });
  await gone;
  const [from = '', ...reported] = lines(output);
  return { from: Number(from.replace('from ', '')), last: Number(reported.at(-1)) };
}

/** Whole lines; what a kill cut off at the end was not said. */
function lines(output: string): string[] {
  return output.split('\n').slice(0, -1);
}

/** What each number says now; a compacted one says nothing any more. */
async function bodies(store: Store): Promise<Map<number, string>> {
  const entries = await store.events.read('s1', 0, 1_000_000, Number.MAX_SAFE_INTEGER);
  return new Map(entries.map((entry) => [entry.seq, entry.body]));
}

/** mulberry32: the same moments for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const seed = Number(process.env['HEARTH_TEST_SEED'] ?? 20_261_121);

test(
  `[LOG2] what was said to be stored outlives kill -9, and no number comes twice (seed ${seed})`,
  { timeout: 120_000 },
  async () => {
    const path = join(directory, 'hearth.db');
    const random = randomFrom(seed);
    let known = new Map<number, string>();
    let lastSeq = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { from, last } = await appendUntilKilled(path, 1 + Math.floor(random() * 40), random() * 5);
      expect(from).toBe(lastSeq);

      const store = await openSqliteStore({ path });
      const now = await bodies(store);
      const record = await store.sessions.load('s1');
      await store.close();

      lastSeq = record?.session.lastSeq ?? 0;
      expect(lastSeq).toBeGreaterThanOrEqual(last);
      expect(record?.session.title).toBe(`as of ${lastSeq}`);
      expect(Math.max(...now.keys())).toBe(lastSeq);
      // Whole blocks are compacted to their end; the deltas of the open one are all there.
      const complete = Math.floor(lastSeq / 10);
      const expected = [
        ...Array.from({ length: complete }, (_, block) => (block + 1) * 10),
        ...Array.from({ length: lastSeq % 10 }, (_, index) => complete * 10 + index + 1),
      ];
      expect([...now.keys()]).toEqual(expected);
      const kept = [...known].filter(([seq]) => now.has(seq));
      expect(kept.map(([seq]) => [seq, now.get(seq)])).toEqual(kept);
      known = now;
    }
  },
);
