import { HearthError } from '@hearth/protocol';
import type { Issue } from '@hearth/protocol';
import type { z } from 'zod';
import { readJson } from '../json-text.ts';

/** Deeper JSON is refused: no honest request needs it, and recursive code on the way would overflow. */
const MAX_DEPTH = 100;
/** So is JSON of more values: each takes memory many times its own while its shape is checked. */
const MAX_VALUES = 100_000;

/** The value in the schema's shape. @throws HearthError `invalid_request` with every wrong place */
export function shaped<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw wrongShape(parsed.error.issues.map((issue) => toIssue(issue, [])));
}

export function wrongShape(issues: Issue[]): HearthError {
  const [first] = issues;
  const place = first === undefined || first.path === '' ? '' : `${first.path}: `;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new HearthError('invalid_request', `The request has the wrong shape. ${place}${first?.message ?? ''}${more}`, {
    hint: 'Mend the places that issues names; GET /v1/openapi.json describes every request.',
    issues,
  });
}

/** @throws SyntaxError when it is not JSON, HearthError `invalid_request` when it is nested too deeply or holds too much */
export function parseJson(text: string): unknown {
  const value = readJson(text);
  countValues(value, MAX_DEPTH, 0);
  return value;
}

/** Of a union, the branch that got furthest tells best what is wrong. */
function toIssue(issue: z.core.$ZodIssue, above: PropertyKey[]): Issue {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.flatMap((branch) => branch.slice(0, 1));
    const [deepest] = branches.sort((a, b) => b.path.length - a.path.length);
    if (deepest !== undefined && deepest.path.length > 0) return toIssue(deepest, path);
    if (branches.length > 0) {
      return { path: path.join('.'), message: branches.map((branch) => branch.message).join(', or ') };
    }
  }
  return { path: path.map(String).join('.'), message: issue.message };
}

/** How many values there are with those that were counted before. */
function countValues(value: unknown, levels: number, before: number): number {
  let count = before + 1;
  if (typeof value !== 'object' || value === null) return count;
  if (levels === 0) throw new HearthError('invalid_request', `The JSON is nested deeper than ${MAX_DEPTH} levels.`);
  for (const child of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    if (count >= MAX_VALUES) throw new HearthError('invalid_request', `The JSON holds more than ${MAX_VALUES} values.`);
    count = countValues(child, levels - 1, count);
  }
  return count;
}
