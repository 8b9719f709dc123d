import { z } from 'zod';
import { ACCOUNT_OPERATIONS } from './account-operations.ts';
import { agentCommandListSchema } from './agent-command.ts';
import { agentSchema } from './agent.ts';
import { approvalAnswerSchema } from './approval.ts';
import { directoryListSchema, directoryQuerySchema } from './directory.ts';
import { eventSchema } from './event.ts';
import { fileListSchema, fileQuerySchema } from './file-search.ts';
import { list } from './operation-shape.ts';
import type { Operation } from './operation-shape.ts';
import { messageSchema, messageSendSchema, messageUpdateSchema } from './message.ts';
import {
  sessionCreateSchema,
  sessionForkSchema,
  sessionListQuerySchema,
  sessionRewindResultSchema,
  sessionRewindSchema,
  sessionSchema,
  sessionUpdateSchema,
} from './session.ts';
import { loginLinkSchema, tokenCreatedSchema, tokenCreateSchema, tokenSchema } from './token.ts';
import { budgetListSchema, usageQuerySchema, usageReportSchema } from './usage.ts';

export const sessionListSchema = list(sessionSchema);
export const messageListSchema = list(messageSchema);
export const agentListSchema = list(agentSchema);
export const tokenListSchema = list(tokenSchema);

export const pageQuerySchema = z.object({
  cursor: z.string().optional(),
  limit: z.int().min(1).max(1000).optional(),
});

/** `after: -1` means live only; without it the whole log. */
export const eventsQuerySchema = z.object({
  after: z.int().min(-1).optional(),
  limit: z.int().min(1).max(10_000).optional().describe('Default 1000; JSON answers only.'),
});

export const eventPageSchema = z.object({ items: z.array(eventSchema), lastSeq: z.int().min(0) });

export const interruptSchema = z.object({
  cancelQueued: z.boolean().optional().describe('Also cancels every message that is not delivered yet.'),
});

export const interruptResultSchema = z.object({
  interrupted: z.boolean().describe('False: nothing was running.'),
  turnId: z.string().optional(),
});

export const approvalResultSchema = z.object({ approvalId: z.string(), decision: z.enum(['allow', 'deny', 'answer']) });

export const transcriptQuerySchema = z.object({
  format: z.enum(['md', 'json']).optional().describe('Default `json`.'),
});

export const transcriptSchema = z.object({
  session: sessionSchema,
  items: z.array(eventSchema).describe('The log without deltas.'),
});

const session = '/v1/sessions/{sessionId}';

