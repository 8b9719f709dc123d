import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { ProcessRecord, ProcessStore } from '../store/store.ts';
import { killTree, treeMemoryBytes, treeOf } from './kill-tree.ts';
import { endOrphans } from './orphans.ts';
import { findProcess, parsePs, parseStat, processTable } from './process-table.ts';
import { spawnTree } from './spawn-tree.ts';
import { TREE_MARK, treeMark } from './tree-mark.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-process-'));

function memoryStore(): ProcessStore & { records: ProcessRecord[] } {
  const records: ProcessRecord[] = [];
  return {
    records,
    add: async (record) => void records.push(record),
    async remove(pid, startTicks) {
      const at = records.findIndex((record) => record.pid === pid && record.startTicks === startTicks);
      if (at >= 0) records.splice(at, 1);
    },
    list: async () => [...records],
  };
}

let started = 0;

/** Each has a mark of its own: a tree that is still being ended must not take the next test's with it. */
function start(script: string, processes: ProcessStore, failures: unknown[] = [], muteMs = 5_000) {
  started += 1;
  return spawnTree({
    command: 'bash',
    args: ['--norc', '-c', script],
    env: { PATH: process.env['PATH'] },
    sessionId: `tree-${started}`,
    processes,
    startedAt: '2026-01-01T00:00:00.000Z',
    onRecordFailure: (error) => failures.push(error),
    muteMs,
  });
}

function lives(pid: number): boolean {
  const entry = findProcess(pid);
  return entry !== undefined && !entry.zombie;
}

/** Takes every file descriptor that this process may have. @returns gives them back */
function takeDescriptors(): () => void {
  const soft = (limit: string): void => void execFileSync('prlimit', [`--pid=${process.pid}`, `--nofile=${limit}:`]);
  const before = execFileSync('prlimit', [`--pid=${process.pid}`, '--nofile', '--noheadings', '--output=SOFT'], {
    encoding: 'utf8',
  });
  soft(String(Math.max(...readdirSync('/proc/self/fd').map(Number)) + 64));
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // There are no more.
  }
  return () => {
    for (const descriptor of taken) closeSync(descriptor);
    soft(before.trim());
  };
}

async function pidFrom(name: string): Promise<number> {
  const file = join(folder, name);
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8').trim() !== '').toBe(true);
  return Number(readFileSync(file, 'utf8'));
}

