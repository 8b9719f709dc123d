import { OPERATIONS, pathParameters, usageCsv } from '@hearth/protocol';
import type { InterruptResult, Operation, OperationName, UsageReport } from '@hearth/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { perform } from '../connection/operations.ts';
import type { Operations } from '../connection/operations.ts';
import { shaped, wrongShape } from '../connection/shape.ts';
import { prefers } from './accept.ts';
import { caller } from './access.ts';

/** One route for every operation of the protocol, made from its description. */
export function addOperationRoutes(app: FastifyInstance, operations: Operations): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) addRoute(app, operations, name, OPERATIONS[name]);
}

function addRoute(app: FastifyInstance, operations: Operations, name: OperationName, operation: Operation): void {
  app.route({
    method: operation.method,
    url: routePattern(operation),
    handler: async (request, reply) => {
      const result = await perform(operations, name, caller(request), {
        ...query(operation, request.query),
        ...body(operation, request.body),
        ...(request.params as Record<string, string>),
      });
      if (operation.result === undefined) return await reply.code(operation.status).send();
      if (asksForCsv(operation, request)) {
        return await reply.type('text/csv; charset=utf-8; header=present').send(usageCsv(result as UsageReport));
      }
      return await reply
        .code(statusOf(name, operation, result))
        .type('application/json')
        .send(JSON.stringify(result));
    },
  });
}

/** The operation's path as the router writes it. */
export function routePattern(operation: Pick<Operation, 'path'>): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** An interrupt that found nothing to stop is 200 instead of 202. */
function statusOf(name: OperationName, operation: Operation, result: unknown): number {
  if (name === 'turn.interrupt' && !(result as InterruptResult).interrupted) return 200;
  return operation.status;
}

/** A `format` among the parameters wins over the header: a link can say no more. */
function asksForCsv({ otherType }: Operation, { query: given, headers }: FastifyRequest): boolean {
  if (otherType === undefined) return false;
  const { format } = given as { format?: string };
  return format === undefined ? prefers(headers.accept, otherType) : format === 'csv';
}

/** @throws HearthError `invalid_request` also for a parameter that is repeated or empty */
export function query(operation: Pick<Operation, 'query'>, given: unknown): Record<string, unknown> {
  if (operation.query === undefined) return {};
  const fields = given as Record<string, string | string[]>;
  const wrong = Object.keys(operation.query.shape).flatMap((path) => {
    const value = fields[path];
    if (Array.isArray(value)) return [{ path, message: 'is given more than once' }];
    return value === '' && path !== 'q' ? [{ path, message: 'is empty' }] : [];
  });
  if (wrong.length > 0) throw wrongShape(wrong);
  return shaped(operation.query, { ...fields, ...numbers(operation.query, fields) });
}

/** A URL has only text. What is no decimal stays text, which the schema refuses. */
function numbers({ shape }: z.ZodObject, fields: Record<string, unknown>): Record<string, number> {
  const decimals = Object.keys(shape).filter((name) => isNumber(shape[name]) && /^-?\d+$/.test(String(fields[name])));
  return Object.fromEntries(decimals.map((name) => [name, Number(fields[name])]));
}

function isNumber(schema: unknown): boolean {
  return schema instanceof z.ZodOptional ? isNumber(schema.unwrap()) : schema instanceof z.ZodNumber;
}

function body(operation: Operation, given: unknown = {}): Record<string, unknown> {
  if (operation.body === undefined) return {};
  const parsed = shaped(operation.body, given) as Record<string, unknown>;
  for (const name of pathParameters(operation)) delete parsed[name];
  return parsed;
}
