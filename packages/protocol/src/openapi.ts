import { z } from 'zod';
import {
  eventPageSchema,
  eventsQuerySchema,
  OPERATIONS,
  pathParameters,
  transcriptQuerySchema,
  transcriptSchema,
} from './operation.ts';
import type { Operation } from './operation-shape.ts';
import { problemSchema } from './problem.ts';
import { PROTOCOL_VERSION } from './version.ts';

type Json = Record<string, unknown>;

/** Calls that only HTTP has: streams and documents. */
const HTTP_ONLY: (Operation & { content: Record<string, z.ZodType> })[] = [
  {
    name: 'session.events',
    summary: 'The log after a seq, as a page (JSON) or as a stream that stays open (Server-Sent Events)',
    method: 'GET',
    path: '/v1/sessions/{sessionId}/events',
    status: 200,
    query: eventsQuerySchema,
    content: { 'application/json': eventPageSchema, 'text/event-stream': z.string() },
  },
  {
    name: 'session.transcript',
    summary: 'The conversation, for reading and export',
    method: 'GET',
    path: '/v1/sessions/{sessionId}/transcript',
    status: 200,
    query: transcriptQuerySchema,
    content: { 'application/json': transcriptSchema, 'text/markdown': z.string() },
  },
];

/** The OpenAPI 3.1 document of the HTTP API, made from the schemas. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const operation of Object.values(OPERATIONS) as Operation[]) {
    addOperation(paths, operation, contentOf(operation));
  }
  for (const operation of HTTP_ONLY) addOperation(paths, operation, operation.content);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hearth',
      version,
      description: `Hearth protocol, version ${PROTOCOL_VERSION}: long-lived agent sessions over HTTP and WebSocket.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'hearth' },
      },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
    },
  };
}

function contentOf({ result, otherType }: Operation): Record<string, z.ZodType> | undefined {
  if (result === undefined) return undefined;
  return { 'application/json': result, ...(otherType === undefined ? {} : { [otherType]: z.string() }) };
}

function addOperation(paths: Record<string, Json>, operation: Operation, content?: Record<string, z.ZodType>): void {
  const entry = (paths[operation.path] ??= {});
  entry[operation.method.toLowerCase()] = {
    operationId: operation.name,
    summary: operation.summary,
    tags: [operation.name.split('.')[0]],
    parameters: [
      ...pathParameters(operation).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...queryParameters(operation),
    ],
    ...(operation.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(operation.body, 'input') } },
          },
        }),
    responses: {
      [operation.status]: {
        description: 'Success',
        ...(content === undefined
          ? {}
          : {
              content: Object.fromEntries(
                Object.entries(content).map(([type, schema]) => [type, { schema: jsonSchema(schema, 'output') }]),
              ),
            }),
      },
      default: {
        description: 'Error',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function queryParameters(operation: Operation): Json[] {
  if (operation.query === undefined) return [];
  return Object.entries(operation.query.shape).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: jsonSchema(schema as z.ZodType, 'input'),
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
