import type { JsonObject } from './directives.ts';

/** What the scripted API reads of a Messages API request. Fields that it does not know are left alone. */
export interface MessagesRequest {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly RequestMessage[];
  readonly stream?: boolean;
  readonly system?: string | readonly TextBlock[];
  readonly tools?: readonly { readonly name: string; readonly [key: string]: unknown }[];
  readonly metadata?: { readonly user_id?: string };
  readonly output_config?: { readonly format?: { readonly type: string; readonly schema?: JsonObject } };
  readonly [key: string]: unknown;
}

export interface RequestMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string | readonly ContentBlock[];
}

export interface TextBlock {
  readonly type: 'text';
  readonly text: string;
  readonly cache_control?: unknown;
}

export interface ImageBlock {
  readonly type: 'image';
  readonly source:
    | { readonly type: 'base64'; readonly media_type: string; readonly data: string }
    | { readonly type: 'url'; readonly url: string };
  readonly cache_control?: unknown;
}

export interface ToolUseBlock {
  readonly type: 'tool_use';
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
  readonly cache_control?: unknown;
}

export interface ToolResultBlock {
  readonly type: 'tool_result';
  readonly tool_use_id: string;
  readonly content?: string | readonly ContentBlock[];
  readonly is_error?: boolean;
  readonly cache_control?: unknown;
}

export interface ThinkingBlock {
  readonly type: 'thinking';
  readonly thinking: string;
  readonly signature: string;
}

export type ContentBlock = TextBlock | ImageBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock;

/** The blocks of a message's content; a string is one text block. */
export function blocksOf(content: string | readonly ContentBlock[]): readonly ContentBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** How an image is acknowledged in an echo: `[image image/png 123 bytes]`. */
export function describeImage(image: ImageBlock): string {
  const { source } = image;
  if (source.type === 'url') return `[image ${source.url}]`;
  return `[image ${source.media_type} ${Buffer.from(source.data, 'base64').length} bytes]`;
}
