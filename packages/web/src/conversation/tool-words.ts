import type { ToolKind } from '@hearth/protocol';

/** A field of a tool's input, if it is a text. */
export function field(input: unknown, name: string): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const value: unknown = Reflect.get(input, name);
  return typeof value === 'string' ? value : undefined;
}

const TELLING = ['command', 'file_path', 'notebook_path', 'path', 'pattern', 'query', 'url', 'description', 'prompt'];

/** The one part of the input that tells most about the call, for its line. */
export function gist(input: unknown): string | undefined {
  for (const name of TELLING) {
    const value = field(input, name);
    if (value !== undefined && value.trim() !== '') return value;
  }
  return undefined;
}

/** A path as one says it in a folder: without the folder when it lies in it. */
export function pathWithin(cwd: string, path: string): string {
  const folder = cwd.endsWith('/') ? cwd : `${cwd}/`;
  return cwd !== '' && path.startsWith(folder) ? path.slice(folder.length) : path;
}

const KINDS: Readonly<Record<string, ToolKind>> = {
  Bash: 'execute',
  BashOutput: 'execute',
  Read: 'read',
  Edit: 'edit',
  MultiEdit: 'edit',
  Write: 'edit',
  NotebookEdit: 'edit',
  Grep: 'search',
  Glob: 'search',
  WebSearch: 'fetch',
  WebFetch: 'fetch',
  Task: 'think',
  Agent: 'think',
};

export function kindOf(name: string, kind: ToolKind | undefined): ToolKind {
  return kind ?? KINDS[name] ?? 'other';
}

/** What a tool gave back, as text: texts of content blocks, else JSON. */
export function outputText(output: unknown): string {
  if (output === undefined || output === null) return '';
  if (typeof output === 'string') return output;
  if (Array.isArray(output)) return output.map((part: unknown) => field(part, 'text') ?? outputText(part)).join('\n');
  const text = field(output, 'text');
  return text ?? JSON.stringify(output, null, 2);
}
