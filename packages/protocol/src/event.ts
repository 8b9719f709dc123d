import { z } from 'zod';
import { approvalOutcomeSchema, approvalSchema, approvalScopeSchema } from './approval.ts';
import { contentSchema } from './content.ts';
import { ERROR_CODES } from './errors.ts';
import { prioritySchema } from './message.ts';
import { phaseSchema } from './phase.ts';
import { sessionSchema } from './session.ts';
import { contextSchema, modelUsageSchema, usageSchema } from './usage.ts';

const errorCodeSchema = z.enum(ERROR_CODES);

/** Why a turn or a message failed. `status` is the HTTP status of the model API where there was one. */
export const turnErrorSchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  hint: z.string().optional(),
  retryable: z.boolean(),
  status: z.int().optional(),
});

export const retryErrorSchema = z.object({ code: errorCodeSchema, status: z.int().optional() });

export const blockKindSchema = z.enum(['text', 'thinking']);
export const toolKindSchema = z.enum(['read', 'edit', 'execute', 'search', 'fetch', 'think', 'other']);
export const interruptCauseSchema = z.enum(['user', 'message', 'shutdown', 'crash']);
export const noticeLevelSchema = z.enum(['info', 'warning', 'error']);

export const planEntrySchema = z.object({
  content: z.string(),
  status: z.enum(['pending', 'in_progress', 'completed']),
});

export const backgroundTaskSchema = z.object({
  taskId: z.string(),
  kind: z.string(),
  title: z.string(),
  status: z.enum(['running', 'completed', 'failed', 'stopped']),
});

const envelope = {
  sessionId: z.string(),
  seq: z.int().min(1),
  time: z.iso.datetime(),
  turnId: z.string().optional(),
};

function event<Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return z.object({ ...envelope, type: z.literal(type), ...shape });
}

const models = z
  .array(modelUsageSchema)
  .optional()
  .describe('`usage` and `costUsd` by model and account, where they are known.');

const messageId = z.string();
const blockId = z.string();
const toolCallId = z.string();

/** One entry in a session's log. See section 2 of PROTOCOL.md for what each means. */
export const eventSchema = z.discriminatedUnion('type', [
  event('session.created', { session: sessionSchema }),
  event('session.updated', { changes: sessionSchema.partial() }),
  event('session.closed', { reason: z.string() }),
  event('session.rewound', {
    toSeq: z.int().min(0).describe('Turns that started after it, and before this event, are taken back.'),
    turns: z.int().min(1),
    files: z.array(z.string()).optional().describe('Absolute paths of the files that were put back.'),
  }),
  event('files.rewound', { toSeq: z.int().min(0), files: z.array(z.string()) }),
  event('phase.changed', { phase: phaseSchema, since: z.iso.datetime() }),

  event('message.queued', {
    messageId,
    clientMessageId: z.string().optional(),
    content: contentSchema,
    priority: prioritySchema,
    author: z.string(),
    place: z.int().min(0).describe('0-based position in the queue.'),
  }),
  event('message.updated', {
    messageId,
    content: contentSchema.optional(),
    priority: prioritySchema,
    place: z.int().min(0),
  }),
  event('message.delivered', { messageId, as: z.enum(['turn', 'steer']) }),
  event('message.completed', { messageId, reason: z.string().optional() }),
  event('message.cancelled', { messageId, reason: z.string().optional() }),
  event('message.failed', { messageId, error: turnErrorSchema.optional() }),

  event('turn.started', { messageIds: z.array(messageId) }),
  event('turn.completed', {
    stopReason: z.string(),
    usage: usageSchema,
    costUsd: z.number().min(0),
    durationMs: z.int().min(0),
    context: contextSchema,
    model: z.string().optional(),
    models,
  }),
  event('turn.interrupted', {
    by: interruptCauseSchema,
    usage: usageSchema.optional(),
    costUsd: z.number().min(0).optional(),
    model: z.string().optional(),
    models,
  }),
  event('turn.failed', {
    error: turnErrorSchema,
    usage: usageSchema.optional(),
    costUsd: z.number().min(0).optional(),
    model: z.string().optional(),
    models,
  }),

  event('block.started', { blockId, kind: blockKindSchema, parentToolCallId: toolCallId.optional() }),
  event('block.delta', { blockId, offset: z.int().min(0), text: z.string() }),
  event('block.completed', {
    blockId,
    kind: blockKindSchema,
    text: z.string(),
    parentToolCallId: toolCallId.optional(),
    partial: z.literal(true).optional(),
    reason: z.enum(['interrupted', 'retry']).optional(),
  }),

  event('tool.called', {
    toolCallId,
    name: z.string(),
    input: z.unknown(),
    title: z.string().optional(),
    kind: toolKindSchema.optional(),
    parentToolCallId: toolCallId.optional(),
  }),
  event('tool.completed', {
    toolCallId,
    output: z.unknown(),
    isError: z.boolean(),
    structured: z.unknown().optional(),
  }),

  event('approval.requested', approvalSchema.shape),
  event('approval.resolved', {
    approvalId: z.string(),
    decision: approvalOutcomeSchema,
    scope: approvalScopeSchema.optional(),
    by: z.string().optional(),
    message: z.string().optional(),
  }),

  event('retry.scheduled', {
    attempt: z.int().min(1),
    maxAttempts: z.int().min(1),
    delayMs: z.int().min(0),
    error: retryErrorSchema,
    accountId: z.string().optional(),
  }),
  event('account.selected', { accountId: z.string(), label: z.string(), reason: z.string() }),

  event('plan.updated', { entries: z.array(planEntrySchema) }),
  event('context.compacted', { trigger: z.string(), preTokens: z.int().min(0) }),
  event('background.changed', { tasks: z.array(backgroundTaskSchema) }),

  event('title.updated', { title: z.string() }),
  event('notice', { level: noticeLevelSchema, code: z.string(), text: z.string() }),
]);

export type Event = z.infer<typeof eventSchema>;
export type EventType = Event['type'];

/** An event before the log has numbered and dated it. */
export type EventBody = WithoutEnvelope<Event>;
type WithoutEnvelope<E> = E extends Event ? Omit<E, 'sessionId' | 'seq' | 'time'> : never;

/** The event of one type. */
export type EventOf<Type extends EventType> = Extract<Event, { type: Type }>;

export type TurnError = z.infer<typeof turnErrorSchema>;
export type RetryError = z.infer<typeof retryErrorSchema>;
export type BlockKind = z.infer<typeof blockKindSchema>;
export type ToolKind = z.infer<typeof toolKindSchema>;
export type InterruptCause = z.infer<typeof interruptCauseSchema>;
export type PlanEntry = z.infer<typeof planEntrySchema>;
export type BackgroundTask = z.infer<typeof backgroundTaskSchema>;

/** Sent every 5 s while a session is not idle; it has no `seq` and is not in the log. */
export const heartbeatSchema = z.object({
  sessionId: z.string(),
  phase: phaseSchema,
  elapsedMs: z.int().min(0).describe('Since the phase began.'),
});

export type Heartbeat = z.infer<typeof heartbeatSchema>;
