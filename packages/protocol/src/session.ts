import { z } from 'zod';
import { approvalSchema } from './approval.ts';
import { contentSchema } from './content.ts';
import { ERROR_CODES } from './errors.ts';
import { messageSchema } from './message.ts';
import { phaseSchema } from './phase.ts';
import { sessionUsageSchema } from './usage.ts';

/** When the agent asks before it uses a tool. `bypassPermissions` needs the server's own leave. */
export const permissionModeSchema = z.enum(['default', 'acceptEdits', 'plan', 'dontAsk', 'bypassPermissions']);

export const effortSchema = z.enum(['low', 'medium', 'high', 'xhigh', 'max']);

export const metadataSchema = z.record(z.string(), z.unknown());

const APPROVAL_TIMEOUT_MIN_MS = 1_000;
const APPROVAL_TIMEOUT_MAX_MS = 365 * 24 * 3_600_000;

const title = z.string().max(500);
const approvalTimeoutMs = z
  .int()
  .min(APPROVAL_TIMEOUT_MIN_MS)
  .max(APPROVAL_TIMEOUT_MAX_MS)
  .nullable()
  .describe('How long an approval waits until it is denied; null: for ever. Holds for approvals that are asked after.');
const model = z.string().min(1).max(200);
const maxBudgetUsd = z
  .number()
  .positive()
  .nullable()
  .describe('What all turns of the session together may cost, in US dollars; null: only what the server allows.');
const maxTurnUsd = z
  .number()
  .positive()
  .nullable()
  .describe('What one turn may cost, in US dollars; null: only what the server allows.');

export const sessionCreateSchema = z.object({
  agent: z.string().min(1).optional().describe('`claude`, `scripted` or `acp:<name>`; default: the server’s.'),
  cwd: z.string().min(1).optional().describe('Absolute path inside a workspace root; default: the first root.'),
  model: model.optional(),
  title: title.optional(),
  permissionMode: permissionModeSchema.optional(),
  systemPrompt: z.string().optional().describe('Added to the agent’s own system prompt.'),
  mcpServers: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .optional()
    .describe('MCP servers by name, in the agent’s own form.'),
  allowedTools: z.array(z.string()).optional(),
  disallowedTools: z.array(z.string()).optional(),
  maxTurns: z.int().min(1).optional().describe('Bound on model rounds within one turn.'),
  maxBudgetUsd: maxBudgetUsd.optional(),
  maxTurnUsd: maxTurnUsd.optional(),
  effort: effortSchema.optional(),
  thinkingTokens: z.int().min(0).optional(),
  accountId: z.string().optional(),
  approvalTimeoutMs: approvalTimeoutMs.optional(),
  metadata: metadataSchema.optional(),
});

export const sessionUpdateSchema = z
  .object({
    title,
    model,
    permissionMode: permissionModeSchema,
    effort: effortSchema,
    archived: z.boolean(),
    accountId: z.string().nullable(),
    approvalTimeoutMs,
    maxBudgetUsd,
    maxTurnUsd,
    metadata: metadataSchema,
  })
  .partial();

export const turnOutcomeSchema = z.enum(['completed', 'interrupted', 'failed']);

/** How the last turn of a session that is over ended. */
export const lastTurnSchema = z.object({
  turnId: z.string().optional(),
  outcome: turnOutcomeSchema,
  seq: z.int().min(1).describe('Of its terminal event.'),
  endedAt: z.iso.datetime(),
  error: z
    .object({ code: z.enum(ERROR_CODES), message: z.string() })
    .optional()
    .describe('Of a turn that failed.'),
});

