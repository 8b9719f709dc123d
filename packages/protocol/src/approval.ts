import { z } from 'zod';

/** A tool to allow, a question to answer, or a plan to accept. */
export const approvalKindSchema = z.enum(['tool', 'question', 'plan']);

export const questionSchema = z.object({
  question: z.string(),
  header: z.string().optional(),
  multiSelect: z.boolean().optional(),
  options: z.array(z.object({ label: z.string(), description: z.string().optional() })),
});

export const approvalSchema = z.object({
  approvalId: z.string(),
  kind: approvalKindSchema,
  toolCallId: z.string().optional(),
  toolName: z.string(),
  input: z.unknown().describe('What the tool would be called with.'),
  title: z.string().optional(),
  suggestions: z.array(z.unknown()).describe('The agent’s own rules that `scope: "session"` would apply.'),
  questions: z.array(questionSchema).optional(),
  expiresAt: z.iso.datetime().optional(),
});

export const approvalScopeSchema = z.enum(['once', 'session']);

export const approvalAnswerSchema = z
  .object({
    decision: z.enum(['allow', 'deny', 'answer']),
    scope: approvalScopeSchema.optional().describe('`session` applies the approval’s suggestions. Default `once`.'),
    updatedInput: z.record(z.string(), z.unknown()).optional().describe('Replaces the tool’s input.'),
    answers: z
      .record(z.string(), z.union([z.string(), z.array(z.string())]))
      .optional()
      .describe('By question text: a label or free text, or a list of them.'),
    message: z.string().optional().describe('What the agent is told, with `deny`.'),
  })
  .refine((answer) => answer.decision !== 'answer' || answer.answers !== undefined, {
    message: 'decision "answer" needs answers',
    path: ['answers'],
  });

export const approvalOutcomeSchema = z.enum(['allow', 'deny', 'answer', 'expired', 'cancelled']);

export type ApprovalKind = z.infer<typeof approvalKindSchema>;
export type Question = z.infer<typeof questionSchema>;
export type Approval = z.infer<typeof approvalSchema>;
export type ApprovalScope = z.infer<typeof approvalScopeSchema>;
export type ApprovalAnswer = z.infer<typeof approvalAnswerSchema>;
export type ApprovalOutcome = z.infer<typeof approvalOutcomeSchema>;
