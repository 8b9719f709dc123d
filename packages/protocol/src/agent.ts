import { z } from 'zod';

/** What an agent can do. What it cannot, the session does without, as section 3 of PROTOCOL.md says. */
export const capabilitiesSchema = z.object({
  steering: z.boolean(),
  resume: z.boolean(),
  fork: z.boolean(),
  approvals: z.boolean(),
  images: z.boolean(),
  models: z.boolean(),
  modes: z.boolean(),
  usage: z.boolean(),
  rewind: z.boolean().optional().describe('Turns can be taken back; absent: no.'),
  fileCheckpoints: z.boolean().optional().describe('A rewind can put files back; absent: no.'),
});

export const agentSchema = z.object({
  name: z.string(),
  available: z.boolean(),
  reason: z.string().optional().describe('Why it is not available, and what to do.'),
  capabilities: capabilitiesSchema,
});

export type Capabilities = z.infer<typeof capabilitiesSchema>;
export type Agent = z.infer<typeof agentSchema>;
