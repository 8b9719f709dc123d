import { z } from 'zod';

const count = z.int().min(0);

/** Tokens of one turn, or of several added up. */
export const usageSchema = z.object({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheCreationTokens: count,
});

/** Tokens and their price in US dollars. */
export const sessionUsageSchema = usageSchema.extend({ costUsd: z.number().min(0) });

/** What a turn used of one model, on one account. */
export const modelUsageSchema = sessionUsageSchema.extend({
  model: z.string(),
  accountId: z.string().optional().describe('Absent: the agent’s own credentials.'),
});

/** How full the model's context is, in tokens. */
export const contextSchema = z.object({ usedTokens: count, maxTokens: count });

export const usageGroupSchema = z.enum(['day', 'session', 'account', 'model', 'user']);

export const usageQuerySchema = z.object({
  groupBy: usageGroupSchema.optional().describe('Default `day` (UTC).'),
  from: z.iso.datetime({ offset: true }).or(z.iso.date()).optional().describe('Inclusive.'),
  to: z.iso.datetime({ offset: true }).or(z.iso.date()).optional().describe('Exclusive; a date means its whole day.'),
  format: z.enum(['json', 'csv']).optional().describe('Of the answer over HTTP; default: what `Accept` asks for.'),
});

export const usageItemSchema = sessionUsageSchema.extend({ key: z.string(), turns: count });
export const usageTotalSchema = sessionUsageSchema.extend({ turns: count });
export const usageReportSchema = z.object({ items: z.array(usageItemSchema), total: usageTotalSchema });

export const budgetSchema = z.object({
  scope: z.enum(['user', 'account', 'server']),
  key: z.string().describe('The user’s label, the account’s id, or `server`.'),
  limitUsd: z.number().positive(),
  spentUsd: z.number().min(0).describe('Today (UTC), with the turns that run.'),
  resetsAt: z.iso.datetime(),
});

export const budgetListSchema = z.object({ items: z.array(budgetSchema) });

export type Budget = z.infer<typeof budgetSchema>;
export type BudgetList = z.infer<typeof budgetListSchema>;
export type Usage = z.infer<typeof usageSchema>;
export type SessionUsage = z.infer<typeof sessionUsageSchema>;
export type ModelUsage = z.infer<typeof modelUsageSchema>;
export type Context = z.infer<typeof contextSchema>;
export type UsageGroup = z.infer<typeof usageGroupSchema>;
export type UsageQuery = z.infer<typeof usageQuerySchema>;
export type UsageItem = z.infer<typeof usageItemSchema>;
export type UsageReport = z.infer<typeof usageReportSchema>;

export const NO_USAGE: Readonly<Usage> = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheCreationTokens: 0,
};
