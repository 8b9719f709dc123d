import { HearthError } from '@hearth/protocol';
import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** What the queries that both databases share need of a connection to one. */
export interface SqlDatabase {
  /** For queries of one statement. */
  readonly db: Kysely<Tables>;
  /** How messages name the database: its file, or its address without the password. */
  readonly name: string;
  /** Runs a query that changes nothing, or that may run twice; what it throws comes out as a HearthError. */
  readonly query: <Result>(work: () => Result | Promise<Result>) => Promise<Result>;
  /** Runs a statement that must not run twice. */
  readonly write: <Result>(work: () => Result | Promise<Result>) => Promise<Result>;
}

/** What a query found must have this form; anything else means that the database was changed by another program. */
export function foreign(what: string, name: string): HearthError {
  return new HearthError('internal', `The database ${name} holds ${what}, which Hearth did not write.`, {
    hint: 'Put a backup in its place.',
  });
}
