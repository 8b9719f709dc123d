import { describe, expect, test } from 'vitest';
import {
  ERROR_CODES,
  HearthError,
  HTTP_STATUS,
  isErrorCode,
  problemSchema,
  RPC_CODE,
  rpcErrorSchema,
} from './index.ts';
import { toProblem, toRpcError } from './index.ts';

describe('a HearthError', () => {
  test('keeps its code, message, hint, issues and cause', () => {
    const cause = new Error('disk');
    const error = new HearthError('internal', 'It broke.', {
      hint: 'Mend it.',
      issues: [{ path: 'content.0.type', message: 'is wrong' }],
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'HearthError',
      code: 'internal',
      message: 'It broke.',
      hint: 'Mend it.',
      cause,
    });
    expect(error.issues).toEqual([{ path: 'content.0.type', message: 'is wrong' }]);
  });

  test('without a cause has none', () => {
    expect(new HearthError('not_found', 'Gone.')).not.toHaveProperty('cause');
  });

  test('is itself when it is taken from itself', () => {
    const error = new HearthError('forbidden', 'No.');
    expect(HearthError.from(error)).toBe(error);
  });

  test.each([new TypeError('x is not a function'), 'a string', undefined, null, 42])(
    'made from %o is internal, says nothing of the inside, and keeps the cause',
    (thrown) => {
      const error = HearthError.from(thrown);
      expect(error.code).toBe('internal');
      expect(error.message).not.toContain('function');
      expect(error.hint).toMatch(/log/);
      expect(error.cause).toBe(thrown);
    },
  );
});

describe('the closed list of codes', () => {
  test('each has an HTTP error status and a JSON-RPC number of its own', () => {
    const numbers = ERROR_CODES.map((code) => RPC_CODE[code]);
    expect(new Set(numbers).size).toBe(ERROR_CODES.length);
    for (const number of numbers) expect(number).toBeLessThanOrEqual(-32_000);
    for (const code of ERROR_CODES) {
      expect(HTTP_STATUS[code]).toBeGreaterThanOrEqual(400);
      expect(HTTP_STATUS[code]).toBeLessThan(600);
    }
    expect(Object.keys(HTTP_STATUS).sort()).toEqual([...ERROR_CODES].sort());
    expect(Object.keys(RPC_CODE).sort()).toEqual([...ERROR_CODES].sort());
  });

  test('the numbers that the contract names are those', () => {
    expect(RPC_CODE.unauthorized).toBe(-32_001);
    expect(RPC_CODE.invalid_request).toBe(-32_602);
    expect(RPC_CODE.internal).toBe(-32_603);
    expect(HTTP_STATUS).toMatchObject({ invalid_request: 400, unauthorized: 401, forbidden: 403, not_found: 404 });
    expect(HTTP_STATUS).toMatchObject({ message_delivered: 409, approval_resolved: 409, payload_too_large: 413 });
  });

  test('knows its codes, and nothing else', () => {
    for (const code of ERROR_CODES) expect(isErrorCode(code)).toBe(true);
    for (const other of ['', 'NOT_FOUND', 'toString', undefined, null, 404, {}]) expect(isErrorCode(other)).toBe(false);
  });
});

describe('an error on the wire', () => {
  const plain = new HearthError('rate_limited', 'Too many.');
  const full = new HearthError('invalid_request', 'The request has the wrong shape.', {
    hint: 'Mend it.',
    issues: [{ path: 'content', message: 'is missing' }],
    cause: new Error('secret'),
  });

  test('is a problem document of RFC 9457 with the code beside it', () => {
    expect(toProblem(full)).toEqual({
      type: 'urn:hearth:error:invalid_request',
      title: 'invalid request',
      status: 400,
      detail: 'The request has the wrong shape.',
      code: 'invalid_request',
      hint: 'Mend it.',
      issues: [{ path: 'content', message: 'is missing' }],
    });
    expect(toProblem(plain)).toEqual({
      type: 'urn:hearth:error:rate_limited',
      title: 'rate limited',
      status: 429,
      detail: 'Too many.',
      code: 'rate_limited',
    });
  });

  test('is a JSON-RPC error with the code in its data', () => {
    expect(toRpcError(full)).toEqual({
      code: -32_602,
      message: 'The request has the wrong shape.',
      data: { code: 'invalid_request', hint: 'Mend it.', issues: [{ path: 'content', message: 'is missing' }] },
    });
    expect(toRpcError(plain)).toEqual({ code: -32_016, message: 'Too many.', data: { code: 'rate_limited' } });
  });

  test('can have one of JSON-RPC’s own numbers instead of its code’s', () => {
    expect(toRpcError(plain, -32_700)).toMatchObject({ code: -32_700, data: { code: 'rate_limited' } });
  });

  test('has the shape that the schemas promise, for every code, and never the cause', () => {
    for (const code of ERROR_CODES) {
      const error = new HearthError(code, 'No.', { cause: new Error('secret') });
      expect(problemSchema.parse(toProblem(error))).toEqual(toProblem(error));
      expect(rpcErrorSchema.parse(toRpcError(error))).toEqual(toRpcError(error));
      expect(JSON.stringify([toProblem(error), toRpcError(error)])).not.toContain('secret');
    }
  });
});