/** Every call of section 4 of PROTOCOL.md that both HTTP and JSON-RPC offer, by its JSON-RPC name. */
export const OPERATIONS = {
  'session.create': {
    name: 'session.create',
    summary: 'Open a session',
    method: 'POST',
    path: '/v1/sessions',
    status: 201,
    body: sessionCreateSchema,
    result: sessionSchema,
  },
  'session.list': {
    name: 'session.list',
    summary: 'List sessions, newest activity first',
    method: 'GET',
    path: '/v1/sessions',
    status: 200,
    query: sessionListQuerySchema,
    result: sessionListSchema,
  },
  'session.get': {
    name: 'session.get',
    summary: 'Read a session',
    method: 'GET',
    path: session,
    status: 200,
    result: sessionSchema,
  },
  'session.update': {
    name: 'session.update',
    summary: 'Change a session',
    method: 'PATCH',
    path: session,
    status: 200,
    body: sessionUpdateSchema,
    result: sessionSchema,
  },
  'session.delete': {
    name: 'session.delete',
    summary: 'Close a session and remove it with its log',
    method: 'DELETE',
    path: session,
    status: 204,
  },
  'session.fork': {
    name: 'session.fork',
    summary: 'Start a new session with the conversation so far',
    method: 'POST',
    path: `${session}/fork`,
    status: 201,
    body: sessionForkSchema,
    result: sessionSchema,
  },
  'session.rewind': {
    name: 'session.rewind',
    summary: 'Take back the last turns: the conversation, the files, or both',
    method: 'POST',
    path: `${session}/rewind`,
    status: 200,
    body: sessionRewindSchema,
    result: sessionRewindResultSchema,
  },
  'session.commands': {
    name: 'session.commands',
    summary: 'List the slash commands of a session’s agent',
    method: 'GET',
    path: `${session}/commands`,
    status: 200,
    result: agentCommandListSchema,
  },
  'message.send': {
    name: 'message.send',
    summary: 'Send a message',
    method: 'POST',
    path: `${session}/messages`,
    status: 202,
    body: messageSendSchema,
    result: messageSchema,
  },
  'message.list': {
    name: 'message.list',
    summary: 'List the messages of a session',
    method: 'GET',
    path: `${session}/messages`,
    status: 200,
    query: pageQuerySchema,
    result: messageListSchema,
  },
  'message.get': {
    name: 'message.get',
    summary: 'Read a message',
    method: 'GET',
    path: `${session}/messages/{messageId}`,
    status: 200,
    result: messageSchema,
  },
  'message.update': {
    name: 'message.update',
    summary: 'Change a queued message',
    method: 'PATCH',
    path: `${session}/messages/{messageId}`,
    status: 200,
    body: messageUpdateSchema,
    result: messageSchema,
  },
  'message.cancel': {
    name: 'message.cancel',
    summary: 'Cancel a queued message',
    method: 'DELETE',
    path: `${session}/messages/{messageId}`,
    status: 200,
    result: messageSchema,
  },
  'turn.interrupt': {
    name: 'turn.interrupt',
    summary: 'Stop the running turn',
    method: 'POST',
    path: `${session}/interrupt`,
    status: 202,
    body: interruptSchema,
    result: interruptResultSchema,
  },
  'approval.answer': {
    name: 'approval.answer',
    summary: 'Answer a pending approval',
    method: 'POST',
    path: `${session}/approvals/{approvalId}`,
    status: 200,
    body: approvalAnswerSchema,
    result: approvalResultSchema,
  },
  'agent.list': {
    name: 'agent.list',
    summary: 'List the agents and what they can do',
    method: 'GET',
    path: '/v1/agents',
    status: 200,
    result: agentListSchema,
  },
  'directory.list': {
    name: 'directory.list',
    summary: 'List the folders that a session may work in',
    method: 'GET',
    path: '/v1/directories',
    status: 200,
    query: directoryQuerySchema,
    result: directoryListSchema,
  },
  'file.search': {
    name: 'file.search',
    summary: 'Find files below a working directory by their path',
    method: 'GET',
    path: '/v1/files',
    status: 200,
    query: fileQuerySchema,
    result: fileListSchema,
  },
  'usage.report': {
    name: 'usage.report',
    summary: 'Tokens and cost',
    method: 'GET',
    path: '/v1/usage',
    status: 200,
    query: usageQuerySchema,
    result: usageReportSchema,
    otherType: 'text/csv',
  },
  'budget.list': {
    name: 'budget.list',
    summary: 'The budgets of today, and what was spent of them',
    method: 'GET',
    path: '/v1/budgets',
    status: 200,
    result: budgetListSchema,
  },
  'token.list': {
    name: 'token.list',
    summary: 'List API tokens',
    method: 'GET',
    path: '/v1/tokens',
    status: 200,
    result: tokenListSchema,
  },
  'token.create': {
    name: 'token.create',
    summary: 'Make an API token; its secret is in this answer only',
    method: 'POST',
    path: '/v1/tokens',
    status: 201,
    body: tokenCreateSchema,
    result: tokenCreatedSchema,
  },
  'token.revoke': {
    name: 'token.revoke',
    summary: 'Revoke an API token',
    method: 'DELETE',
    path: '/v1/tokens/{tokenId}',
    status: 204,
  },
  ...ACCOUNT_OPERATIONS,
  'login.create': {
    name: 'login.create',
    summary: 'Make a link that logs a browser in, once',
    method: 'POST',
    path: '/v1/login-links',
    status: 201,
    result: loginLinkSchema,
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

type InputOf<O extends Operation> = (O extends { query: infer Q extends z.ZodType } ? z.input<Q> : unknown) &
  (O extends { body: infer B extends z.ZodType } ? z.input<B> : unknown) & { [Name in PathNames<O['path']>]: string };

type ParsedOf<O extends Operation> = (O extends { query: infer Q extends z.ZodType } ? z.output<Q> : unknown) &
  (O extends { body: infer B extends z.ZodType } ? z.output<B> : unknown) & { [Name in PathNames<O['path']>]: string };

/** What a server gets with an operation once it was checked: path parameters, query and body in one object. */
export type ParsedParams<Name extends OperationName> = ParsedOf<(typeof OPERATIONS)[Name]>;

/** What one sends with an operation: path parameters, query and body in one object, as over JSON-RPC. */
export type Params<Name extends OperationName> = InputOf<(typeof OPERATIONS)[Name]>;

/** What an operation answers. */
export type Result<Name extends OperationName> = (typeof OPERATIONS)[Name] extends {
  result: infer R extends z.ZodType;
}
  ? z.output<R>
  : null;

/** The names of the placeholders in an operation's path. */
export function pathParameters(operation: Operation): string[] {
  return [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
}

/** One schema over everything an operation takes: what JSON-RPC params are checked against. */
export function paramsSchema(operation: Operation): z.ZodType {
  const path = z.object(Object.fromEntries(pathParameters(operation).map((name) => [name, z.string()])));
  const parts: z.ZodType[] = [operation.query, operation.body].filter((part) => part !== undefined);
  return parts.reduce((all, part) => z.intersection(all, part), path);
}

export type EventsQuery = z.infer<typeof eventsQuerySchema>;
export type EventPage = z.infer<typeof eventPageSchema>;
export type InterruptResult = z.infer<typeof interruptResultSchema>;
export type Transcript = z.infer<typeof transcriptSchema>;
