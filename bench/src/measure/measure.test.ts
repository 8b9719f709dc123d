import { Buffer } from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { report, sectionOf, table } from '../report/markdown.ts';
import { readSections } from '../report/sections.ts';
import { StampCounter, StampMaker } from '../wire/stamps.ts';
import { Distribution } from './distribution.ts';
import { Histogram } from './histogram.ts';

describe('what the figures are made with', () => {
  test('quantiles lie between the samples that are nearest', () => {
    const some = new Distribution([4, 1, 3, 2]);
    expect([some.quantile(0), some.quantile(0.25), some.median, some.quantile(1)]).toEqual([1, 1.75, 2.5, 4]);
    expect(new Distribution([]).median).toBeNaN();
  });

  test('a histogram knows its quantiles to one percent', () => {
    const histogram = new Histogram();
    for (let ms = 1; ms <= 1_000; ms += 1) histogram.add(ms * 1000);
    expect(histogram.quantileMs(0.5) / 500).toBeCloseTo(1, 1.9);
    expect(histogram.quantileMs(0.99) / 990).toBeCloseTo(1, 1.9);
    expect(new Histogram().quantileMs(0.5)).toBeNaN();
  });

  test('a stamp is counted once, wherever it stands and however often it comes', () => {
    const ages: number[] = [];
    const counter = new StampCounter((us) => ages.push(us));
    const maker = new StampMaker();
    const [first, second] = [maker.next(40), maker.next(40)];
    expect(first).toMatch(/^@\d{16} \.{22}$/);
    counter.take(Buffer.from(`[{"text":"${first}${second}"}]`));
    counter.take(Buffer.from(`{"text":"${first}${second}${maker.next(20)}"}`));
    expect(counter.count).toBe(3);
    expect(ages.every((us) => us > -1_000 && us < 60_000_000)).toBe(true);
  });

  test('a table compares with the first that did the same', () => {
    const lines = table([
      { name: 'Hearth, 10 clients', unit: 'ms', samples: [2, 2] },
      { name: 'plain, 10 clients', unit: 'ms', samples: [1] },
      { name: 'Hearth, 20 clients', unit: 'ms', samples: [8] },
      { name: 'plain, 20 clients', unit: 'ms', samples: [2], p99: 7 },
    ]);
    expect(lines.slice(2).map((line) => line.split('|').at(-2)?.trim())).toEqual(['1.00', '0.50', '1.00', '0.25']);
    expect(lines[2]).toContain('2.00–2.00');
    expect(lines[5]).toContain('7.00');
  });

  test('a goal that is missed is told together with the floor that misses it too', () => {
    const goals = [
      atMost('near', 1.1, 1.2, ' ms', 1.3),
      atMost('forbidden', 1.5, 1.2, ' ms', 1.3),
      atMost('far', 1.5, 1.2, ' ms', 1.1),
      atMost('alone', 1.5, 1.2),
    ];
    const text = report([sectionOf({ benchmark: named('b'), circumstances: '', outcome: { rows: [], goals } })]);
    expect(text).toContain('Goals met: 1 of 4; of the other 3 the floor itself misses 1.');
    expect(text.split('\n').filter((line) => line.includes('at most'))).toEqual([
      '| near: at most 1.2 ms | 1.10 ms | yes |',
      '| forbidden: at most 1.2 ms | 1.50 ms | no; the floor itself has 1.30 ms |',
      '| far: at most 1.2 ms | 1.50 ms | **no** |',
      '| alone: at most 1.2 | 1.50 | **no** |',
    ]);
  });

  test('what other benchmarks have left in the report stays, with their goals', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-report-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'RESULTS.md');
    expect(readSections(file).size).toBe(0);
    const section = (name: string, value: number): string =>
      sectionOf({
        benchmark: named(name),
        circumstances: 'Here.',
        outcome: { rows: [{ name: 'Hearth', unit: 'ms', samples: [value] }], goals: [atMost('near', value, 1.2)] },
      });
    const [old, kept] = [section('one', 1.5), section('two-by-two', 1.1)];
    writeFileSync(file, report([old, kept]));
    const sections = readSections(file);
    expect([...sections]).toEqual([
      ['one', old],
      ['two-by-two', kept],
    ]);
    expect(report([...sections.set('one', section('one', 1)).values()])).toBe(report([section('one', 1), kept]));
    expect(readFileSync(file, 'utf8')).toContain('Goals met: 1 of 2; of the other 1 the floor itself misses 0.');
    expect(report([kept])).toContain('Goals met: 1 of 1.');
  });
});

function named(name: string): Benchmark {
  return { name, title: `About ${name}`, about: 'About.', run: () => Promise.reject(new Error('not here')) };
}
