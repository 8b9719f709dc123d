import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { startPostgres } from './postgres-server.ts';

const MODULE = fileURLToPath(new URL('postgres-server.ts', import.meta.url));

async function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

test('a server runs, is killed, comes back, and leaves nothing behind', async () => {
  const server = await startPostgres();
  const { pid, folder } = server;
  expect(await answers(server.url)).toBe(true);

  await server.kill();
  expect(await answers(server.url)).toBe(false);
  await server.start();
  expect(await answers(server.url)).toBe(true);
  expect(server.pid).not.toBe(pid);
  const last = server.pid;

  await server.close();
  expect(isRunning(last)).toBe(false);
  expect(existsSync(folder)).toBe(false);
});

test('a server ends with the process that started it, also when it is killed and the server stands still', async ({
  onTestFinished,
}) => {
  const directory = mkdtempSync(join(tmpdir(), 'hearth-keeper-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const program = join(directory, 'postgres-server.mjs');
  const bundle = await rolldown({ input: MODULE, platform: 'node' });
  await bundle.write({ file: program, format: 'esm' });
  await bundle.close();
  const script = `
    const { startPostgres } = await import(${JSON.stringify(pathToFileURL(program).href)});
    const server = await startPostgres();
    server.pause();
    console.log(JSON.stringify({ pid: server.pid, folder: server.folder }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve) => {
    child.stdout.once('data', (text: Buffer) => resolve(text.toString()));
  });
  const { pid, folder } = JSON.parse(line) as { pid: number; folder: string };
  expect(isRunning(pid)).toBe(true);

  child.kill('SIGKILL');

  await expect.poll(() => isRunning(pid) || existsSync(folder)).toBe(false);
});
