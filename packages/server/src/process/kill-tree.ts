import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentHas, isOfThisBoot, processTable, type ProcessEntry } from './process-table.ts';

/** Identifies a tree by its root; `startTicks` guards against a later process with the same pid. */
export interface TreeRoot {
  pid: number;
  startTicks: string;
  /** An entry `NAME=value` that stands in the environment of this tree's processes and of no others. */
  mark?: string;
}

/** What has been found out about the processes of a tree; both keyed by pid and start time. */
interface Findings {
  /** Was in the tree, and is still part of it when its parent is gone. */
  readonly members: Set<string>;
  /** Does not carry the mark. */
  readonly unmarked: Set<string>;
}

const POLL_MS = 25;
/** How long it is waited until the system tells again what runs, as when no file descriptor is left. */
const UNREADABLE_MS = 30_000;

/**
 * Ends a process with all its descendants: TERM, and KILL for what is left after `graceMs`. Found are the root's process
 * group; walking the parents, every descendant, also one that made a group of its own; and, on Linux, whatever carries the
 * root's mark, which finds those whose parents are gone. Returns when all are gone (or after another 2 s, for a
 * process that the system cannot end).
 */
export async function killTree(root: TreeRoot, graceMs = 1000): Promise<void> {
  const findings = nothingFound();
  const find = async (): Promise<ProcessEntry[]> => living(root, findings, await readableTable());
  signalTree(await find(), findings, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  const killAt = performance.now() + graceMs;
  const giveUpAt = killAt + 2000;
  while ((await find()).length > 0 && performance.now() < giveUpAt) {
    await sleep(POLL_MS);
    if (performance.now() >= killAt) signalTree(await find(), findings, 'SIGKILL');
  }
}

async function readableTable(): Promise<readonly ProcessEntry[]> {
  for (const giveUpAt = performance.now() + UNREADABLE_MS; ;) {
    try {
      return processTable();
    } catch (error) {
      if (performance.now() >= giveUpAt) throw error;
      await sleep(POLL_MS);
    }
  }
}

/** The processes of the tree that live: the root, its group, all descendants, and what carries its mark. */
export function treeOf(root: TreeRoot): ProcessEntry[] {
  return living(root, nothingFound());
}

/**
 * Memory that the tree alone holds, in bytes: Pss where the system tells it, else resident size. Marks are not looked for:
 * that would read the environment of every process of the machine, again and again.
 */
export function treeMemoryBytes({ pid, startTicks }: TreeRoot, table: readonly ProcessEntry[]): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const sizes = living({ pid, startTicks }, nothingFound(), table).map((entry) => memoryBytes(entry.pid));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return total === 0 ? undefined : total;
}

function nothingFound(): Findings {
  return { members: new Set(), unmarked: new Set() };
}

function signalTree(tree: readonly ProcessEntry[], findings: Findings, signal: 'SIGTERM' | 'SIGKILL'): void {
  // Children first, so that none is handed over to init between the walk and its own signal.
  for (const entry of tree.toReversed()) {
    try {
      process.kill(entry.pid, signal);
    } catch (error) {
      // ESRCH: it ended by itself meanwhile. Anything else (EPERM) shows as a process that stays, and is waited for.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') findings.members.add(keyOf(entry));
    }
  }
}

/** Remembers every process ever seen in the tree, since an orphaned child loses its parent's pid. */
function living(root: TreeRoot, findings: Findings, all: readonly ProcessEntry[] = processTable()): ProcessEntry[] {
  const table = all.filter((entry) => !entry.zombie);
  const rootEntry = table.find((entry) => entry.pid === root.pid);
  const rootLives = rootEntry?.startTicks === root.startTicks;
  // A pid that came up again under another start time is a stranger, and so is a group of that number then.
  const rootIsStranger = (rootEntry !== undefined && !rootLives) || !isOfThisBoot(root.startTicks);
  const inTree = new Map<number, ProcessEntry>();
  for (const entry of table) {
    const remembered = findings.members.has(keyOf(entry)) || isMarked(entry, root, findings);
    const ofGroup = !rootIsStranger && entry.groupId === root.pid;
    if (remembered || ofGroup || (rootLives && entry.pid === root.pid)) inTree.set(entry.pid, entry);
  }
  for (let grew = true; grew;) {
    grew = false;
    for (const entry of table) {
      if (inTree.has(entry.pid) || !inTree.has(entry.parentPid)) continue;
      inTree.set(entry.pid, entry);
      grew = true;
    }
  }
  for (const entry of inTree.values()) findings.members.add(keyOf(entry));
  return [...inTree.values()].filter((entry) => entry.pid !== process.pid);
}

function isMarked(entry: ProcessEntry, { mark, startTicks }: TreeRoot, { unmarked }: Findings): boolean {
  if (mark === undefined || !isOfThisBoot(startTicks) || unmarked.has(keyOf(entry))) return false;
  const marked = environmentHas(entry.pid, mark);
  if (!marked) unmarked.add(keyOf(entry));
  return marked;
}

function keyOf({ pid, startTicks }: ProcessEntry): string {
  return `${pid} ${startTicks}`;
}

function memoryBytes(pid: number): number {
  for (const [file, field] of [
    ['smaps_rollup', 'Pss'],
    ['status', 'VmRSS'],
  ] as const) {
    try {
      const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
      if (match?.[1] !== undefined) return Number(match[1]) * 1024;
    } catch {
      // Ended, or not readable for us: the next file, else nothing.
    }
  }
  return 0;
}
