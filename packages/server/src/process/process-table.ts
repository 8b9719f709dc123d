import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One running process as the operating system shows it. */
export interface ProcessEntry {
  pid: number;
  parentPid: number;
  groupId: number;
  /**
   * When it started, in the system's own form: on Linux the boot's id and the clock ticks since that boot
   * (proc_pid_stat(5), field 22), a date elsewhere. Together with the pid it names one process for ever.
   */
  startTicks: string;
  /** Dead, and only waiting for its parent to take note. */
  zombie: boolean;
}

/** All processes that can be seen. */
export function processTable(): ProcessEntry[] {
  return process.platform === 'linux' ? linuxTable() : psTable([]);
}

/** One process, or undefined when there is none with that pid. */
export function findProcess(pid: number): ProcessEntry | undefined {
  if (process.platform === 'linux') return linuxEntry(pid);
  return psTable(['-p', String(pid)]).find((entry) => entry.pid === pid);
}

/** Whether a start time is of the running system; process group numbers of an earlier boot say nothing. */
export function isOfThisBoot(startTicks: string): boolean {
  return process.platform !== 'linux' || startTicks.startsWith(`${bootId()}:`);
}

/**
 * Whether `NAME=value` stands in the environment that a process was started with. False where it cannot be known: for
 * processes of other users, and on systems other than Linux.
 */
export function environmentHas(pid: number, entry: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(`\0${entry}\0`);
  } catch {
    // It has ended, or belongs to somebody else.
    return false;
  }
}

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}

function linuxTable(): ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const entry = linuxEntry(Number(name));
    return entry === undefined ? [] : [entry];
  });
}

function linuxEntry(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It has ended: that is the answer, not a failure.
    return undefined;
  }
  const entry = parseStat(pid, stat);
  return entry === undefined ? undefined : { ...entry, startTicks: `${bootId()}:${entry.startTicks}` };
}

/** Reads a line of /proc/PID/stat. The command's name stands in brackets and may itself hold brackets and blanks. */
export function parseStat(pid: number, stat: string): ProcessEntry | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid, groupId] = fields;
  const startTicks = fields[19];
  if (state === undefined || parentPid === undefined || groupId === undefined || startTicks === undefined) {
    return undefined;
  }
  return { pid, parentPid: Number(parentPid), groupId: Number(groupId), startTicks, zombie: state === 'Z' };
}

function psTable(selection: string[]): ProcessEntry[] {
  const args = [...(selection.length === 0 ? ['-A'] : selection), '-o', 'pid=,ppid=,pgid=,stat=,lstart='];
  let output: string;
  try {
    output = execFileSync('ps', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  } catch {
    // ps exits with 1 when no process matches.
    return [];
  }
  return parsePs(output);
}

/** Reads the output of `ps -o pid=,ppid=,pgid=,stat=,lstart=`. */
export function parsePs(output: string): ProcessEntry[] {
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (match === null) return [];
    const [, pid, parentPid, groupId, state = '', startTicks = ''] = match;
    return [
      {
        pid: Number(pid),
        parentPid: Number(parentPid),
        groupId: Number(groupId),
        startTicks,
        zombie: state.startsWith('Z'),
      },
    ];
  });
}
