import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatheredText } from './gathered-text.ts';

const gather = (texts: readonly string[]): GatheredText =>
  texts.reduce((gathered, text) => gathered.append(text), new GatheredText());

describe('gathered text', () => {
  it('is what was appended, whatever that is and however long', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'binary-ascii', maxLength: 700 }),
      // Halves of letters, as a model that is cut between two tokens has them.
      fc.constantFrom('\uD83D', '\uDD25', '\u00E9', '\uFFFD', 'e\u0301', '\0'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = gather(pieces);
        expect(text.toString()).toBe(pieces.join(''));
        expect(text.length).toBe(pieces.join('').length);
      }),
    );
  });

  it('stays what it is when more is appended to it, also twice', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary', maxLength: 9 }), fc.string({ minLength: 200, maxLength: 300 }));
    const branch = fc.record({ from: fc.nat(), piece });
    fc.assert(
      fc.property(fc.array(branch, { maxLength: 40 }), (branches) => {
        const all = [{ text: new GatheredText(), plain: '' }];
        for (const { from, piece: more } of branches) {
          const { text, plain } = all[from % all.length] ?? { text: new GatheredText(), plain: '' };
          all.push({ text: text.append(more), plain: plain + more });
        }
        expect(all.map(({ text }) => text.toString())).toEqual(all.map(({ plain }) => plain));
      }),
    );
  });

  it('takes a text whose letters need more room than a chunk has left', () => {
    for (let left = 0; left < 8; left += 1) {
      const start = 'a'.repeat(256 - left);
      for (const more of ['é', 'aé', 'éa', '€uro', 'fire 🔥', 'z']) {
        expect(gather([start, more, 'end']).toString()).toBe(`${start}${more}end`);
      }
    }
  });
});