export const sessionSchema = z.object({
  id: z.string(),
  agent: z.string(),
  agentSessionId: z.string().optional(),
  cwd: z.string(),
  title: z.string().nullable(),
  model: z.string().nullable().describe('Null: the agent’s default.'),
  permissionMode: permissionModeSchema,
  effort: effortSchema.optional(),
  accountId: z.string().nullable().describe('Null: the server chooses.'),
  activeAccountId: z.string().optional().describe('The account that the agent used last.'),
  approvalTimeoutMs: approvalTimeoutMs.optional(),
  maxBudgetUsd: maxBudgetUsd.optional(),
  maxTurnUsd: maxTurnUsd.optional(),
  phase: phaseSchema,
  turnId: z.string().optional(),
  lastSeq: z.int().min(0),
  queue: z.array(messageSchema),
  approvals: z.array(approvalSchema),
  usage: sessionUsageSchema,
  lastTurn: lastTurnSchema.optional().describe('Absent: none is over yet, or it was taken back.'),
  forkedFrom: z
    .object({
      sessionId: z.string(),
      seq: z.int().describe('The last event of the conversation that was taken over; 0: none was.'),
      messageId: z.string().optional().describe('The message of that session whose edited form begins this one.'),
    })
    .optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  archived: z.boolean(),
  metadata: metadataSchema,
});

/** A session as a list needs it: light enough to be told of all of them, whenever one changes. */
export const sessionSummarySchema = sessionSchema.omit({ queue: true, approvals: true, metadata: true }).extend({
  queued: z.int().min(0).describe('How many messages wait.'),
  approvals: z
    .array(approvalSchema.pick({ approvalId: true, kind: true, toolName: true, title: true, expiresAt: true }))
    .describe('What waits for an answer, without its input.'),
});

/** `active`: not idle. `waiting`: an approval is pending. Without a status: all that are not archived. */
export const sessionStatusSchema = z.enum(['active', 'waiting', 'idle', 'archived', 'all']);

export const sessionListQuerySchema = z.object({
  status: sessionStatusSchema.optional(),
  q: z.string().optional().describe('Part of the title or of the working directory, case ignored.'),
  cursor: z.string().optional(),
  limit: z.int().min(1).max(200).optional().describe('Default 50.'),
});

export const sessionForkSchema = z.object({
  atSeq: z
    .int()
    .min(0)
    .optional()
    .describe('The conversation up to the last turn that was over at this event; default: all of it.'),
  editMessage: z
    .object({
      messageId: z.string().describe('A message that began a turn.'),
      content: contentSchema,
      clientMessageId: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe('The same again for the same session returns the first fork.'),
    })
    .optional()
    .describe('Instead of `atSeq`: the conversation before the turn of this message, and then this content instead.'),
});

/** Exactly one of `toSeq` and `toMessageId`. */
export const sessionRewindSchema = z.object({
  toSeq: z.int().min(0).optional().describe('Back to the last turn that was over at this event; 0: to the beginning.'),
  toMessageId: z.string().optional().describe('Back to before the turn that this message began.'),
  conversation: z.boolean().optional().describe('Rewind the conversation; default: true.'),
  files: z.boolean().optional().describe('Put back the files that the agent’s editing tools changed; default: false.'),
  dryRun: z.boolean().optional().describe('Change nothing, and answer what would be.'),
});

export const sessionRewindResultSchema = z.object({
  toSeq: z.int().min(0).describe('The last event of the conversation that stays.'),
  turns: z.int().min(0).describe('How many turns are taken back.'),
  conversation: z.boolean(),
  files: z.array(z.string()).optional().describe('Absolute paths of the files that were put back.'),
  dryRun: z.boolean(),
});

export type PermissionMode = z.infer<typeof permissionModeSchema>;
export type Effort = z.infer<typeof effortSchema>;
export type SessionCreate = z.infer<typeof sessionCreateSchema>;
export type SessionUpdate = z.infer<typeof sessionUpdateSchema>;
export type Session = z.infer<typeof sessionSchema>;
export type SessionSummary = z.infer<typeof sessionSummarySchema>;
export type LastTurn = z.infer<typeof lastTurnSchema>;
export type TurnOutcome = z.infer<typeof turnOutcomeSchema>;
export type SessionStatus = z.infer<typeof sessionStatusSchema>;
export type SessionListQuery = z.infer<typeof sessionListQuerySchema>;
export type SessionFork = z.infer<typeof sessionForkSchema>;
export type SessionRewind = z.infer<typeof sessionRewindSchema>;
export type SessionRewindResult = z.infer<typeof sessionRewindResultSchema>;
