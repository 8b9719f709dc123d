import { expect, test } from 'vitest';
import { readJson } from './json-text.ts';

function fault(text: string): unknown {
  try {
    return readJson(text);
  } catch (error) {
    return error;
  }
}

test('JSON is read as it is', () => {
  expect(readJson('{"a":[1,"two",null]}')).toEqual({ a: [1, 'two', null] });
});

test('[ACC12] the error of what is not JSON says what is wrong and quotes nothing of it', () => {
  const secret = 'hunter2';
  const wrong = [
    secret,
    `{"token":${secret}}`,
    `{"token":"${secret}"`,
    `{"token":"${secret}" "`,
    `{"token":"${secret}",, "a":"${secret}"}`,
    `{"token":"${secret}\n"}`,
    `"${secret}" ${secret}`,
    `["${secret}", ?, "${secret}"]`,
    `${' '.repeat(100)}{"token":${secret}, "other": "${secret}"}${' '.repeat(100)}`,
  ];
  const faults = wrong.map(fault);
  for (const error of faults) expect(error).toBeInstanceOf(SyntaxError);
  const messages = faults.map((error) => (error as SyntaxError).message);
  for (const message of messages) expect(message).toMatch(/^(?!.*hunt)\w+ .*\w/s);
  expect(messages[0]).toBe("Unexpected token 'h'");
  expect((fault('undefined') as SyntaxError).message).toBe('Unexpected word');
});
