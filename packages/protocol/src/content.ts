import { z } from 'zod';

export const textPartSchema = z.object({
  type: z.literal('text'),
  text: z.string(),
});

/** Media types that every supported agent takes. */
export const IMAGE_MEDIA_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;

export const imagePartSchema = z.object({
  type: z.literal('image'),
  mediaType: z.enum(IMAGE_MEDIA_TYPES),
  data: z.base64().min(1).describe('The image, base64. Images are never fetched from a URL.'),
});

export const contentPartSchema = z.discriminatedUnion('type', [textPartSchema, imagePartSchema]);

/** What a user sends: a text, or a list of texts and images. It must not be blank. */
export const contentSchema = z
  .union([z.string(), z.array(contentPartSchema).min(1)])
  .refine((content) => !isBlank(content), { message: 'content must not be blank' });

export type ContentPart = z.infer<typeof contentPartSchema>;
export type Content = z.infer<typeof contentSchema>;

function isBlank(content: string | ContentPart[]): boolean {
  if (typeof content === 'string') return content.trim() === '';
  return content.every((part) => part.type === 'text' && part.text.trim() === '');
}

/** The content as a list of parts. */
export function contentParts(content: Content): ContentPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** The texts of the content joined by blank lines; images are left out. */
export function contentText(content: Content): string {
  if (typeof content === 'string') return content;
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
}
