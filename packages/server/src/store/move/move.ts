import { HearthError } from '@hearth/protocol';
import { Digest } from './digest.ts';
import type { TableDigest } from './digest.ts';
import { moveIn, movedFailure, moveOut } from './marks.ts';
import type { MoveIn, MoveOut } from './marks.ts';
import type { MoveDatabase } from './move-database.ts';
import { keyOf, MOVED_TABLES } from './tables.ts';
import type { MovedTable, Row } from './tables.ts';

/** What is told while a move runs. */
export interface MoveObserver {
  /** How the move begins: from nothing, where a former one stopped, or anew because the source was used since. */
  begun(how: 'fresh' | 'resumed' | 'anew'): void;
  /**
   * A table is being copied or compared.
   * @param done rows of it that a former run has done
   * @param total rows that the source has of it
   */
  started(step: MoveStep, table: string, done: number, total: number): void;
  /** @param done rows so far, those of a former run included */
  advanced(done: number): void;
  finished(): void;
}

export type MoveStep = 'copying' | 'comparing';

export interface MoveOptions {
  now: () => Date;
  newId: () => string;
  /** Throws away what an unfinished move has left in the target, whatever it came from. */
  anew?: boolean;
  observer: MoveObserver;
  signal?: AbortSignal;
}

/** What both sides hold of a table. */
export interface Comparison {
  table: string;
  source: TableDigest;
  target: TableDigest;
  same: boolean;
}

/** What both sides hold differs; the target stays half a move, and no server takes it. */
export class MoveDiffers extends HearthError {
  readonly tables: readonly Comparison[];

  constructor(tables: readonly Comparison[], target: string) {
    const names = tables.filter(({ same }) => !same).map(({ table }) => table);
    super('internal', `${target} does not hold what was copied to it: ${names.join(', ')}.`, {
      hint: 'One of the two was changed meanwhile, or a disk fails. The source is unchanged and can be used. Copy everything again with --anew.',
    });
    this.tables = tables;
  }
}

/**
 * Moves all rows from one database to an empty one, compares both as they are read back, and only then says in the source
 * that it has moved and in the target that it is complete. Progress is stored with every page: a move that was cut off goes
 * on where it was. Until the end the source can be used as if nothing had been.
 * @returns what both hold
 * @throws HearthError when the target holds something else, when the source was moved before, and MoveDiffers
 */
export async function move(source: MoveDatabase, target: MoveDatabase, options: MoveOptions): Promise<Comparison[]> {
  const { out, progress } = await begin(source, target, options);
  await copy(source, target, progress, options);
  const tables = await compare(source, target, options);
  if (tables.some(({ same }) => !same)) throw new MoveDiffers(tables, target.name);
  // In this order: a crash in between leaves two databases that no server takes, and never two that one does.
  const moved: MoveOut = { ...out, state: 'moved', to: target.name, at: options.now().toISOString() };
  await source.write({ marks: { move_out: JSON.stringify(moved) } });
  await target.write({ marks: { move_in: null } });
  return tables;
}

/** Takes back that a database was moved: a server may use it again, as it was. @returns where it was moved to */
export async function undoMove(source: MoveDatabase): Promise<string> {
  const out = await moveOut(source);
  if (out === undefined) {
    throw new HearthError('invalid_request', `${source.name} was not moved; there is nothing to undo.`, {
      hint: 'Start the server with it.',
    });
  }
  await source.write({ marks: { move_out: null } });
  return out.to;
}

async function begin(
  source: MoveDatabase,
  target: MoveDatabase,
  { now, newId, anew = false, observer }: MoveOptions,
): Promise<{ out: MoveOut; progress: MoveIn }> {
  const half = await moveIn(source);
  if (half !== undefined) {
    throw new HearthError('invalid_request', `${source.name} is itself half of a move from ${half.from}.`, {
      hint: 'Finish that one first: run it again.',
    });
  }
  const former = await moveOut(source);
  const found = await moveIn(target);
  const isSame = found !== undefined && found.id === former?.id && found.epoch === former.epoch;
  if (former?.state === 'moved' && !isSame) throw movedFailure(source.name, former);
  await refuseUsed(target, found, former, anew);
  const out: MoveOut =
    former?.state === 'moved'
      ? former
      : {
          id: former?.id ?? newId(),
          epoch: former?.epoch ?? 1,
          state: 'under_way',
          to: target.name,
          at: now().toISOString(),
        };
  await source.write({ marks: { move_out: JSON.stringify(out) } });
  if (isSame && !anew) {
    observer.begun('resumed');
    return { out, progress: found };
  }
  observer.begun(found === undefined ? 'fresh' : 'anew');
  const next = { table: MOVED_TABLES[0]?.name ?? '', after: null };
  const progress: MoveIn = { id: out.id, epoch: out.epoch, from: source.name, next, copied: {} };
  await target.write({ clear: true, marks: { move_in: JSON.stringify(progress), move_out: null } });
  return { out, progress };
}

