import { z } from 'zod';
import { accountsChangedSchema } from './account.ts';
import { ERROR_CODES } from './errors.ts';
import { eventSchema, heartbeatSchema } from './event.ts';
import { sessionSchema, sessionSummarySchema } from './session.ts';

/** JSON-RPC 2.0 as Hearth speaks it in the text frames of its WebSocket. */
export const rpcIdSchema = z.union([z.string(), z.number(), z.null()]);

export const rpcRequestSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: rpcIdSchema.optional().describe('Absent: a notification, which gets no answer.'),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});

export const rpcErrorSchema = z.object({
  code: z.int(),
  message: z.string(),
  data: z.object({
    code: z.enum(ERROR_CODES),
    hint: z.string().optional(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
});

export const rpcResponseSchema = z.union([
  z.object({ jsonrpc: z.literal('2.0'), id: rpcIdSchema, result: z.unknown() }),
  z.object({ jsonrpc: z.literal('2.0'), id: rpcIdSchema, error: rpcErrorSchema }),
]);

/** What changed in the list of sessions since it was last told of. */
export const sessionsChangedSchema = z.object({
  items: z.array(sessionSummarySchema).describe('Sessions that are new or changed, as they are now.'),
  removed: z.array(z.string()).describe('Ids of sessions that were deleted.'),
  stale: z.boolean().describe('More changed than is told one by one: what was read before may be out of date.'),
});

export const rpcNotificationSchema = z.discriminatedUnion('method', [
  z.object({ jsonrpc: z.literal('2.0'), method: z.literal('event'), params: eventSchema }),
  z.object({ jsonrpc: z.literal('2.0'), method: z.literal('heartbeat'), params: heartbeatSchema }),
  z.object({ jsonrpc: z.literal('2.0'), method: z.literal('sessions.changed'), params: sessionsChangedSchema }),
  z.object({ jsonrpc: z.literal('2.0'), method: z.literal('accounts.changed'), params: accountsChangedSchema }),
]);

/** Requests that only the WebSocket has. */
export const authParamsSchema = z.object({ token: z.string() });
export const subscribeParamsSchema = z.object({
  sessionId: z.string(),
  after: z.int().min(-1).optional().describe('The last seq that was seen; −1: live only; absent: the whole log.'),
});
export const unsubscribeParamsSchema = z.object({ sessionId: z.string() });
export const subscribeResultSchema = z.object({ session: sessionSchema, lastSeq: z.int().min(0) });

export type SessionsChanged = z.infer<typeof sessionsChangedSchema>;
export type RpcId = z.infer<typeof rpcIdSchema>;
export type RpcRequest = z.infer<typeof rpcRequestSchema>;
export type RpcError = z.infer<typeof rpcErrorSchema>;
export type RpcResponse = z.infer<typeof rpcResponseSchema>;
export type RpcNotification = z.infer<typeof rpcNotificationSchema>;
export type SubscribeParams = z.infer<typeof subscribeParamsSchema>;
export type SubscribeResult = z.infer<typeof subscribeResultSchema>;
