import type { JsonObject, JsonValue } from './directives.ts';
import type { MessagesRequest } from './messages-request.ts';

const WRAPPED = /^\s*<session>\n?([\s\S]*?)\n?<\/session>/;
const COMPACTION = /Your task is to create a detailed summary of (?:the|this) conversation/;
const MAX_TITLE_CHARS = 40;

/**
 * The answer to what Claude Code asks on the side: whether a model is there (for one token), a title for the session
 * (plain text, or an object of the schema it asks for), or a summary for a compaction. `undefined` for an ordinary
 * request. Directives in the prompts that such a request quotes are not obeyed.
 */
export function answerSideRequest(request: MessagesRequest, userTexts: readonly string[]): string | undefined {
  const lastUserText = userTexts.at(-1) ?? '';
  if (COMPACTION.test(lastUserText)) return summaryOf(userTexts.slice(0, -1));
  if ((request.tools ?? []).length > 0) return undefined;
  if (request.max_tokens === 1) return 'ok';
  const quoted = WRAPPED.exec(lastUserText)?.[1];
  if (quoted === undefined) return undefined;
  const title = titleOf(quoted);
  const schema = request.output_config?.format?.schema;
  return schema === undefined ? title : JSON.stringify(instanceOf(schema, title));
}

function summaryOf(userTexts: readonly string[]): string {
  const said = userTexts.map((text) => `- ${titleOf(text)}`).join('\n');
  return `<analysis>\nscripted\n</analysis>\n\n<summary>\nThe user said:\n${said}\n</summary>`;
}

function titleOf(prompt: string): string {
  const words = prompt
    .replace(/\[\[\w*|\]\]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return words.slice(0, MAX_TITLE_CHARS).trim() || 'Session';
}

/** The simplest value that a JSON schema allows, with `text` wherever it asks for a string. */
function instanceOf(schema: JsonObject, text: string): JsonValue {
  if (Array.isArray(schema['enum'])) return schema['enum'][0] ?? null;
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(
        Object.entries(asObject(schema['properties'])).map(([name, property]) => [
          name,
          instanceOf(asObject(property), text),
        ]),
      );
    case 'string':
      return text;
    case 'number':
    case 'integer':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    default:
      return null;
  }
}

function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
