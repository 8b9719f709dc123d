import type { Tables } from '../schema.ts';

export type ColumnKind = 'integer' | 'text';

/** A table as it is moved from one database to another. */
export interface MovedTable {
  readonly name: keyof Tables;
  /** Those of the key first, in its order. */
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  /** How many of the columns are the key. */
  readonly keyLength: number;
  /** Whether its key is a number that the table gives itself and never gives twice. */
  readonly givesNumbers: boolean;
  /** Rows that each database has for itself, by the only column of their key. */
  readonly own: readonly string[];
}

/** A row, in the order of the columns. */
export type Row = readonly (string | number | null)[];

/** What a database writes down of a move, in `meta`: of one that comes in, and of one that goes out. */
export const MARKS = ['move_in', 'move_out'] as const;
export type MarkName = (typeof MARKS)[number];

type KindOf<Value> = NonNullable<Value> extends number ? 'integer' : 'text';

interface Shape<Columns> {
  key: readonly (keyof Columns)[];
  columns: { readonly [Name in keyof Columns]: KindOf<Columns[Name]> };
  givesNumbers?: true;
  own?: readonly string[];
}

/**
 * All tables, each after those that it refers to. The types ask for every table and column of the schema, and a test
 * compares them with both databases, so that a migration cannot add what no move takes along.
 */
const SHAPES: { readonly [Name in keyof Tables]: Shape<Tables[Name]> } = {
  meta: {
    key: ['name'],
    columns: { name: 'text', value: 'text' },
    own: ['program_version', ...MARKS],
  },
  sessions: {
    key: ['key'],
    columns: {
      key: 'integer',
      id: 'text',
      last_seq: 'integer',
      standing: 'text',
      archived: 'integer',
      updated_ms: 'integer',
      search: 'text',
    },
    givesNumbers: true,
  },
  session_records: {
    key: ['session_key'],
    columns: { session_key: 'integer', resource: 'text', core: 'text', settings: 'text' },
  },
  removed_sessions: { key: ['session_key'], columns: { session_key: 'integer' } },
  events: {
    key: ['session_key', 'seq'],
    columns: { session_key: 'integer', seq: 'integer', type: 'text', block_id: 'text', body: 'text' },
  },
  messages: {
    key: ['number'],
    columns: {
      number: 'integer',
      session_key: 'integer',
      id: 'text',
      client_message_id: 'text',
      state: 'text',
      place: 'integer',
      body: 'text',
    },
    givesNumbers: true,
  },
  transcripts: {
    key: ['key'],
    columns: {
      key: 'integer',
      project_key: 'text',
      agent_session_id: 'text',
      subpath: 'text',
      mtime: 'integer',
      summary: 'text',
    },
    givesNumbers: true,
  },
  transcript_entries: {
    key: ['transcript_key', 'number'],
    columns: { transcript_key: 'integer', number: 'integer', uuid: 'text', body: 'text' },
  },
  turn_usage: {
    key: ['turn_id', 'model', 'account_id'],
    columns: {
      turn_id: 'text',
      model: 'text',
      account_id: 'text',
      session_id: 'text',
      agent: 'text',
      user_name: 'text',
      time_ms: 'integer',
      day: 'text',
      input_tokens: 'integer',
      output_tokens: 'integer',
      cache_read_tokens: 'integer',
      cache_creation_tokens: 'integer',
      cost_nano_usd: 'integer',
    },
  },
  tokens: {
    key: ['id'],
    columns: {
      id: 'text',
      kind: 'text',
      label: 'text',
      hash: 'text',
      created_at: 'text',
      last_used_at: 'text',
      expires_at: 'text',
    },
  },
  processes: {
    key: ['pid', 'start_ticks'],
    columns: { pid: 'integer', start_ticks: 'text', session_id: 'text', started_at: 'text' },
  },
  accounts: {
    key: ['id'],
    columns: {
      id: 'text',
      agent: 'text',
      kind: 'text',
      label: 'text',
      priority: 'integer',
      enabled: 'integer',
      models: 'text',
      base_url: 'text',
      sealed: 'text',
      health: 'text',
      version: 'integer',
      created_at: 'text',
      updated_at: 'text',
      refresh_holder: 'text',
      refresh_until_ms: 'integer',
    },
  },
};

/** In the order in which they are copied. */
export const MOVED_TABLES: readonly MovedTable[] = Object.entries(SHAPES).map(([name, shape]) => {
  const { key, columns, givesNumbers = false, own = [] } = shape as Shape<Record<string, string | number>>;
  const rest = Object.keys(columns).filter((column) => !key.includes(column));
  return {
    name: name as keyof Tables,
    columns: [...key, ...rest].map((column) => ({ name: column, kind: columns[column] ?? 'text' })),
    keyLength: key.length,
    givesNumbers,
    own,
  };
});

/** `a, b, c` */
export function columnList({ columns }: Pick<MovedTable, 'columns'>): string {
  return columns.map(({ name }) => name).join(', ');
}

export function keyColumns({ columns, keyLength }: MovedTable): MovedTable['columns'] {
  return columns.slice(0, keyLength);
}

export function keyOf({ keyLength }: MovedTable, row: Row): Row {
  return row.slice(0, keyLength);
}

/** The condition that leaves a table's own rows out. */
export function ownRows({ columns, own }: MovedTable): string[] {
  const [key] = columns;
  return own.length === 0 ? [] : [`${key?.name} not in (${own.map((value) => `'${value}'`).join(', ')})`];
}
