import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { ProcessStore } from '../store/store.ts';
import { killTree } from './kill-tree.ts';
import type { TreeRoot } from './kill-tree.ts';
import { MemoryMeter } from './memory-meter.ts';
import { findProcess } from './process-table.ts';
import { TREE_MARK, treeMark } from './tree-mark.ts';

const STDERR_KEPT_BYTES = 8 * 1024;
const MUTE_MS = 5_000;

export interface SpawnTreeOptions {
  command: string;
  args: string[];
  cwd?: string | undefined;
  env: NodeJS.ProcessEnv;
  sessionId: string;
  processes: ProcessStore;
  /** ISO time. */
  startedAt: string;
  /** How long a process may go on that has closed its standard output. Default 5 s. */
  muteMs?: number;
  /**
   * The record could not be written or removed, or the system does not tell what there is to be ended. After a failed write the
   * tree is ended: it could become an orphan.
   */
  onRecordFailure: (error: unknown) => void;
}

/** A process that leads a process group of its own, recorded so that a later server can end its orphan. */
export interface ProcessTree {
  readonly pid: number | undefined;
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Nothing written here reaches the process before it is recorded. */
  readonly stdin: Writable;
  /** Resolves when the process itself has ended and its record is gone. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** The last 8 kB of its standard error. */
  stderrTail(): string;
  /** TERM to the whole tree, KILL after `graceMs`. Never rejects. */
  kill(graceMs?: number): Promise<void>;
  /** See `MemoryMeter`. */
  memoryBytes(): number | undefined;
}

export type ProcessEnd =
  | { type: 'exited'; code: number }
  | { type: 'killed'; signal: NodeJS.Signals }
  | { type: 'failed'; error: Error };

/** @throws Error when the system has no file descriptors left for it */
export function spawnTree(options: SpawnTreeOptions): ProcessTree {
  const child = spawn(options.command, options.args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env, [TREE_MARK]: treeMark(options) },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
  });
  const exit = new Promise<ProcessEnd>((resolve) => {
    child.on('error', (error) => resolve({ type: 'failed', error }));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { type: 'exited', code: code ?? 0 } : { type: 'killed', signal }),
    );
  });
  // It has no pipes then, whatever its type says, and its error comes later.
  if ((child.stdin as Writable | undefined) === undefined) {
    throw new Error(`${options.command} could not be started: there are no file descriptors left (EMFILE)`);
  }
  const { pid } = child;
  const startTicks = pid === undefined ? undefined : findProcess(pid)?.startTicks;
  const root =
    pid === undefined || startTicks === undefined
      ? undefined
      : { pid, startTicks, mark: `${TREE_MARK}=${treeMark(options)}` };
  let stderr = '';
  const memory = root === undefined ? undefined : new MemoryMeter(root);
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT_BYTES);
  });

  const stdin = new PassThrough();
  // A process that ends closes its pipe under our hands (EPIPE); its end is told by `ended`.
  child.stdin.on('error', () => stdin.destroy());
  stdin.on('error', () => child.stdin.destroy());

  const kill = async (graceMs?: number): Promise<void> => {
    if (root !== undefined) await killTree(root, graceMs).catch(options.onRecordFailure);
  };
  const recorded = record(options, root).then(
    () => stdin.pipe(child.stdin),
    async (error: unknown) => {
      options.onRecordFailure(error);
      await kill(0);
    },
  );
  // It can say nothing any more, and whoever waits for its word would wait in vain.
  child.stdout.once('close', () => {
    const timer = setTimeout(() => void kill(), options.muteMs ?? MUTE_MS);
    void exit.then(() => clearTimeout(timer));
  });
  const ended = exit.then(async (end) => {
    await recorded;
    memory?.stop();
    if (root === undefined) return end;
    try {
      // The leader is gone; what it started must not outlive it.
      await killTree(root, 0);
      await options.processes.remove(root.pid, root.startTicks);
    } catch (error) {
      options.onRecordFailure(error);
    }
    return end;
  });
  return {
    pid,
    child,
    stdin,
    ended,
    stderrTail: () => stderr.trim(),
    kill,
    memoryBytes: () => memory?.read(),
  };
}

async function record(options: SpawnTreeOptions, root: TreeRoot | undefined): Promise<void> {
  if (root === undefined) return;
  const { pid, startTicks } = root;
  await options.processes.add({ pid, startTicks, sessionId: options.sessionId, startedAt: options.startedAt });
}
