import { expect, test } from 'vitest';
import { Given } from './given.ts';

const rows = (bodies: string[]) => {
  const given = new Given(7);
  const text = given.rows(bodies, ['int', (body) => body.length], ['text', () => null], ['lines', (body) => body]);
  return { text, values: given.values };
};

test('[STO11] texts of one line go as one text, which the statement takes apart again', () => {
  expect(rows(['{"a":"\\n"}', '{}'])).toEqual({
    text: "unnest($2::int[], $3::text[], string_to_array($4::text, e'\\n'))",
    values: [7, '{10,2}', [null, null], '{"a":"\\n"}\n{}'],
  });
});

test('[STO11] a text of several lines is refused: those after it would belong to another row', () => {
  expect(() => rows(['one\ntwo'])).toThrow(/must be one line/);
});
