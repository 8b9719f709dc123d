import { InvalidRequest, isObject, type JsonFields } from './invalid-request.ts';
import type { MessagesRequest } from './messages-request.ts';
import { validateContent } from './validate-content.ts';

/**
 * Checks a request body as the Messages API does, where that is cheap: shapes, roles, contents, tool calls and their
 * results, images, thinking budget, cache breakpoints.
 *
 * @throws {InvalidRequest} with status 400, or 404 for a model that is not a Claude model.
 */
export function validateRequest(body: unknown, needs: { maxTokens: boolean }): MessagesRequest {
  if (!isObject(body)) throw new InvalidRequest('The request body is not valid JSON: expected an object');
  if (!isMessagesRequest(body, needs)) throw new InvalidRequest('messages: Field required');
  return body;
}

/** Throws what is wrong; what it lets through has the shape as far as the scripted model reads it. */
function isMessagesRequest(body: JsonFields, needs: { maxTokens: boolean }): body is JsonFields & MessagesRequest {
  checkModel(body['model']);
  if (needs.maxTokens) checkMaxTokens(body);
  checkTools(body['tools']);
  const { messages } = body;
  if (messages === undefined) return false;
  if (!Array.isArray(messages)) throw new InvalidRequest('messages: Input should be a valid array');
  if (messages.length === 0) throw new InvalidRequest('messages: at least one message is required');
  validateContent(messages);
  checkCacheBreakpoints(body);
  return true;
}

function checkModel(model: unknown): void {
  if (model === undefined) throw new InvalidRequest('model: Field required');
  if (typeof model !== 'string' || model === '') throw new InvalidRequest('model: Input should be a valid string');
  if (!model.startsWith('claude-')) throw new InvalidRequest(`model: ${model}`, 404);
}

function checkMaxTokens(body: JsonFields): void {
  const maxTokens = body['max_tokens'];
  if (maxTokens === undefined) throw new InvalidRequest('max_tokens: Field required');
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new InvalidRequest('max_tokens: Input should be greater than or equal to 1');
  }
  const thinking = body['thinking'];
  if (!isObject(thinking) || thinking['type'] !== 'enabled') return;
  const budget = thinking['budget_tokens'];
  if (typeof budget !== 'number') throw new InvalidRequest('thinking.enabled.budget_tokens: Field required');
  if (budget < 1024) {
    throw new InvalidRequest('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  }
  if (budget >= maxTokens) {
    throw new InvalidRequest('`max_tokens` must be greater than `thinking.budget_tokens`.');
  }
}

function checkTools(tools: unknown): void {
  if (tools === undefined) return;
  if (!Array.isArray(tools)) throw new InvalidRequest('tools: Input should be a valid array');
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const name: unknown = isObject(tool) ? tool['name'] : undefined;
    if (typeof name !== 'string' || name === '') throw new InvalidRequest(`tools.${index}.name: Field required`);
    if (names.has(name)) throw new InvalidRequest('tools: Tool names must be unique.');
    names.add(name);
  }
}

function checkCacheBreakpoints(body: JsonFields): void {
  let found = 0;
  const count = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(count);
    else if (isObject(value)) {
      if (isObject(value['cache_control'])) found += 1;
      count(value['content']);
    }
  };
  count(body['system']);
  count(body['tools']);
  count(body['messages']);
  if (found > 4) {
    throw new InvalidRequest(`A maximum of 4 blocks with cache_control may be provided. Found ${found}.`);
  }
}
