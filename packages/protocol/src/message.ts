import { z } from 'zod';
import { contentSchema } from './content.ts';

/** What a message does to a running turn: cut it, steer it, or wait for its end. */
export const prioritySchema = z.enum(['now', 'next', 'later']);

export const messageStateSchema = z.enum(['queued', 'delivered', 'completed', 'cancelled', 'failed']);

export const messageSchema = z.object({
  id: z.string(),
  sessionId: z.string(),
  clientMessageId: z.string().optional(),
  priority: prioritySchema,
  state: messageStateSchema,
  content: contentSchema,
  author: z.string().describe('Who sent it: the label of the token, or `owner`.'),
  createdAt: z.iso.datetime(),
});

export const messageSendSchema = z.object({
  content: contentSchema,
  priority: prioritySchema.optional().describe('Default `next`.'),
  clientMessageId: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Idempotency key: the same one again in a session returns the first message and does nothing else.'),
});

export const messageUpdateSchema = z
  .object({
    content: contentSchema.optional(),
    priority: prioritySchema.optional(),
    place: z.int().min(0).optional().describe('0-based position in the session’s queue after the change.'),
  })
  .refine((update) => Object.values(update).some((value) => value !== undefined), {
    message: 'give at least one of content, priority and place',
  });

export type Priority = z.infer<typeof prioritySchema>;
export type MessageState = z.infer<typeof messageStateSchema>;
export type Message = z.infer<typeof messageSchema>;
export type MessageSend = z.infer<typeof messageSendSchema>;
export type MessageUpdate = z.infer<typeof messageUpdateSchema>;
