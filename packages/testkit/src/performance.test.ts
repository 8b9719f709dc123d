import { describe, expect, test } from 'vitest';
import { parseDirectives } from './directives.ts';
import { perform, splitRound } from './performance.ts';

const piecesOf = (prompt: string) => [...perform(parseDirectives(prompt), 0).pieces];
const textOf = (prompt: string) =>
  piecesOf(prompt)
    .map((piece) => (piece.type === 'text' ? piece.text : ''))
    .join('');

describe('performing a round', () => {
  test('words are one delta each, and together they are the text', () => {
    const pieces = piecesOf('[[say one  two\nthree]]');
    expect(pieces.map((piece) => piece.type === 'text' && piece.text)).toEqual(['one  ', 'two\n', 'three']);
  });

  test('tokens are exactly N deltas, MS apart', () => {
    expect(piecesOf('[[tokens 3 7]]')).toEqual([
      { type: 'text', text: 'w0 ', delayMs: 0 },
      { type: 'text', text: 'w1 ', delayMs: 7 },
      { type: 'text', text: 'w2 ', delayMs: 7 },
    ]);
  });

  test('stamps are exactly N deltas of a length, each with the time at which it was due', () => {
    const times: number[] = [];
    for (const piece of perform(parseDirectives('[[stamps 3 7 200]]'), 0).pieces) {
      if (piece.type !== 'text') continue;
      expect(piece).toMatchObject({ text: expect.stringMatching(/^@\d{16} \.+$/) });
      expect(piece.text).toHaveLength(200);
      times.push(Number(piece.text.slice(1, 17)));
    }
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 7_000, 14_000]);
    expect(piecesOf('[[stamps 2]]').map((piece) => piece.type === 'text' && piece.text.length)).toEqual([18, 18]);
  });

  test('stamps keep to a schedule, whatever was late before', () => {
    const delays: number[] = [];
    for (const piece of perform(parseDirectives('[[stamps 4 20]]'), 0).pieces) {
      delays.push(piece.type === 'text' ? piece.delayMs : Number.NaN);
      const until = performance.now() + (delays.length === 2 ? 45 : 0);
      while (performance.now() < until);
    }
    // The third was due long before its turn came; the fourth is waited for from the beginning, if it is not late as well.
    expect(delays).toEqual([0, expect.any(Number), 0, expect.any(Number)]);
    expect(delays[1]).toBeLessThanOrEqual(20);
    expect(delays[3]).toBeLessThanOrEqual(15);
  });

  test('several texts are set apart by a space, without a delta of its own', () => {
    expect(textOf('[[say a]][[say b]][[tokens 2 0]][[say c]]')).toBe('a b w0 w1 c');
    expect(piecesOf('[[say a]][[tokens 2 0]]')).toHaveLength(3);
  });

  test('thinking comes first and tools last, wherever they stand', () => {
    const types = piecesOf('[[tool A {}]] [[say hi]] [[stall 5]] [[think hm]] [[tool B {}]]').map(
      (piece) => piece.type,
    );
    expect(types).toEqual(['thinking', 'text', 'stall', 'tool', 'tool']);
  });

  test('the pause between words is the pace that was asked for', () => {
    const pieces = [...perform(parseDirectives('[[say a b c]]'), 0, { wordDelayMs: 9 }).pieces];
    expect(pieces.map((piece) => piece.type === 'text' && piece.delayMs)).toEqual([0, 9, 9]);
  });

  test('faults meet as many attempts as they say, one after the other, and then it is answered', () => {
    const round = parseDirectives('[[status 529 2]] [[cut 4]] [[status 429]] [[say ok]]');
    const faults = [0, 1, 2, 3, 4].map((attempt) => perform(round, attempt).fault);
    expect(faults).toEqual([
      { type: 'status', code: 529 },
      { type: 'status', code: 529 },
      { type: 'cut', afterDeltas: 4 },
      { type: 'status', code: 429 },
      { type: 'none' },
    ]);
  });

  test('waits before the first byte add up', () => {
    expect(perform(parseDirectives('[[hang 10]][[hang 5]]'), 0).hangMs).toBe(15);
    expect(perform(parseDirectives('[[hang 10]][[hang]]'), 0).hangMs).toBe('forever');
    expect(perform(parseDirectives('[[say x]]'), 0).hangMs).toBe(0);
  });
});

describe('splitting a script into rounds', () => {
  test('what stands after the last tool call waits for the results', () => {
    const { now, rest } = splitRound(
      parseDirectives('[[say a]][[tool A {}]][[say b]][[tool B {}]][[say c]][[status 500]]'),
    );
    expect(now.map((step) => step.type)).toEqual(['say', 'tool', 'say', 'tool']);
    expect(rest.map((step) => step.type)).toEqual(['say', 'status']);
  });

  test('without tools everything is played at once', () => {
    expect(splitRound(parseDirectives('[[say a]]')).rest).toEqual([]);
  });
});