describe('a process tree', () => {
  test('is recorded with its start time while it lives, and forgotten when it has ended', async () => {
    const processes = memoryStore();
    const tree = start('read line; echo "got $line"; echo oops >&2; exit 7', processes);
    const output = new Promise<string>((resolve) => tree.child.stdout.once('data', (data) => resolve(String(data))));
    expect(tree.pid).toBeGreaterThan(0);
    await expect.poll(() => processes.records).toHaveLength(1);
    expect(processes.records[0]).toMatchObject({ pid: tree.pid, startTicks: findProcess(tree.pid ?? 0)?.startTicks });
    tree.stdin.write('hello\n');
    expect(await output).toBe('got hello\n');
    expect(await tree.ended).toEqual({ type: 'exited', code: 7 });
    expect(tree.stderrTail()).toBe('oops');
    expect(processes.records).toEqual([]);
  });

  test('gets nothing to do before it is recorded, and is ended when it cannot be', async () => {
    const failures: unknown[] = [];
    const processes = { ...memoryStore(), add: async () => Promise.reject(new Error('disk full')) };
    const tree = start(`read line; touch ${folder}/worked`, processes, failures);
    tree.stdin.write('work\n');
    expect((await tree.ended).type).toBe('killed');
    expect(failures).toHaveLength(1);
    expect(existsSync(join(folder, 'worked'))).toBe(false);
  });

  test('[AGT3] ends whole: with a child that ignores TERM, and one that left the group', async () => {
    const tree = start(
      `bash -c 'trap "" TERM; echo $$ > ${folder}/stubborn; while :; do sleep 0.05; done' &
       setsid bash -c 'echo $$ > ${folder}/away; exec tail -f /dev/null' &
       wait`,
      memoryStore(),
    );
    const [stubborn, away] = [await pidFrom('stubborn'), await pidFrom('away')];
    expect(tree.memoryBytes()).toBeGreaterThan(100_000);
    await tree.kill(200);
    expect([stubborn, away, tree.pid ?? 0].filter(lives)).toEqual([]);
    expect((await tree.ended).type).toBe('killed');
  });

  test('[AGT3] ends whole: with one that left the group and whose parent is gone', async () => {
    const tree = start(
      `bash -c 'setsid bash -c "echo \\$\\$ > ${folder}/far; exec tail -f /dev/null" & exit 0'; read line`,
      memoryStore(),
    );
    const far = await pidFrom('far');
    await expect.poll(() => findProcess(far)?.parentPid).not.toBe(tree.pid);
    expect(findProcess(far)?.groupId).not.toBe(tree.pid);
    await tree.kill(0);
    expect([far, tree.pid ?? 0].filter(lives)).toEqual([]);
  });

  test('a leader that ends by itself takes with it what it started', async () => {
    const tree = start(`tail -f /dev/null & echo $! > ${folder}/left; exit 0`, memoryStore());
    const left = await pidFrom('left');
    await tree.ended;
    expect(lives(left)).toBe(false);
  });

  test('what it takes is measured again while it grows, and is not told when it is gone', async () => {
    const grows = "let kept; process.stdin.on('data', () => { kept = Buffer.alloc(64e6, 1); })";
    const tree = start(`exec ${process.execPath} -e "${grows}"`, memoryStore());
    // Of what a program shares with others each is counted its part: with many of them little more than this is its own.
    await expect.poll(() => tree.memoryBytes()).toBeGreaterThan(5_000_000);
    const before = tree.memoryBytes();
    expect(before).toBeLessThan(60_000_000);
    tree.stdin.write('grow');
    const root = { pid: tree.pid ?? 0, startTicks: findProcess(tree.pid ?? 0)?.startTicks ?? '' };
    await expect.poll(() => treeMemoryBytes(root, processTable())).toBeGreaterThan(64_000_000);
    // The figure is old by now; who asks is not kept waiting for another one.
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(tree.memoryBytes()).toBe(before);
    await expect.poll(() => tree.memoryBytes()).toBeGreaterThan(64_000_000);
    await tree.kill(0);
    await tree.ended;
    expect(tree.memoryBytes()).toBeUndefined();
  });

  test('[AGT3] ends in its time when the clock is set back meanwhile', async () => {
    const tree = start(`trap "" TERM; echo $$ > ${folder}/patient; while :; do sleep 0.05; done`, memoryStore());
    const patient = await pidFrom('patient');
    const set = vi.spyOn(Date, 'now').mockReturnValueOnce(Date.now());
    const killed = tree.kill(100);
    set.mockReturnValue(0);

    await killed;

    expect(lives(patient)).toBe(false);
    set.mockRestore();
  });

  test('[AGT3] is ended when it has closed its output, since it can say nothing any more', async () => {
    const tree = start('exec sleep 600 >&-', memoryStore(), [], 50);
    tree.child.stdout.resume();
    expect(await tree.ended).toEqual({ type: 'killed', signal: 'SIGTERM' });
  });

  test.skipIf(process.platform !== 'linux')('[AGT3] ends when there are file descriptors again', async () => {
    const tree = start(`echo $$ > ${folder}/late; exec tail -f /dev/null`, memoryStore());
    const late = await pidFrom('late');
    const giveBack = takeDescriptors();
    const killed = tree.kill(0);
    giveBack();

    await killed;

    expect(lives(late)).toBe(false);
  });

  test.skipIf(process.platform !== 'linux')('for which there are no file descriptors is refused', async () => {
    const giveBack = takeDescriptors();
    try {
      expect(() => start('exit 0', memoryStore())).toThrow(/no file descriptors left/);
    } finally {
      giveBack();
    }
    // Its error comes by itself.
    await new Promise((resolve) => setImmediate(resolve));
  });

  test('a program that is not there is a failure, not a throw', async () => {
    const tree = spawnTree({
      command: join(folder, 'nowhere'),
      args: [],
      env: {},
      sessionId: 's1',
      processes: memoryStore(),
      startedAt: '2026-01-01T00:00:00.000Z',
      onRecordFailure: () => undefined,
    });
    expect(await tree.ended).toMatchObject({ type: 'failed', error: { code: 'ENOENT' } });
    expect(tree.memoryBytes()).toBeUndefined();
  });
});

