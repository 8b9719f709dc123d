import { field } from './tool-words.ts';

/** What a tool gave back, as text: texts of content blocks, else JSON. Images are in `outputImages`. */
export function outputText(output: unknown): string {
  if (output === undefined || output === null) return '';
  if (typeof output === 'string') return plain(output);
  if (Array.isArray(output)) {
    return output
      .filter((part: unknown) => imageOf(part) === undefined)
      .map((part: unknown) => field(part, 'text') ?? outputText(part))
      .join('\n');
  }
  const text = field(output, 'text');
  return text === undefined ? JSON.stringify(output, null, 2) : plain(text);
}

/** The images of a tool's output as `data:` URLs, which nothing has to be fetched for. */
export function outputImages(output: unknown): string[] {
  return Array.isArray(output) ? output.flatMap((part: unknown) => imageOf(part) ?? []) : [];
}

const IMAGE_TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

function imageOf(part: unknown): string | undefined {
  if (field(part, 'type') !== 'image') return undefined;
  const source: unknown = Reflect.get(part as object, 'source');
  const from = typeof source === 'object' && source !== null ? source : part;
  const data = field(from, 'data');
  const type = field(from, 'media_type') ?? field(from, 'mediaType') ?? field(from, 'mimeType') ?? '';
  if (data === undefined || !IMAGE_TYPES.has(type) || !/^[\w+/=]+$/.test(data)) return undefined;
  return `data:${type};base64,${data}`;
}

const ESCAPES = new RegExp(
  String.raw`\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])`,
  'g',
);

/** Without the colours and cursor moves of a terminal. */
function plain(text: string): string {
  return text.includes('\u001b') ? text.replaceAll(ESCAPES, '') : text;
}
