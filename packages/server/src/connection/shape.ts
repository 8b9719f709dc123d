import { HearthError } from '@hearth/protocol';
import type { Issue } from '@hearth/protocol';
import type { z } from 'zod';

/** Deeper JSON is refused: no honest request needs it, and recursive code on the way would overflow. */
const MAX_DEPTH = 100;

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

/** @throws SyntaxError when it is not JSON, HearthError `invalid_request` when it is nested too deeply */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (deeperThan(value, MAX_DEPTH)) {
    throw new HearthError('invalid_request', `The JSON is nested deeper than ${MAX_DEPTH} levels.`);
  }
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

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((child) => deeperThan(child, levels - 1));
}
