import { HearthError } from '@hearth/protocol';
import type { Change, MoveDatabase } from '../move/move-database.ts';
import { columnList, keyColumns, MOVED_TABLES, ownRows } from '../move/tables.ts';
import type { MarkName, MovedTable } from '../move/tables.ts';
import { postgresAddress } from './address.ts';
import type { PostgresAddress } from './address.ts';
import { claimDatabase } from './claim.ts';
import { storeFailure } from './failure.ts';
import { LOST_COMMITS } from './landmark.ts';
import { ownFilter, readPage, typeOf, where } from './page.ts';
import { ConnectionPool, openClient } from './pool.ts';
import type { Queryable, Statement } from './pool.ts';

/** Pages are read along the key, whatever the planner believes of tables that were empty a moment ago. */
const READ_SETTINGS = { enable_seqscan: 'off', enable_bitmapscan: 'off', jit: 'off', statement_timeout: '0' };
/** What counts a whole table has no bound. */
const NO_BOUND_MS = 2 ** 31 - 1;

export interface PostgresMoveOptions {
  url: string;
  version: string;
}

/**
 * Opens a database to move it elsewhere.
 * @throws HearthError when Hearth has no tables there, when it lacks what it had confirmed, and as a server's start does
 */
export async function openPostgresSource(options: PostgresMoveOptions): Promise<MoveDatabase> {
  const address = postgresAddress(options.url);
  await refuseEmpty(address);
  await refuseLacking(address);
  return openPostgresTarget(options);
}

/** Opens the database that another is moved to; the tables are made when there are none. */
export async function openPostgresTarget({ url, version }: PostgresMoveOptions): Promise<MoveDatabase> {
  const address = postgresAddress(url);
  // Whoever takes the database meanwhile is found by the next write, which is refused then.
  const { connection, host, close } = await claimDatabase({ address, version, onDeposed: () => {} });
  const reader = new ConnectionPool({ address, max: 1, settings: READ_SETTINGS, answerTimeoutMs: NO_BOUND_MS });
  const read = <Found extends object>(statement: Statement): Promise<Found[]> =>
    connection.query(() => reader.run<Found>(statement));
  return {
    name: connection.name,
    page: (table, after) => connection.query(() => readPage(reader, table, after, host)),
    count: async (table) => {
      const filter = ownFilter(table, host);
      const [row] = await read<{ count: number }>({
        text: `select count(*) as count from ${table.name} ${where(filter.conditions)}`,
        values: filter.values,
      });
      return row?.count ?? 0;
    },
    lastNumbers: async () => {
      const numbers: Record<string, number> = {};
      for (const table of numbered()) {
        const [row] = await read<{ last: number }>({
          text: `select case when is_called then last_value else last_value - 1 end as last from ${sequence(table)}`,
        });
        numbers[table.name] = row?.last ?? 0;
      }
      return numbers;
    },
    mark: (name) => connection.query(() => markOf(connection.queries, name)),
    write: (change) =>
      connection.transaction({
        run: (inside) => apply(inside, change, host),
        wasDone: async (inside) => {
          for (const [name, value] of marksOf(change)) {
            if (((await markOf(inside, name)) ?? null) !== value) return false;
          }
          return true;
        },
      }),
    close: async () => {
      await reader.end();
      await close();
    },
  };
}

/** Looks before anything is made there. */
export async function refuseEmpty(address: PostgresAddress): Promise<void> {
  const [found] = await ask<{ there: boolean }>(address, {
    text: `select to_regclass($1 || '.sessions') is not null as there`,
    values: [address.schema],
  });
  if (found?.there === true) return;
  throw new HearthError('invalid_request', `There is no Hearth database in ${address.name}.`, {
    hint: `Hearth looks in the schema ${address.schema}; name another with ?schema=… at the end of the address.`,
  });
}

/** A start makes the numbers go on above what was lost; where it is moved to nobody would know that they must. */
async function refuseLacking(address: PostgresAddress): Promise<void> {
  const lacking = await ask(address, { text: 'select 1 as found from meta where name = $1', values: [LOST_COMMITS] });
  if (lacking.length === 0) return;
  throw new HearthError('invalid_request', `The database ${address.name} lacks what it had confirmed as stored.`, {
    hint: 'Make it fit to go on from first: hearth restored, or a start of the server. Nothing was changed.',
  });
}

async function ask<Found extends object>(address: PostgresAddress, statement: Statement): Promise<Found[]> {
  try {
    const client = await openClient(address);
    try {
      return await client.run<Found>(statement);
    } finally {
      await client.end();
    }
  } catch (error) {
    throw storeFailure(error, address.name);
  }
}

async function apply(inside: Queryable, change: Change, host: string): Promise<void> {
  if (change.clear === true) await clear(inside);
  if (change.rows !== undefined && change.rows.rows.length > 0) await insert(inside, change.rows, host);
  for (const [name, last] of Object.entries(change.lastNumbers ?? {})) {
    const table = numbered().find((each) => each.name === name);
    if (table === undefined) continue;
    await inside.run({
      text: `select setval('${sequence(table)}', greatest($1::bigint, 1), $1::bigint > 0)`,
      values: [last],
    });
  }
  for (const [name, value] of marksOf(change)) {
    await (value === null
      ? inside.run({ text: 'delete from meta where name = $1', values: [name] })
      : inside.run({
          text: `insert into meta (name, value) values ($1, $2)
            on conflict (name) do update set value = excluded.value`,
          values: [name, value],
        }));
  }
}

async function clear(inside: Queryable): Promise<void> {
  const [withOwn, without] = [
    MOVED_TABLES.filter((table) => table.own.length > 0),
    MOVED_TABLES.filter((table) => table.own.length === 0),
  ];
  await inside.run({ text: `truncate ${without.map(({ name }) => name).join(', ')}` });
  for (const table of withOwn) await inside.run({ text: `delete from ${table.name} ${where(ownRows(table))}` });
}

async function insert(inside: Queryable, { table, rows }: NonNullable<Change['rows']>, host: string): Promise<void> {
  const lists = table.columns.map(({ kind }, index) => `$${index + 1}::${typeOf(kind)}[]`).join(', ');
  const values: unknown[] = table.columns.map((_, index) => rows.map((row) => row[index]));
  const isOfMachine = table.name === 'processes';
  const [hostColumn, hostValue] = isOfMachine ? ['host, ', `$${values.length + 1}::text, `] : ['', ''];
  await inside.run({
    text: `insert into ${table.name} (${hostColumn}${columnList(table)}) select ${hostValue}r.* from unnest(${lists}) as r`,
    values: isOfMachine ? [...values, host] : values,
  });
}

async function markOf(connection: Queryable, name: MarkName): Promise<string | undefined> {
  const [row] = await connection.run<{ value: string }>({
    text: 'select value from meta where name = $1',
    values: [name],
  });
  return row?.value;
}

function marksOf({ marks }: Change): [MarkName, string | null][] {
  return Object.entries(marks) as [MarkName, string | null][];
}

function numbered(): readonly MovedTable[] {
  return MOVED_TABLES.filter(({ givesNumbers }) => givesNumbers);
}

/** What `bigserial` has called it. */
function sequence(table: MovedTable): string {
  return `${table.name}_${keyColumns(table)[0]?.name}_seq`;
}
