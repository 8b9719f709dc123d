import type { Content } from '@hearth/protocol';

/** The texts of a message's content; its images are shown beside them. */
export function textOfContent(content: Content): string {
  if (typeof content === 'string') return content;
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
}

/** The images of a message's content as `data:` URLs, which nothing has to be fetched for. */
export function imagesOfContent(content: Content): string[] {
  if (typeof content === 'string') return [];
  return content.flatMap((part) => (part.type === 'image' ? [`data:${part.mediaType};base64,${part.data}`] : []));
}

/** The content with another text, and its images as they are. */
export function withText(content: Content, text: string): Content {
  if (typeof content === 'string') return text;
  return [{ type: 'text', text }, ...content.filter((part) => part.type === 'image')];
}
