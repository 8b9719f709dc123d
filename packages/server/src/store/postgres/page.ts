import { PAGE_BYTES, PAGE_ROWS } from '../move/move-database.ts';
import { columnList, keyColumns, ownRows } from '../move/tables.ts';
import type { MovedTable, Row } from '../move/tables.ts';
import type { Queryable, Statement } from './pool.ts';

/** The rows of a table that follow a key, in the order of the key and of the table's columns. */
export async function readPage(
  connection: Queryable,
  table: MovedTable,
  after: Row | null,
  host: string,
): Promise<Row[]> {
  const rows = await connection.run<Record<string, string | number | null>>(pageStatement(table, after, host));
  return rows.map((row) => table.columns.map(({ name }) => row[name] ?? null));
}

function pageStatement(table: MovedTable, after: Row | null, host: string): Statement {
  const columns = columnList(table);
  const keys = keyColumns(table);
  const key = keys.map(({ name }) => name).join(', ');
  const filter = ownFilter(table, host);
  const at = filter.values.length;
  const beyond = keys.map(({ kind }, index) => `$${at + index + 1}::${typeOf(kind)}`).join(', ');
  const conditions = [...(after === null ? [] : [`(${key}) > (${beyond})`]), ...filter.conditions];
  const size = table.columns
    .filter(({ kind }) => kind === 'text')
    .map(({ name }) => `coalesce(octet_length(${name}), 0)`)
    .join(' + ');
  return {
    text: `select ${columns} from (
        select ${columns}, sum(size) over (order by ${key} rows unbounded preceding) - size as before
        from (
          select ${columns}, ${size === '' ? '0' : size} as size from ${table.name} ${where(conditions)}
          order by ${key} limit ${PAGE_ROWS}
        ) as page
      ) as measured where before < ${PAGE_BYTES} order by ${key}`,
    values: [...filter.values, ...(after ?? [])],
  };
}

/** The rows that count: of agent processes only those of this machine, as in the store. */
export function ownFilter(table: MovedTable, host: string): { conditions: string[]; values: string[] } {
  const conditions = ownRows(table);
  return table.name === 'processes'
    ? { conditions: [...conditions, 'host = $1'], values: [host] }
    : { conditions, values: [] };
}

export function typeOf(kind: 'integer' | 'text'): string {
  return kind === 'integer' ? 'bigint' : 'text';
}

export function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}
