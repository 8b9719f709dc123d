import { beforeEach, expect, test, vi } from 'vitest';
import { kept } from './kept.ts';

let stored: Map<string, string>;
let tellStorage: (event: { key: string | null }) => void;

beforeEach(() => {
  stored = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  });
  vi.stubGlobal('addEventListener', (_: string, listener: typeof tellStorage) => {
    tellStorage = listener;
  });
});

const number = () => kept('n', (value) => (typeof value === 'number' ? value : 7));

test('a kept value is read once, told when it changes, and known to the next visit', () => {
  const value = number();
  const told = vi.fn<() => void>();
  const stop = value.subscribe(told);
  expect(value.get()).toBe(7);
  value.set(8);
  expect([value.get(), told.mock.calls.length, number().get()]).toEqual([8, 1, 8]);
  stop();
  value.set(9);
  expect(told).toHaveBeenCalledTimes(1);
});

test('another tab’s change is taken over, and nonsense of another version is not', () => {
  const value = number();
  expect(value.get()).toBe(7);
  stored.set('n', '12');
  tellStorage({ key: 'other' });
  expect(value.get()).toBe(7);
  tellStorage({ key: 'n' });
  expect(value.get()).toBe(12);
  stored.set('n', '{broken');
  tellStorage({ key: null });
  expect(value.get()).toBe(7);
});

test('where storage is refused the value lives as long as the page', () => {
  const value = number();
  vi.stubGlobal('localStorage', {
    getItem: () => {
      throw new Error('refused');
    },
    setItem: () => {
      throw new Error('refused');
    },
  });
  value.set(3);
  expect(value.get()).toBe(3);
  expect(number().get()).toBe(7);
});
