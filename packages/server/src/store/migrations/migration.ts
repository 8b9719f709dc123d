import { sql } from 'kysely';
import type { Kysely, RawBuilder } from 'kysely';
import type { Tables } from '../schema.ts';

export type Dialect = 'sqlite' | 'postgres';

/**
 * One step forward of the schema. There is no way back: an older program refuses a newer database. The same steps run
 * on both databases; `dialect` is for the few places where they spell a thing differently.
 */
export interface Migration {
  /** Sorts after every earlier one. Never renamed, never edited once released. */
  name: string;
  up(db: Kysely<Tables>, dialect: Dialect): Promise<void>;
}

/**
 * The type of every text column. PostgreSQL would else order texts by the rules of some language, which differ from
 * SQLite's order and change with the operating system's libraries, under indexes that were built with the old ones.
 */
export function textType(dialect: Dialect): 'text' | RawBuilder<string> {
  return dialect === 'sqlite' ? 'text' : sql<string>`text collate "C"`;
}
