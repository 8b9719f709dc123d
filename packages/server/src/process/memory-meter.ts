import { treeMemoryBytes, type TreeRoot } from './kill-tree.ts';
import { processTable, type ProcessEntry } from './process-table.ts';

/** A figure that is older is measured anew. */
const VALID_MS = 2_000;
/** All trees that are measured within this time are looked for in one reading of the system's table of processes. */
const TABLE_VALID_MS = 1_000;
const PAUSE_MS = 10;

/** Trees whose figures are old, in the order in which they were asked for. */
const due = new Set<MemoryMeter>();
let timer: NodeJS.Timeout | null = null;
let table: { atMs: number; entries: readonly ProcessEntry[] } | null = null;

/**
 * What the processes of a tree take. To measure one takes ms (the system walks all its pages), so that to measure all whenever one
 * of them has become idle would hold up everything else: who asks is told the last figure, and an old one is measured anew after
 * that, one tree at a time.
 */
export class MemoryMeter {
  readonly #root: TreeRoot;
  #last: { atMs: number; bytes: number | undefined } | null = null;

  constructor(root: TreeRoot) {
    this.#root = root;
  }

  /** The figure, in bytes; only the first one is measured at once. Undefined: it cannot be told, or the tree is gone. */
  read(): number | undefined {
    const last = this.#last ?? this.#measure(0);
    if (performance.now() - last.atMs >= VALID_MS) {
      due.add(this);
      timer ??= setTimeout(MemoryMeter.#measureNext, PAUSE_MS).unref();
    }
    return last.bytes;
  }

  /** The tree is gone. */
  stop(): void {
    due.delete(this);
    this.#last = { atMs: Infinity, bytes: undefined };
  }

  /** @param tableAgeMs so old may a reading of the table be: one that has just started is in none */
  #measure(tableAgeMs: number): { atMs: number; bytes: number | undefined } {
    const atMs = performance.now();
    if (table === null || atMs - table.atMs >= tableAgeMs) table = { atMs, entries: processTable() };
    this.#last = { atMs, bytes: treeMemoryBytes(this.#root, table.entries) };
    return this.#last;
  }

  static readonly #measureNext = (): void => {
    timer = null;
    const [next] = due;
    if (next === undefined) return;
    due.delete(next);
    next.#measure(TABLE_VALID_MS);
    if (due.size > 0) timer = setTimeout(MemoryMeter.#measureNext, PAUSE_MS).unref();
  };
}
