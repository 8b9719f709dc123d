/** How a column goes to the database: as an array, or as one text whose lines are the items. */
export type Column<Item> =
  | [type: 'int' | 'bigint', of: (item: Item) => number | null | undefined]
  | [type: 'text', of: (item: Item) => string | null | undefined]
  | [type: 'lines', of: (item: Item) => string];

/** What a statement is given, numbered in the order in which its text asks for it. */
export class Given {
  readonly values: unknown[];

  constructor(...values: unknown[]) {
    this.values = values;
  }

  /** @returns its place in the text */
  value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** @returns a `from` item with a row for each of the items */
  rows<Item>(items: readonly Item[], ...columns: Column<Item>[]): string {
    const each = columns.map((column) => {
      const place = this.value(list(items, column));
      return column[0] === 'lines' ? `string_to_array(${place}::text, e'\\n')` : `${place}::${column[0]}[]`;
    });
    return `unnest(${each.join(', ')})`;
  }
}

/**
 * The driver looks at each item of an array for characters that it must escape, and JSON is full of them; but JSON text
 * has no line break, so many of them can go as one text, in which neither end has anything to escape.
 */
function list<Item>(items: readonly Item[], column: Column<Item>): unknown {
  if (column[0] === 'text') return items.map((item) => column[1](item) ?? null);
  if (column[0] === 'lines') return lines(items.map(column[1]));
  return `{${items.map((item) => column[1](item) ?? 'null').join(',')}}`;
}

function lines(texts: readonly string[]): string {
  if (texts.some((text) => text.includes('\n'))) throw new Error('a text that must be one line has several');
  return texts.join('\n');
}
