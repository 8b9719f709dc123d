import type { PlanEntry, ToolKind } from '@hearth/protocol';

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

/** The entries of a to-do list that a call replaces; undefined when it is no such call. */
export function todosOf(name: string, input: unknown): PlanEntry[] | undefined {
  if (name !== 'TodoWrite' || typeof input !== 'object' || input === null) return undefined;
  const todos: unknown = Reflect.get(input, 'todos');
  if (!Array.isArray(todos)) return undefined;
  return todos.flatMap((todo: unknown) => {
    const content = field(todo, 'content');
    const status = field(todo, 'status');
    if (content === undefined) return [];
    return [{ content, status: status === 'completed' || status === 'in_progress' ? status : 'pending' }];
  });
}
