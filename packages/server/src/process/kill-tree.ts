import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOfThisBoot, processTable, type ProcessEntry } from './process-table.ts';

/** Identifies a tree by its root; `startTicks` guards against a later process with the same pid. */
export interface TreeRoot {
  pid: number;
  startTicks: string;
}

const POLL_MS = 25;

/**
 * Ends a process with all its descendants: TERM, and KILL for what is left after `graceMs`. Found are the root's process
 * group and, walking the parents, every descendant, also one that made a group of its own. Returns when all are gone
 * (or after another 2 s, for a process that the system cannot end).
 */
export async function killTree(root: TreeRoot, graceMs = 1000): Promise<void> {
  const known = new Map<number, ProcessEntry>();
  signalTree(root, known, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  const killAt = Date.now() + graceMs;
  const giveUpAt = killAt + 2000;
  while (living(root, known).length > 0 && Date.now() < giveUpAt) {
    await sleep(POLL_MS);
    if (Date.now() >= killAt) signalTree(root, known, 'SIGKILL');
  }
}

/** The processes of the tree that live: the root, its group, and all descendants. */
export function treeOf(root: TreeRoot): ProcessEntry[] {
  return living(root, new Map());
}

/** Memory that the tree alone holds, in bytes: Pss where the system tells it, else resident size. */
export function treeMemoryBytes(root: TreeRoot): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const sizes = treeOf(root).map((entry) => memoryBytes(entry.pid));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return total === 0 ? undefined : total;
}

function signalTree(root: TreeRoot, known: Map<number, ProcessEntry>, signal: 'SIGTERM' | 'SIGKILL'): void {
  // Children first, so that none is handed over to init between the walk and its own signal.
  for (const entry of living(root, known).toReversed()) {
    try {
      process.kill(entry.pid, signal);
    } catch (error) {
      // ESRCH: it ended by itself meanwhile. Anything else (EPERM) shows as a process that stays, and is waited for.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') known.set(entry.pid, entry);
    }
  }
}

/** Remembers every process ever seen in the tree in `known`, since an orphaned child loses its parent's pid. */
function living(root: TreeRoot, known: Map<number, ProcessEntry>): ProcessEntry[] {
  const table = processTable().filter((entry) => !entry.zombie);
  const rootEntry = table.find((entry) => entry.pid === root.pid);
  const rootLives = rootEntry?.startTicks === root.startTicks;
  // A pid that came up again under another start time is a stranger, and so is a group of that number then.
  const rootIsStranger = (rootEntry !== undefined && !rootLives) || !isOfThisBoot(root.startTicks);
  const inTree = new Map<number, ProcessEntry>();
  for (const entry of table) {
    const remembered = known.get(entry.pid)?.startTicks === entry.startTicks;
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
  for (const entry of inTree.values()) known.set(entry.pid, entry);
  return [...inTree.values()].filter((entry) => entry.pid !== process.pid);
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
