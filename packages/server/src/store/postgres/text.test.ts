import { assert, constantFrom, property, record, string } from 'fast-check';
import { expect, test } from 'vitest';
import { decodeText, encodeText } from './text.ts';

const awkward = string({ unit: constantFrom('\u0000', '\u0001', '\u0002', 'a', '\n', '𝄞') });

test('[STO11] every text comes back, and none that is written holds U+0000', () => {
  assert(
    property(awkward, (text) => {
      expect(decodeText(encodeText(text))).toBe(text);
      expect(encodeText(text)).not.toContain('\u0000');
    }),
  );
});

test('[STO11] two texts are never written alike', () => {
  assert(
    property(awkward, awkward, (one, other) => {
      expect(encodeText(one) === encodeText(other)).toBe(one === other);
    }),
  );
});

test('[STO11] JSON is written as it is', () => {
  assert(
    property(record({ text: awkward }), (value) => {
      expect(encodeText(JSON.stringify(value))).toBe(JSON.stringify(value));
    }),
  );
});
