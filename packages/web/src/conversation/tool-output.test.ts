import { describe, expect, test } from 'vitest';
import { outputImages, outputText } from './tool-output.ts';

describe('the output of a tool', () => {
  test('is its text, whatever it comes in', () => {
    expect(outputText('plain')).toBe('plain');
    expect(
      outputText([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    ).toBe('a\nb');
    expect(outputText({ rows: 1 })).toBe('{\n  "rows": 1\n}');
    expect(outputText(undefined)).toBe('');
  });

  test('has no colours and cursor moves of a terminal', () => {
    expect(outputText('\u001b[31mred\u001b[0m \u001b]0;title\u0007done\u001b[2K')).toBe('red done');
  });

  test('images are data, of known types and nothing else', () => {
    const image = (media_type: string, data: string) => ({
      type: 'image',
      source: { type: 'base64', media_type, data },
    });
    const output = [
      { type: 'text', text: 'seen' },
      image('image/png', 'iVBORw0='),
      image('image/svg+xml', 'PHN2Zz4='),
      image('image/png', 'https://stranger.example/pixel.png'),
    ];
    expect(outputImages(output)).toEqual(['data:image/png;base64,iVBORw0=']);
    expect(outputText(output.slice(0, 2))).toBe('seen');
    expect(outputImages('text')).toEqual([]);
  });
});
