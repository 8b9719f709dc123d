import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { openApiDocument, OPERATIONS, pathParameters, PROTOCOL_VERSION } from './index.ts';
import type { Operation } from './index.ts';

const HTTP_ONLY = ['session.events', 'session.transcript'];

interface Call {
  operationId: string;
  parameters: { name: string; in: string; required: boolean }[];
  requestBody?: unknown;
  responses: Record<string, { content?: Record<string, unknown> }>;
}

const document = openApiDocument('1.2.3');
const paths = document['paths'] as Record<string, Record<string, Call>>;
const operations = Object.values(OPERATIONS) as Operation[];
const calls = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, call]) => ({ path, method, call })),
);

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1 and plain JSON', async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>);
    expect(result).toMatchObject({ valid: true });
    expect(validator.version).toBe('3.1');
    expect(document['info']).toMatchObject({ version: '1.2.3', title: 'Hearth' });
    expect(JSON.stringify(document['info'])).toContain(`version ${PROTOCOL_VERSION}`);
  });

  test('the validator would tell', async () => {
    const broken = structuredClone(document) as { paths: Record<string, unknown> };
    broken.paths['/v1/agents'] = { get: { responses: 'none' } };
    expect(await new Validator().validate(broken as unknown as Record<string, unknown>)).toMatchObject({
      valid: false,
    });
  });

  test('has every operation, and the two calls that only HTTP has, each once', () => {
    const ids = calls.map(({ call }) => call.operationId);
    expect(ids.toSorted()).toEqual([...operations.map(({ name }) => name), ...HTTP_ONLY].toSorted());
  });

  test.each(operations)('describes $method $path as it is', (operation) => {
    const call = paths[operation.path]?.[operation.method.toLowerCase()];
    expect(call?.operationId).toBe(operation.name);
    const named = (place: string) => call?.parameters.filter((one) => one.in === place).map(({ name }) => name);
    expect(named('path')).toEqual(pathParameters(operation));
    expect(named('query')).toEqual(Object.keys(operation.query?.shape ?? {}));
    expect(call?.requestBody !== undefined).toBe(operation.body !== undefined);
    const answer = call?.responses[String(operation.status)];
    expect(answer?.content !== undefined).toBe(operation.result !== undefined);
    expect(Object.keys(call?.responses['default']?.content ?? {})).toEqual(['application/problem+json']);
  });

  test('offers the log as JSON and as Server-Sent Events', () => {
    const answer = paths['/v1/sessions/{sessionId}/events']?.['get']?.responses['200'];
    expect(Object.keys(answer?.content ?? {})).toEqual(['application/json', 'text/event-stream']);
  });

  test('[USE5] offers a report of usage as JSON and as CSV', () => {
    const answer = paths['/v1/usage']?.['get']?.responses['200'];
    expect(Object.keys(answer?.content ?? {})).toEqual(['application/json', 'text/csv']);
  });

  test('no reference leads nowhere', () => {
    const references = findReferences(document);
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((reference) => resolve(reference) === undefined)).toEqual([]);
  });

  test('says that a token or the cookie is needed', () => {
    expect(document['security']).toEqual([{ bearer: [] }, { cookie: [] }]);
  });
});

function findReferences(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    key === '$ref' && typeof child === 'string' ? [child] : findReferences(child),
  );
}

function resolve(reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
}
