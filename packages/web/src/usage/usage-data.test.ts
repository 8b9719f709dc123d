import type { UsageItem } from '@hearth/protocol';
import { expect, test, vi } from 'vitest';

// What is added up here comes from no server.
vi.mock('../server.ts', () => ({ hearth: {} }));
const { daysOf, everyDay, regrouped } = await import('./usage-data.ts');

function item(key: string, costUsd: number, turns = 1): UsageItem {
  return { key, costUsd, turns, inputTokens: 10, outputTokens: 1, cacheReadTokens: 5, cacheCreationTokens: 2 };
}

test('a period has each of its days up to today, also those without any use', () => {
  const days = daysOf('week', Date.UTC(2026, 2, 3, 23, 59));
  expect(days).toEqual([
    '2026-02-25',
    '2026-02-26',
    '2026-02-27',
    '2026-02-28',
    '2026-03-01',
    '2026-03-02',
    '2026-03-03',
  ]);
  const all = everyDay(days, [item('2026-03-01', 2)]);
  expect(all.map(({ costUsd }) => costUsd)).toEqual([0, 0, 0, 0, 2, 0, 0]);
});

test('sessions of one project are added up, the dearest project first', () => {
  const folders = new Map([
    ['a', '/shop'],
    ['b', '/shop'],
    ['c', '/site'],
  ]);
  const all = regrouped([item('a', 1), item('c', 3), item('b', 1.5, 4)], ({ key }) => folders.get(key) ?? '');
  expect(all.map(({ key, costUsd, turns, inputTokens }) => [key, costUsd, turns, inputTokens])).toEqual([
    ['/site', 3, 1, 10],
    ['/shop', 2.5, 5, 20],
  ]);
});
