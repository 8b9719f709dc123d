import { structuredPatch } from 'diff';
import { field } from './tool-words.ts';

/** One line of a change, with its number before or after. */
export interface ChangedLine {
  type: 'same' | 'added' | 'removed' | 'gap';
  text: string;
  /** Where it stands in the file as it will be, or was; absent where only a part of the file is known. */
  line?: number;
}

export interface FileChange {
  path: string;
  lines: ChangedLine[];
  added: number;
  removed: number;
}

interface Hunk {
  oldStart: number;
  newStart: number;
  lines: string[];
}

const CONTEXT_LINES = 3;

/** The change that a call of an editing tool makes, or made; undefined when it is no such call. */
export function changeOf(input: unknown, structured?: unknown): FileChange | undefined {
  const path = field(input, 'file_path') ?? field(input, 'notebook_path');
  if (path === undefined) return undefined;
  const made = hunksOf(structured);
  if (made !== undefined && made.length > 0) return change(path, made, true);
  const edits = editsOf(input);
  if (edits === undefined) return undefined;
  const hunks = edits.flatMap(
    ({ before, after }) =>
      structuredPatch(path, path, before, after, undefined, undefined, { context: CONTEXT_LINES }).hunks,
  );
  return change(path, hunks, field(input, 'content') !== undefined);
}

function editsOf(input: unknown): { before: string; after: string }[] | undefined {
  const one = editOf(input);
  if (one !== undefined) return [one];
  const edits: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, 'edits') : undefined;
  if (!Array.isArray(edits)) return undefined;
  return edits.flatMap((edit: unknown) => editOf(edit) ?? []);
}

function editOf(input: unknown): { before: string; after: string } | undefined {
  const after = field(input, 'new_string') ?? field(input, 'content') ?? field(input, 'new_source');
  if (after === undefined) return undefined;
  return { before: withNewline(field(input, 'old_string') ?? ''), after: withNewline(after) };
}

/** A part of a file rarely ends with one, and that is not worth a line. */
function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function change(path: string, hunks: readonly Hunk[], numbered: boolean): FileChange {
  const lines: ChangedLine[] = [];
  for (const hunk of hunks) {
    if (lines.length > 0) lines.push({ type: 'gap', text: '' });
    let [before, after] = [hunk.oldStart, hunk.newStart];
    for (const line of hunk.lines) {
      const [sign, text] = [line.charAt(0), line.slice(1)];
      if (sign === '\\') continue;
      const type = sign === '+' ? 'added' : sign === '-' ? 'removed' : 'same';
      const number = type === 'removed' ? before : after;
      lines.push({ type, text, ...(numbered ? { line: number } : {}) });
      if (type !== 'added') before += 1;
      if (type !== 'removed') after += 1;
    }
  }
  const count = (type: ChangedLine['type']): number => lines.filter((line) => line.type === type).length;
  return { path, lines, added: count('added'), removed: count('removed') };
}

/** The patch that the tool itself reported. */
function hunksOf(structured: unknown): Hunk[] | undefined {
  const patch: unknown =
    typeof structured === 'object' && structured !== null ? Reflect.get(structured, 'structuredPatch') : undefined;
  if (!Array.isArray(patch)) return undefined;
  return patch.filter((hunk: unknown): hunk is Hunk => {
    if (typeof hunk !== 'object' || hunk === null) return false;
    const { oldStart, newStart, lines } = hunk as Partial<Record<keyof Hunk, unknown>>;
    return typeof oldStart === 'number' && typeof newStart === 'number' && Array.isArray(lines);
  });
}
