import { z } from 'zod';

/** An API token. The secret is shown once, when it is made; the server keeps its hash. */
export const tokenSchema = z.object({
  id: z.string(),
  label: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().optional(),
  expiresAt: z.iso.datetime().optional(),
});

export const tokenCreateSchema = z.object({
  label: z.string().min(1).max(100),
  expiresAt: z.iso.datetime().optional(),
});

export const tokenCreatedSchema = tokenSchema.extend({ token: z.string() });

export const loginLinkSchema = z.object({
  url: z.string().describe('Works once, in a browser, until `expiresAt`.'),
  expiresAt: z.iso.datetime(),
});

export type Token = z.infer<typeof tokenSchema>;
export type TokenCreate = z.infer<typeof tokenCreateSchema>;
export type TokenCreated = z.infer<typeof tokenCreatedSchema>;
export type LoginLink = z.infer<typeof loginLinkSchema>;
