import { z } from 'zod';

export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/**
 * One thing a client can ask for. The HTTP route, the JSON-RPC method, the OpenAPI document and the client's types all
 * come from this description.
 */
export interface Operation {
  /** JSON-RPC method, as in `message.send`. */
  name: string;
  summary: string;
  method: HttpMethod;
  /** With `{placeholders}`, which are the path parameters; over JSON-RPC they are fields of the params. */
  path: string;
  /** Status of success. */
  status: number;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Absent: the answer is empty (204). */
  result?: z.ZodType;
  /** The media type in which HTTP can give the result as well as in JSON. */
  otherType?: 'text/csv';
}

/** What a call that lists answers. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() });
}
