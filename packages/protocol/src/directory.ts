import { z } from 'zod';

export const directoryQuerySchema = z.object({
  path: z.string().min(1).optional().describe('Absolute path inside a workspace root; default: the roots are listed.'),
});

export const directorySchema = z.object({
  name: z.string(),
  path: z.string().describe('Absolute, with every link followed: what `cwd` of a new session takes.'),
  hidden: z.boolean().describe('Its name begins with a dot.'),
});

export const directoryListSchema = z.object({
  path: z.string().nullable().describe('The folder that is listed, with every link followed; null: the roots are.'),
  parent: z.string().nullable().describe('The folder above it, as long as that lies inside a workspace root.'),
  items: z.array(directorySchema).describe('By name, hidden ones last.'),
  truncated: z.boolean().describe('There are more folders than a list holds (1,000).'),
});

export type Directory = z.infer<typeof directorySchema>;
export type DirectoryList = z.infer<typeof directoryListSchema>;
