import { z } from 'zod';
import { ERROR_CODES, HTTP_STATUS, RPC_CODE } from './errors.ts';
import type { HearthError } from './errors.ts';
import type { RpcError } from './rpc.ts';

/** An RFC 9457 problem document: the body of every HTTP error. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(ERROR_CODES),
  hint: z.string().optional(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export type Problem = z.infer<typeof problemSchema>;

export function toProblem(error: HearthError): Problem {
  return {
    type: `urn:hearth:error:${error.code}`,
    title: error.code.replaceAll('_', ' '),
    status: HTTP_STATUS[error.code],
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.issues === undefined ? {} : { issues: error.issues }),
  };
}

/** `number` replaces the code's own JSON-RPC number, for the standard errors such as −32700. */
export function toRpcError(error: HearthError, number: number = RPC_CODE[error.code]): RpcError {
  return {
    code: number,
    message: error.message,
    data: {
      code: error.code,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.issues === undefined ? {} : { issues: error.issues }),
    },
  };
}
