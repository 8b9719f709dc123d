import { z } from 'zod';

/** What an agent is started with beside the fields that every client sees. Stored with the session. */
export const agentSettingsSchema = z.object({
  systemPrompt: z.string().optional(),
  mcpServers: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  allowedTools: z.array(z.string()).optional(),
  disallowedTools: z.array(z.string()).optional(),
  maxTurns: z.int().optional(),
  maxBudgetUsd: z.number().optional(),
  thinkingTokens: z.int().optional(),
});

export type AgentSettings = {
  [Key in keyof z.infer<typeof agentSettingsSchema>]: Exclude<z.infer<typeof agentSettingsSchema>[Key], undefined>;
};