/** @throws HearthError unless the target is empty, or has what a move of the same source left there */
async function refuseUsed(
  target: MoveDatabase,
  found: MoveIn | undefined,
  former: MoveOut | undefined,
  anew: boolean,
): Promise<void> {
  if (found !== undefined) {
    if (anew || found.id === former?.id) return;
    throw new HearthError(
      'invalid_request',
      `${target.name} holds an unfinished move from ${found.from}, of which this source knows nothing.`,
      { hint: 'Finish that one, name another target, or throw its copy away with --anew.' },
    );
  }
  const moved = await moveOut(target);
  if (moved?.state === 'moved') throw usedFailure(target, `what was moved from it to ${moved.to}`);
  for (const table of MOVED_TABLES) {
    if (table.name === 'meta') continue;
    const rows = await target.count(table);
    if (rows > 0) throw usedFailure(target, `data already (${table.name}: ${rows})`);
  }
}

function usedFailure({ name }: MoveDatabase, what: string): HearthError {
  return new HearthError('invalid_request', `${name} holds ${what}; only an empty database can be moved to.`, {
    hint: 'Name another one: for PostgreSQL another schema (?schema=…) or database, else another data directory. Nothing was changed.',
  });
}

async function copy(
  source: MoveDatabase,
  target: MoveDatabase,
  progress: MoveIn,
  { observer, signal }: MoveOptions,
): Promise<void> {
  if (progress.next === undefined) return;
  const from = MOVED_TABLES.findIndex(({ name }) => name === progress.next?.table);
  if (from === -1) throw new Error(`the progress of the move names the table ${progress.next.table}`);
  let copied = progress.copied;
  let after = progress.next.after;
  for (const table of MOVED_TABLES.slice(from)) {
    observer.started('copying', table.name, copied[table.name] ?? 0, await source.count(table));
    let rows: Row[];
    while ((rows = await source.page(table, after)).length > 0) {
      signal?.throwIfAborted();
      after = keyOf(table, rows.at(-1) ?? []);
      copied = { ...copied, [table.name]: (copied[table.name] ?? 0) + rows.length };
      const next = { table: table.name, after };
      await target.write({ rows: { table, rows }, marks: { move_in: JSON.stringify({ ...progress, next, copied }) } });
      observer.advanced(copied[table.name] ?? 0);
    }
    observer.finished();
    after = null;
  }
  const { next: _done, ...rest } = progress;
  await target.write({
    lastNumbers: await source.lastNumbers(),
    marks: { move_in: JSON.stringify({ ...rest, copied }) },
  });
}

/** Reads both sides from beginning to end, and trusts nothing that the copy knew. */
async function compare(
  source: MoveDatabase,
  target: MoveDatabase,
  { observer, signal }: MoveOptions,
): Promise<Comparison[]> {
  const tables: Comparison[] = [];
  for (const table of MOVED_TABLES) {
    const counts = await Promise.all([source.count(table), target.count(table)]);
    observer.started('comparing', table.name, 0, counts[0]);
    const [here, there] = await Promise.all([
      digestOf(source, table, (rows) => {
        signal?.throwIfAborted();
        observer.advanced(rows);
      }),
      digestOf(target, table, () => signal?.throwIfAborted()),
    ]);
    observer.finished();
    refuseUnread(source, table, counts[0], here);
    refuseUnread(target, table, counts[1], there);
    tables.push(comparison(table.name, here, there));
  }
  const [here, there] = await Promise.all([numbersOf(source), numbersOf(target)]);
  tables.push(comparison('numbers given', here, there));
  return tables;
}

/** Pages that leave rows out would leave the same ones out on both sides. */
function refuseUnread({ name }: MoveDatabase, table: MovedTable, counted: number, { rows }: TableDigest): void {
  if (rows === counted) return;
  throw new HearthError('internal', `Of ${counted} rows of ${table.name} in ${name}, ${rows} were read.`, {
    hint: 'This is a fault in Hearth, or another program changes the database: please report it. The source is unchanged and can be used.',
  });
}

function comparison(table: string, source: TableDigest, target: TableDigest): Comparison {
  return { table, source, target, same: source.rows === target.rows && source.hash === target.hash };
}

async function digestOf(
  database: MoveDatabase,
  table: MovedTable,
  onPage: (rows: number) => void,
): Promise<TableDigest> {
  const digest = new Digest();
  let after: Row | null = null;
  let rows: Row[];
  while ((rows = await database.page(table, after)).length > 0) {
    for (const row of rows) digest.add(row);
    after = keyOf(table, rows.at(-1) ?? []);
    onPage(digest.rows);
  }
  return digest.result();
}

/** The numbers that a database goes on above, in the form of a table. */
async function numbersOf(database: MoveDatabase): Promise<TableDigest> {
  const digest = new Digest();
  for (const row of Object.entries(await database.lastNumbers())) digest.add(row);
  return digest.result();
}
