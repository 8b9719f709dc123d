/** What is being written that something can be suggested for: a command at the beginning, or a file anywhere. */
export interface Sought {
  kind: 'command' | 'file';
  /** Without its `/` or `@`. */
  text: string;
  /** Where it begins in the text, with its sign. */
  start: number;
  end: number;
}

/** Something that can be put in its place. */
export interface Suggestion {
  /** What stands in the text then, with its sign. */
  insert: string;
  name: string;
  about: string;
}

/** What the cursor stands in. */
export function soughtAt(text: string, cursor: number): Sought | undefined {
  const before = text.slice(0, cursor);
  const command = /^\/([\w:.-]*)$/.exec(before);
  if (command !== null) return { kind: 'command', text: command[1] ?? '', start: 0, end: cursor };
  const file = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (file === null) return undefined;
  const part = file[1] ?? '';
  return { kind: 'file', text: part, start: cursor - part.length - 1, end: cursor };
}

/** The text with the suggestion in the place of what was sought, and where the cursor stands then. */
export function withSuggestion(text: string, sought: Sought, { insert }: Suggestion): { text: string; cursor: number } {
  const put = `${insert} `;
  const rest = text.slice(sought.end).replace(/^ /, '');
  return { text: text.slice(0, sought.start) + put + rest, cursor: sought.start + put.length };
}
