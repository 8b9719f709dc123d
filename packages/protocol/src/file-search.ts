import { z } from 'zod';

export const fileQuerySchema = z.object({
  cwd: z.string().min(1).describe('Absolute path of a folder inside a workspace root.'),
  q: z.string().max(500).optional().describe('Letters of the path, in order, case ignored; default: all files.'),
  limit: z.int().min(1).max(200).optional().describe('Default 50.'),
});

export const foundFileSchema = z.object({
  path: z.string().describe('Below `cwd`, with `/` between its parts.'),
  directory: z.boolean(),
});

export const fileListSchema = z.object({
  items: z.array(foundFileSchema).describe('The best first.'),
  truncated: z.boolean().describe('More match, or the folder holds more than is searched (20,000 entries).'),
});

export type FileQuery = z.infer<typeof fileQuerySchema>;
export type FoundFile = z.infer<typeof foundFileSchema>;
export type FileList = z.infer<typeof fileListSchema>;
