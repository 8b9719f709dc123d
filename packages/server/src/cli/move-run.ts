import { randomUUID } from 'node:crypto';
import { HearthError } from '@hearth/protocol/errors';
import { move, MoveDiffers, undoMove } from '../store/move/move.ts';
import type { Comparison } from '../store/move/move.ts';
import type { MoveDatabase } from '../store/move/move-database.ts';
import { contentsLine } from './database-contents.ts';
import type { MoveFlags } from './move-place.ts';
import { MoveProgress } from './move-progress.ts';
import type { ProgressOutput } from './move-progress.ts';
import { onStopSignal } from './stop-signals.ts';
import { table } from './table.ts';

const SHOWN_OF_HASH = 16;

/**
 * Moves, shows how far it is and what both sides hold, and closes them.
 * @param openTarget is called when the source is open, so that nothing is made when that fails
 */
export async function runMove(
  source: MoveDatabase,
  openTarget: () => Promise<MoveDatabase>,
  flags: MoveFlags,
): Promise<Comparison[]> {
  const { default: ora } = await import('ora');
  const spinner = ora({ isSilent: !process.stderr.isTTY, discardStdin: false });
  const abort = new AbortController();
  const stopListening = onStopSignal(() =>
    abort.abort(new HearthError('internal', 'Stopped.', { hint: 'The same command goes on where it was.' })),
  );
  let target: MoveDatabase | undefined;
  try {
    target = await openTarget();
    const tables = await move(source, target, {
      now: () => new Date(),
      newId: randomUUID,
      anew: flags.anew === true,
      observer: new MoveProgress(outputTo(spinner)),
      signal: abort.signal,
    });
    spinner.stop();
    tell(tables, source, target, flags);
    return tables;
  } catch (error) {
    spinner.stop();
    if (error instanceof MoveDiffers) process.stderr.write(comparisonTable(error.tables));
    throw error;
  } finally {
    stopListening();
    await target?.close();
    await source.close();
  }
}

/** Lets a server use again what was moved away. */
export async function runUndo(source: MoveDatabase): Promise<void> {
  try {
    const to = await undoMove(source);
    process.stdout.write(
      `${source.name} can be used again, as it was when it was moved. What came to ${to} since is not in it.\n`,
    );
  } finally {
    await source.close();
  }
}

/** What both sides hold, one table a line. */
export function comparisonTable(tables: readonly Comparison[]): string {
  return table(
    ['table', 'rows', 'rows there', 'hash', 'hash there', ''],
    tables.map(({ table: name, source, target, same }) => [
      name,
      String(source.rows),
      String(target.rows),
      source.hash.slice(0, SHOWN_OF_HASH),
      target.hash.slice(0, SHOWN_OF_HASH),
      same ? 'the same' : 'DIFFERENT',
    ]),
  );
}

/** Rows of a table that was moved. */
export function movedRows(tables: readonly Comparison[], name: string): number {
  return tables.find(({ table: each }) => each === name)?.source.rows ?? 0;
}

function tell(tables: readonly Comparison[], source: MoveDatabase, target: MoveDatabase, { json }: MoveFlags): void {
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ from: source.name, to: target.name, tables })}\n`);
    return;
  }
  const contents = Object.fromEntries(tables.map(({ table: name, source: { rows } }) => [name, rows]));
  process.stdout.write(`${comparisonTable(tables)}\n`);
  process.stdout.write(`moved ${contentsLine(contents)} from ${source.name} to ${target.name}\n`);
}

function outputTo(spinner: { text: string; start(): unknown; clear(): unknown; isSpinning: boolean }): ProgressOutput {
  const line = (text: string): void => {
    if (spinner.isSpinning) spinner.clear();
    process.stderr.write(`${text}\n`);
  };
  const nowMs = (): number => performance.now();
  if (!process.stderr.isTTY) return { line, nowMs };
  return {
    line,
    nowMs,
    status: (text) => {
      spinner.text = text;
      if (!spinner.isSpinning) spinner.start();
    },
  };
}
