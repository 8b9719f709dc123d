import { z } from 'zod';

/** What a session is doing, as the server sees it. Every path leads back to `idle` or to `closed`. */
export const phaseSchema = z.enum([
  'idle',
  'initializing',
  'connecting',
  'thinking',
  'streaming',
  'tool',
  'awaiting_approval',
  'retrying',
  'interrupting',
  'closed',
]);

export type Phase = z.infer<typeof phaseSchema>;