describe('orphans', () => {
  test('[PRC1] recorded processes that still live are ended; strangers with the same pid are left alone', async () => {
    const orphan = spawn('bash', ['-c', `tail -f /dev/null & echo $! > ${folder}/child; wait`], { detached: true });
    const stranger = spawn('tail', ['-f', '/dev/null'], { detached: true });
    const child = await pidFrom('child');
    const processes = memoryStore();
    const record = { sessionId: 's1', startedAt: '2026-01-01T00:00:00.000Z' };
    const ticksOf = (pid: number | undefined): string => findProcess(pid ?? 0)?.startTicks ?? '';
    await processes.add({ ...record, pid: orphan.pid ?? 0, startTicks: ticksOf(orphan.pid) });
    await processes.add({ ...record, pid: stranger.pid ?? 0, startTicks: 'another-boot:12' });
    await processes.add({ ...record, pid: 4_000_000, startTicks: ticksOf(orphan.pid) });
    const found = await endOrphans(processes);
    expect(found.map(({ pid }) => pid)).toEqual([orphan.pid]);
    expect([orphan.pid ?? 0, child].filter(lives)).toEqual([]);
    expect(lives(stranger.pid ?? 0)).toBe(true);
    expect(processes.records).toEqual([]);
    const root = { pid: stranger.pid ?? 0, startTicks: ticksOf(stranger.pid) };
    expect(treeMemoryBytes(root, processTable())).toBeGreaterThan(10_000);
    await killTree(root, 0);
    expect(treeOf(root)).toEqual([]);
  });
});

describe('what outlived its agent', () => {
  test('[PRC1] is ended when the recorded process itself is gone, by the mark that it carries; others are left alone', async () => {
    const record = { sessionId: 's1', startedAt: '2026-01-01T00:00:00.000Z' };
    const carry = (mark: string): number =>
      spawn('tail', ['-f', '/dev/null'], { detached: true, env: { ...process.env, [TREE_MARK]: mark } }).pid ?? 0;
    const [mine, another] = [carry(treeMark(record)), carry(treeMark({ ...record, sessionId: 's11' }))];
    const processes = memoryStore();
    await processes.add({ ...record, pid: 4_000_000, startTicks: findProcess(mine)?.startTicks ?? '' });
    expect(await endOrphans(processes)).toHaveLength(1);
    expect([mine, another].filter(lives)).toEqual([another]);
    expect(processes.records).toEqual([]);
    await killTree({ pid: another, startTicks: findProcess(another)?.startTicks ?? '' }, 0);
  });
});

describe('what the system says of processes', () => {
  test('a name with brackets and blanks in /proc/PID/stat', () => {
    const rest = Array.from({ length: 30 }, (_, index) => String(index)).join(' ');
    expect(parseStat(7, `7 (a) b) (c) S 1 5 ${rest}`)).toEqual({
      pid: 7,
      parentPid: 1,
      groupId: 5,
      startTicks: '16',
      zombie: false,
    });
    expect(parseStat(7, '7 (x) Z')).toBeUndefined();
  });

  test('the output of ps', () => {
    expect(
      parsePs('  12     1    12 Ss   Sat Nov 21 05:03:00 2026\n  13 12 12 Z+ Sat Nov 21 05:03:01 2026\n\n'),
    ).toEqual([
      { pid: 12, parentPid: 1, groupId: 12, startTicks: 'Sat Nov 21 05:03:00 2026', zombie: false },
      { pid: 13, parentPid: 12, groupId: 12, startTicks: 'Sat Nov 21 05:03:01 2026', zombie: true },
    ]);
  });
});
