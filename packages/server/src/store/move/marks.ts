import { HearthError } from '@hearth/protocol';
import type { SqlDatabase } from '../sql/database.ts';
import type { StoreLog } from '../store-log.ts';
import type { MoveDatabase } from './move-database.ts';
import { MARKS } from './tables.ts';
import type { MarkName, Row } from './tables.ts';

/**
 * In the database that is moved. `id` and `epoch` say what was copied: the epoch grows whenever a server uses the database
 * while it is being moved, and a copy of another epoch is worth nothing.
 */
export interface MoveOut {
  id: string;
  epoch: number;
  state: 'under_way' | 'moved';
  /** Name of the target. */
  to: string;
  /** ISO time of the state. */
  at: string;
}

/** In the database that is moved to, until it is complete. */
export interface MoveIn {
  id: string;
  epoch: number;
  /** Name of the source. */
  from: string;
  /** Where the copy goes on: in this table, after this key. Absent: everything is copied. */
  next?: { table: string; after: Row | null };
  /** Rows that were copied, by table. */
  copied: Readonly<Record<string, number>>;
}

export async function moveOut(database: MoveDatabase): Promise<MoveOut | undefined> {
  return moveOutOf(await database.mark('move_out'));
}

export async function moveIn(database: MoveDatabase): Promise<MoveIn | undefined> {
  return moveInOf(await database.mark('move_in'));
}

/** The marks of a database as they are stored. */
export type StoredMarks = Readonly<Partial<Record<MarkName, string | undefined>>>;

/**
 * What a server does before it uses a database. One that was only begun to be moved it may use; the copy begins anew then.
 * @throws HearthError when the database is half of a move, or was moved elsewhere
 */
export async function claimForServer({ db, name, query }: SqlDatabase, log?: StoreLog): Promise<void> {
  const rows = await query(() => db.selectFrom('meta').selectAll().where('name', 'in', MARKS).execute());
  const marks: StoredMarks = Object.fromEntries(rows.map((row) => [row.name, row.value]));
  const failure = markFailure(name, marks);
  if (failure !== undefined) throw failure;
  const out = moveOutOf(marks.move_out);
  if (out === undefined) return;
  log?.warn({ database: name, to: out.to }, 'a move of this database was begun and not finished; it will begin anew');
  const value = JSON.stringify({ ...out, epoch: out.epoch + 1 });
  await query(() => db.updateTable('meta').set({ value }).where('name', '=', 'move_out').execute());
}

/** Why no server may use the database with these marks; undefined: one may. */
export function markFailure(name: string, marks: StoredMarks): HearthError | undefined {
  const half = moveInOf(marks.move_in);
  if (half !== undefined) {
    return new HearthError('internal', `The database ${name} is half of a move from ${half.from}.`, {
      hint: 'Run the same move again: it goes on where it stopped. Until then the source can be used.',
    });
  }
  const out = moveOutOf(marks.move_out);
  return out?.state === 'moved' ? movedFailure(name, out) : undefined;
}

/** @param name of the database that was moved */
export function movedFailure(name: string, { to, at }: MoveOut): HearthError {
  const [now, undo] = to.startsWith('postgres')
    ? ['Set HEARTH_DATABASE_URL (or --database-url) to that database.', 'hearth migrate-to --undo']
    : [
        'Leave HEARTH_DATABASE_URL (--database-url) unset, and use the data directory of that file.',
        'hearth migrate-from --undo',
      ];
  return new HearthError('internal', `What the database ${name} holds was moved to ${to} (${at}).`, {
    hint: `${now} To go on with this one instead, as it was then: ${undo}`,
  });
}

function moveOutOf(text: string | undefined): MoveOut | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as MoveOut);
}

function moveInOf(text: string | undefined): MoveIn | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as MoveIn);
}
