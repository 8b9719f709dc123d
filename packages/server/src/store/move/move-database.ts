import type { MarkName, MovedTable, Row } from './tables.ts';

/** Rows of one page, at most. */
export const PAGE_ROWS = 2_000;
/** A page ends with the row that brings its texts to this size, so that memory is bounded by the largest row. */
export const PAGE_BYTES = 4 * 1024 * 1024;

/** The last number that each table which gives numbers has given; 0: none yet. */
export type LastNumbers = Readonly<Record<string, number>>;

/** What is written in one transaction. */
export interface Change {
  /** Empties every table first; each database's own rows stay. */
  clear?: true;
  rows?: { table: MovedTable; rows: readonly Row[] };
  lastNumbers?: LastNumbers;
  /** Null takes a mark away. */
  marks: Partial<Record<MarkName, string | null>>;
}

/** A database that is moved from or to: this process alone has it, and its schema is that of this program. */
export interface MoveDatabase {
  /** How messages name it; nothing of it is secret. */
  readonly name: string;
  /** The rows that follow a key, in the order of the key. An empty page is the end. */
  page(table: MovedTable, after: Row | null): Promise<Row[]>;
  count(table: MovedTable): Promise<number>;
  lastNumbers(): Promise<LastNumbers>;
  mark(name: MarkName): Promise<string | undefined>;
  /** Does all of it or nothing. */
  write(change: Change): Promise<void>;
  close(): Promise<void>;
}
