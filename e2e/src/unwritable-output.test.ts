import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CliProcess } from './cli-process.ts';
import { Place } from './server-process.ts';

const CLI = fileURLToPath(new URL('../../packages/server/dist/program/hearth.js', import.meta.url));
const SERVE = ['serve', '--port', '0', '--agent', 'scripted', '--log-level', 'debug'];

/** A program that is no longer there when the test is over. */
interface Running {
  kill(signal: NodeJS.Signals): unknown;
  ended: Promise<number | null>;
}

let place: Place;
let running: Running[];
beforeEach(() => {
  place = new Place();
  running = [];
});
afterEach(async () => {
  for (const one of running) {
    one.kill('SIGKILL');
    await one.ended;
  }
  place.remove();
});

/** The command line where one of its outputs is a disk without room. */
function onFullDisk(full: 'stdout' | 'stderr', args: readonly string[]): Running & { written: () => string } {
  const disk = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: place.workspace,
    stdio: ['ignore', full === 'stdout' ? disk : 'pipe', full === 'stderr' ? disk : 'pipe'],
    env: { PATH: process.env['PATH'], HOME: place.home, HEARTH_DATA_DIR: place.data, LANG: 'C.UTF-8' },
  });
  closeSync(disk);
  let written = '';
  (child.stdout ?? child.stderr)?.setEncoding('utf8').on('data', (text: string) => (written += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const one = { kill: (signal: NodeJS.Signals) => child.kill(signal), ended, written: () => written };
  running.push(one);
  return one;
}

async function health(url: string | undefined): Promise<number> {
  return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(30_000) })).status;
}

describe('a server', () => {
  test('[STO9] whose log has no room on its disk goes on, and ends in order', async () => {
    const server = onFullDisk('stderr', SERVE);
    await expect.poll(server.written).toContain('/login?code=');
    const [, url] = /^listening on (\S+)/.exec(server.written()) ?? [];
    for (let count = 0; count < 20; count += 1) expect(await health(url)).toBe(200);
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(existsSync(join(place.data, 'server.json'))).toBe(false);
  });

  test('whose standard output nobody reads goes on', async () => {
    const child = spawn('sh', ['-c', '"$@" | true; wait', 'sh', process.execPath, CLI, ...SERVE], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: place.home, HEARTH_DATA_DIR: place.data, LANG: 'C.UTF-8' },
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await expect.poll(() => log).toContain('Server listening');
    const run = new CliProcess(place, ['run', '[[say Hello]]']);
    expect(await run.ended).toBe(0);
    expect(run.stderr).not.toContain('hearth command');
    const { pid } = JSON.parse(readFileSync(join(place.data, 'server.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGTERM');
    await ended;
    expect(log).toContain('"stopped"');
  });

  test('whose terminal goes away lets a running turn end, however often it is told', async () => {
    const server = new CliProcess(place, SERVE);
    running.push(server);
    await server.wrote('stdout', '/login?code=');
    const run = new CliProcess(place, ['run', '[[tokens 60 20]] [[say the end]]']);
    await run.wrote('stdout', 'w5 ');
    server.kill('SIGHUP');
    await server.wrote('stderr', 'stopping');
    server.kill('SIGHUP');
    expect(await run.ended).toBe(0);
    expect(run.stdout).toContain('the end');
    expect(await server.ended).toBe(0);
  });
});

describe('a command', () => {
  test('whose answer has no room on its disk says so in words', async () => {
    const run = onFullDisk('stdout', ['run', '--agent', 'scripted', '[[say Hello]]']);
    expect(await run.ended).toBe(1);
    expect(run.written()).toContain('hearth: Standard output cannot be written: there is no room left.\n  → ');
    expect(run.written()).not.toMatch(/\n {4}at /);
  });

  test('that can tell nothing beside its answer gives it whole', async () => {
    const run = onFullDisk('stderr', ['run', '--agent', 'scripted', '[[think hm]] [[tokens 30 5]]']);
    expect(await run.ended).toBe(0);
    expect(run.written()).toContain('w29');
  });
});
