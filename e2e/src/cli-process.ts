import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Place } from './server-process.ts';

const CLI = fileURLToPath(new URL('../../packages/server/dist/program/hearth.js', import.meta.url));
const WAIT_MS = 30_000;

export interface CliOptions {
  cwd?: string;
  input?: string;
  env?: Record<string, string>;
}

/** The command line as its own process, in an environment without anybody's account. */
export class CliProcess {
  readonly pid: number;
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;

  constructor(place: Place, args: readonly string[], { cwd = place.workspace, input, env = {} }: CliOptions = {}) {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: place.home, HEARTH_DATA_DIR: place.data, LANG: 'C.UTF-8', ...env },
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // A program that ends before it has read its input is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => resolve(code));
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the text was written; rejects when the program ended without it. */
  async wrote(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!this[stream].includes(text)) {
      const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (isOver || Date.now() > deadline) {
        throw new Error(`${JSON.stringify(text)} was not written: ${this.stdout}\n${this.stderr}`);
      }
      await Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, 10))]);
    }
  }
}

/** Runs a command to its end. */
export async function runCli(
  place: Place,
  args: readonly string[],
  options: CliOptions = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const cli = new CliProcess(place, args, options);
  const code = await cli.ended;
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}
