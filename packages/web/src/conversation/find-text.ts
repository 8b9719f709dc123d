import type { TurnItem } from '@hearth/client/conversation';
import { textOfContent } from './content-text.ts';
import type { Row } from './rows.ts';
import { outputText } from './tool-output.ts';

/** Longer outputs are searched up to here. */
const MAX_OUTPUT_CHARS = 200_000;

/** The rows in which the words stand, whatever their case: in what was said, thought, called and given back. */
export function findInRows(rows: readonly Row[], sought: string): number[] {
  const needle = sought.trim().toLocaleLowerCase();
  if (needle === '') return [];
  return rows.flatMap((row, index) =>
    textsOf(row).some((text) => text.toLocaleLowerCase().includes(needle)) ? [index] : [],
  );
}

function textsOf(row: Row): string[] {
  switch (row.type) {
    case 'item':
      return [row.item, ...row.inner].flatMap(textsOfItem);
    case 'end':
      return row.turn.state.status === 'failed' ? [row.turn.state.error.message] : [];
    case 'entry':
      return row.entry.type === 'undelivered' ? [textOfContent(row.entry.content)] : textsOfItem(row.entry);
  }
}

function textsOfItem(item: TurnItem): string[] {
  switch (item.type) {
    case 'message':
      return item.content === null ? [] : [textOfContent(item.content)];
    case 'block':
      return [item.text];
    case 'tool':
      return [item.name, stringsIn(item.input), outputText(item.output).slice(0, MAX_OUTPUT_CHARS)];
    case 'approval':
      return item.message === undefined ? [] : [item.message];
    case 'note':
      return item.note.kind === 'notice' ? [item.note.text] : [];
  }
}

function stringsIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(stringsIn).join('\n');
}
