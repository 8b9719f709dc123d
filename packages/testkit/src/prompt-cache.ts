import { createHash } from 'node:crypto';
import { blocksOf, type MessagesRequest } from './messages-request.ts';
import type { ApiUsage } from './reply.ts';

/** Flat token price of an image; close to what the real API counts for a medium one. */
const IMAGE_TOKENS = 1_500;
const CHARS_PER_TOKEN = 4;

export type InputUsage = Omit<ApiUsage, 'output_tokens'>;

/** The input tokens of a request, by its length alone. */
export function countInputTokens(request: Pick<MessagesRequest, 'system' | 'tools' | 'messages'>): number {
  return parts(request).reduce((sum, part) => sum + part.tokens, 0);
}

/**
 * Imitates prompt caching: a prefix that ended in a `cache_control` block before is read, what lies between it and the
 * last breakpoint of this request is created. Deterministic; entries never expire but the oldest give way.
 */
export class PromptCache {
  readonly #capacity: number;
  readonly #prefixes = new Set<string>();

  constructor(capacity = 10_000) {
    this.#capacity = capacity;
  }

  /** Counts a request's input and remembers its breakpoints. `scope` keeps accounts and models apart. */
  use(scope: string, request: MessagesRequest): InputUsage {
    let hash = createHash('sha256').update(scope).digest('base64url');
    let total = 0;
    let read = 0;
    let cached = 0;
    const breakpoints: string[] = [];
    for (const part of parts(request)) {
      hash = createHash('sha256').update(hash).update(part.content).digest('base64url');
      total += part.tokens;
      if (this.#prefixes.has(hash)) read = total;
      if (!part.breakpoint) continue;
      cached = total;
      breakpoints.push(hash);
    }
    for (const breakpoint of breakpoints) this.#remember(breakpoint);
    read = Math.min(read, cached);
    return {
      input_tokens: total - cached,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: cached - read,
    };
  }

  #remember(prefix: string): void {
    this.#prefixes.delete(prefix);
    this.#prefixes.add(prefix);
    for (const oldest of this.#prefixes) {
      if (this.#prefixes.size <= this.#capacity) return;
      this.#prefixes.delete(oldest);
    }
  }
}

interface Part {
  readonly content: string;
  readonly tokens: number;
  readonly breakpoint: boolean;
}

/** The request's cacheable parts in the order in which the API builds the prompt: tools, system, messages. */
function parts(request: Pick<MessagesRequest, 'system' | 'tools' | 'messages'>): Part[] {
  const found: Part[] = (request.tools ?? []).map((tool) => partOf('tool', tool));
  const system = typeof request.system === 'string' ? blocksOf(request.system) : (request.system ?? []);
  for (const block of system) found.push(partOf('system', block));
  for (const message of request.messages) {
    for (const block of blocksOf(message.content)) found.push(partOf(message.role, block));
  }
  return found;
}

function partOf(role: string, block: object): Part {
  const { cache_control: breakpoint, ...rest } = block as { cache_control?: unknown };
  const content = JSON.stringify(rest);
  const isImage = 'type' in rest && rest.type === 'image';
  const tokens = isImage ? IMAGE_TOKENS : Math.max(1, Math.ceil(content.length / CHARS_PER_TOKEN));
  return { content: `${role}:${content}`, tokens, breakpoint: breakpoint !== undefined && breakpoint !== null };
}
