import type { HearthError } from '@hearth/protocol';
import { newerFailure } from '../migrations/migrate.ts';
import { markFailure } from '../move/marks.ts';
import { postgresAddress } from './address.ts';
import { storeFailure } from './failure.ts';
import { writerOf } from './fence.ts';
import { lockNumber } from './lock.ts';
import { openClient } from './pool.ts';

/** What a database says of itself to somebody who changes nothing. */
export interface PostgresState {
  name: string;
  /** As in `15.6`. */
  version: string;
  major: number;
  encoding: string;
  fsync: boolean;
  synchronousCommit: boolean;
  /** Absent: there is no schema of Hearth's yet. */
  stored?: {
    sessions: number;
    bytes: number;
    /** The server that wrote last, and whether it still holds the lock. */
    writer: string | undefined;
    isInUse: boolean;
    /** Why no server of this version may use it: it is newer, was moved, or is half of a move. */
    refusal: HearthError | undefined;
  };
  /** Whether the role may make what is missing. */
  mayPrepare: boolean;
}

/**
 * @param version of this program
 * @throws HearthError that names the database and says what to do
 */
export async function inspectPostgres(url: string, version: string): Promise<PostgresState> {
  const address = postgresAddress(url);
  const { name, schema } = address;
  try {
    const client = await openClient(address);
    try {
      const [server] = await client.run<{
        version: string;
        number: number;
        encoding: string;
        fsync: string;
        durable: string;
        may: boolean;
        there: boolean;
      }>({
        text: `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
          current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
          current_setting('synchronous_commit') as durable, to_regclass($1 || '.sessions') is not null as there,
          case when exists (select from pg_namespace where nspname = $1) then has_schema_privilege($1, 'create')
            else has_database_privilege(current_database(), 'create') end as may`,
        values: [schema],
      });
      if (server === undefined) throw new Error('the server said nothing of itself');
      const state: PostgresState = {
        name,
        version: server.version,
        major: Math.floor(server.number / 10_000),
        encoding: server.encoding,
        fsync: server.fsync !== 'off',
        synchronousCommit: server.durable !== 'off',
        mayPrepare: server.may,
      };
      if (!server.there) return state;
      const [stored] = await client.run<{ sessions: number; bytes: number }>({
        text: `select (select count(*) from sessions) as sessions, (select coalesce(sum(pg_total_relation_size(oid)), 0)
          from pg_class where relnamespace = $1::regnamespace and relkind = 'r') as bytes`,
        values: [schema],
      });
      const [lock] = await client.run<{ held: boolean }>({
        text: `select exists (select from pg_locks where locktype = 'advisory' and granted and objsubid = 1
          and database = (select oid from pg_database where datname = current_database())
          and ((classid::bigint << 32) | objid::bigint) = $1::bigint) as held`,
        values: [lockNumber(address)],
      });
      const writer = await writerOf(client);
      const meta = await client.run<{ name: string; value: string }>({ text: 'select name, value from meta' });
      const known = Object.fromEntries(meta.map((row) => [row.name, row.value]));
      const steps = await client.run<{ name: string }>({ text: 'select name from schema_migrations' });
      const done = steps.map((step) => step.name);
      const refusal = newerFailure(done, name, version, known['program_version']) ?? markFailure(name, known);
      return {
        ...state,
        stored: {
          sessions: stored?.sessions ?? 0,
          bytes: stored?.bytes ?? 0,
          writer,
          isInUse: lock?.held === true,
          refusal,
        },
      };
    } finally {
      await client.end();
    }
  } catch (error) {
    throw storeFailure(error, name);
  }
}
