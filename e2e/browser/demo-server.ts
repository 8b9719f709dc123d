import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Place } from '../src/server-process.ts';

const CLI = fileURLToPath(new URL('../../packages/server/dist/program/hearth.js', import.meta.url));
const START_TIMEOUT_MS = 60_000;

/** `hearth demo` as a person runs it, and the link that it prints. */
export interface DemoServer {
  url: string;
  link: string;
  stop(): Promise<void>;
}

export async function startDemo({ home, data, root }: Place): Promise<DemoServer> {
  const child = spawn(process.execPath, [CLI, 'demo', '--port', '0', '--data-dir', data, '--log-level', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: home },
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const [url, link] = await printed(child);
  return {
    url,
    link,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function printed(child: ChildProcess): Promise<[url: string, link: string]> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`no link in ${START_TIMEOUT_MS} ms: ${output}`)), START_TIMEOUT_MS);
    const read = (chunk: unknown): void => {
      output += String(chunk);
      const [, url, link] = /listening on (\S+)\nopen (\S+)\n/.exec(output) ?? [];
      if (url === undefined || link === undefined) return;
      clearTimeout(timer);
      resolve([url, link]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`the demo ended with ${code}: ${output}`));
    });
  });
}
