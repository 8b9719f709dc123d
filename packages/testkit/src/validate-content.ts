import { InvalidRequest, isObject, type JsonFields } from './invalid-request.ts';

const ROLES = ['user', 'assistant', 'system'];
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;

/**
 * Checks the messages of a request: roles, non-empty contents, the pairing of tool calls and results, images.
 *
 * @throws {InvalidRequest}
 */
export function validateContent(messages: readonly unknown[]): void {
  const calls = new ToolCallPairing();
  for (const [index, message] of messages.entries()) {
    const path = `messages.${index}`;
    if (!isObject(message)) throw new InvalidRequest(`${path}: Input should be an object`);
    const { role } = message;
    if (typeof role !== 'string' || !ROLES.includes(role)) {
      throw new InvalidRequest(`${path}.role: Input should be 'user' or 'assistant'`);
    }
    if (index === 0 && role !== 'user') throw new InvalidRequest('messages: first message must use the "user" role');
    const blocks = contentBlocks(message, path, role, index === messages.length - 1);
    for (const [at, block] of blocks.entries()) checkBlock(block, `${path}.content.${at}`);
    calls.read(role, index, blocks);
  }
  calls.end();
}

function contentBlocks(message: JsonFields, path: string, role: string, isLast: boolean): readonly JsonFields[] {
  const { content } = message;
  if (content === undefined) throw new InvalidRequest(`${path}.content: Field required`);
  if (content === '' || (Array.isArray(content) && content.length === 0)) {
    if (role === 'assistant' && isLast) return [];
    // After a compaction Claude Code sends one that carries only an `output_config`.
    if (role === 'system') return [];
    throw new InvalidRequest(
      role === 'assistant'
        ? `${path}: all messages must have non-empty content except for the optional final assistant message`
        : `${path}: user messages must have non-empty content`,
    );
  }
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw new InvalidRequest(`${path}.content: Input should be a valid string or array`);
  return content.map((block: unknown, at) => {
    if (!isObject(block) || typeof block['type'] !== 'string') {
      throw new InvalidRequest(`${path}.content.${at}.type: Field required`);
    }
    return block;
  });
}

function checkBlock(block: JsonFields, path: string): void {
  switch (block['type']) {
    case 'text':
      if (typeof block['text'] !== 'string') throw new InvalidRequest(`${path}.text.text: Field required`);
      if (block['text'] === '') throw new InvalidRequest('messages: text content blocks must be non-empty');
      if (block['text'].trim() === '') {
        throw new InvalidRequest('messages: text content blocks must contain non-whitespace text');
      }
      return;
    case 'image':
      checkImage(block['source'], `${path}.image.source`);
      return;
    case 'tool_use':
      requireString(block, 'id', `${path}.tool_use`);
      requireString(block, 'name', `${path}.tool_use`);
      if (!isObject(block['input'])) throw new InvalidRequest(`${path}.tool_use.input: Input should be an object`);
      return;
    case 'tool_result':
      requireString(block, 'tool_use_id', `${path}.tool_result`);
      return;
    case 'thinking':
      if (typeof block['signature'] !== 'string') {
        throw new InvalidRequest(`${path}.thinking.signature: Field required`);
      }
      return;
    default:
      return;
  }
}

function requireString(block: JsonFields, field: string, path: string): void {
  if (typeof block[field] !== 'string' || block[field] === '')
    throw new InvalidRequest(`${path}.${field}: Field required`);
}

function checkImage(source: unknown, path: string): void {
  if (!isObject(source)) throw new InvalidRequest(`${path}: Field required`);
  if (source['type'] !== 'base64') return;
  const { media_type: mediaType, data } = source;
  if (typeof mediaType !== 'string' || !IMAGE_TYPES.includes(mediaType)) {
    throw new InvalidRequest(
      `${path}.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`,
    );
  }
  if (typeof data !== 'string' || data === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) {
    throw new InvalidRequest(`${path}.base64.data: The image data must be valid base64`);
  }
  if (data.length > MAX_IMAGE_BYTES) {
    throw new InvalidRequest(
      `${path}.base64: image exceeds 5 MB maximum: ${data.length} bytes > ${MAX_IMAGE_BYTES} bytes`,
    );
  }
  const actual = sniffImage(Buffer.from(data.slice(0, 32), 'base64'));
  if (actual === undefined) throw new InvalidRequest('Could not process image');
  if (actual !== mediaType) {
    throw new InvalidRequest(
      `${path}.base64.data: The image was specified using the ${mediaType} media type, but the image appears to be a ${actual} image`,
    );
  }
}

function sniffImage(head: Buffer): string | undefined {
  const hex = head.toString('hex');
  if (hex.startsWith('89504e470d0a1a0a')) return 'image/png';
  if (hex.startsWith('ffd8ff')) return 'image/jpeg';
  const ascii = head.toString('latin1');
  if (ascii.startsWith('GIF8')) return 'image/gif';
  return ascii.startsWith('RIFF') && ascii.slice(8, 12) === 'WEBP' ? 'image/webp' : undefined;
}

/** Each tool call has its result in the user's next message, and each result its call in the message before. */
class ToolCallPairing {
  readonly #seen = new Set<string>();
  #open = new Set<string>();
  #answerable = new Set<string>();
  #openIndex = 0;
  #lastRole = '';

  read(role: string, index: number, blocks: readonly JsonFields[]): void {
    if (role === 'system') return;
    if (role === 'assistant') this.#readAssistant(index, blocks);
    else this.#readUser(index, blocks);
    this.#lastRole = role;
  }

  end(): void {
    if (this.#lastRole === 'user') this.#requireAnswered();
  }

  #readAssistant(index: number, blocks: readonly JsonFields[]): void {
    if (this.#lastRole === 'user') this.#requireAnswered();
    if (this.#lastRole !== 'assistant') this.#answerable = new Set();
    for (const [at, block] of blocks.entries()) {
      if (block['type'] === 'tool_result') {
        throw new InvalidRequest(`messages.${index}: \`tool_result\` blocks can only be in \`user\` messages`);
      }
      if (block['type'] !== 'tool_use') continue;
      const id = String(block['id']);
      if (this.#seen.has(id)) {
        throw new InvalidRequest(`messages.${index}.content.${at}: \`tool_use\` ids must be unique`);
      }
      this.#seen.add(id);
      this.#open.add(id);
      this.#answerable.add(id);
      this.#openIndex = index;
    }
  }

  #readUser(index: number, blocks: readonly JsonFields[]): void {
    for (const [at, block] of blocks.entries()) {
      if (block['type'] === 'tool_use') {
        throw new InvalidRequest(`messages.${index}: \`tool_use\` blocks can only be in \`assistant\` messages`);
      }
      if (block['type'] !== 'tool_result') continue;
      const id = String(block['tool_use_id']);
      if (!this.#answerable.has(id)) {
        throw new InvalidRequest(
          `messages.${index}.content.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
        );
      }
      if (!this.#open.delete(id)) {
        throw new InvalidRequest(
          `messages.${index}.content.${at}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`,
        );
      }
    }
  }

  #requireAnswered(): void {
    if (this.#open.size === 0) return;
    const ids = [...this.#open].join(', ');
    throw new InvalidRequest(
      `messages.${this.#openIndex}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    );
  }
}
