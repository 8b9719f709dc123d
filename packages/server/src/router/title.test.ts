import { expect, test } from 'vitest';
import { titleOf } from './title.ts';

test('[SES10] a title is the first line, cut to 80 characters', () => {
  expect(titleOf(' Make tea\nand milk')).toBe('Make tea');
  expect(titleOf('Make tea\r\nand milk')).toBe('Make tea');
  expect(titleOf('a'.repeat(80))).toBe('a'.repeat(80));
  expect(titleOf('a'.repeat(81))).toBe(`${'a'.repeat(79)}…`);
  expect(titleOf('')).toBe('');
});

test('[SES10] a title is not cut inside a surrogate pair', () => {
  expect(titleOf(`${'a'.repeat(78)}😀b`)).toBe(`${'a'.repeat(78)}…`);
  expect(titleOf(`${'a'.repeat(77)}😀bc`)).toBe(`${'a'.repeat(77)}😀…`);
  expect(titleOf(`${'a'.repeat(78)}😀`)).toBe(`${'a'.repeat(78)}😀`);
  expect(titleOf('😀'.repeat(41))).toBe(`${'😀'.repeat(39)}…`);
});
