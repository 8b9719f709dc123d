import { z } from 'zod';

/** What an agent does when a message begins with `/` and the name. */
export const agentCommandSchema = z.object({
  name: z.string().describe('Without the slash.'),
  description: z.string(),
  argumentHint: z.string().optional(),
});

export const agentCommandListSchema = z.object({
  items: z
    .array(agentCommandSchema)
    .describe('Empty while no agent of the session runs, and for agents that have none.'),
});

export type AgentCommand = z.infer<typeof agentCommandSchema>;
