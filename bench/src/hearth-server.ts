import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HearthClient } from './wire/hearth-client.ts';
import { onCore } from './role.ts';
import type { Workplace } from './workplace.ts';

export const PROGRAM = fileURLToPath(new URL('../../packages/server/dist/program/hearth.js', import.meta.url));
export const TOKEN = 'the-token-of-the-benchmark';
/** As `bin/hearth` runs it. */
export const NODE_FLAGS = ['--max-semi-space-size=32', '--no-memory-reducer', '--expose-gc'];
/** And on one core. */
const ONE_CORE_FLAGS = ['--single-threaded-gc'];
const START_TIMEOUT_MS = 60_000;

export interface HearthOptions {
  /** Name of its folder; servers with the same name have the same data. */
  name: string;
  /** Base URL of the Messages API; none is needed for the scripted agent. */
  apiUrl?: string;
  core?: number;
  flags?: string[];
  nodeFlags?: string[];
}

/** The built program as its own process. */
export class HearthServer {
  readonly url: string;
  readonly pid: number;
  /** From its start to the line that says that it listens. */
  readonly startMs: number;
  /** What it needs as environment, and what a command of the same user needs. */
  readonly env: Record<string, string | undefined>;
  /** Where the inspector listens, when node was told to open one. */
  readonly inspectorUrl: string | null;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, output: string, startMs: number, env: Record<string, string | undefined>) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.url = /listening on (http:\/\/\S+)/.exec(output)?.[1] ?? '';
    this.inspectorUrl = /Debugger listening on (ws:\/\/\S+)/.exec(output)?.[1] ?? null;
    this.startMs = startMs;
    this.env = env;
  }

  static async start(workplace: Workplace, options: HearthOptions): Promise<HearthServer> {
    const home = workplace.subfolder(options.name);
    const env = environment(workplace, home, options.apiUrl);
    const flags = [
      '--port',
      '0',
      '--data-dir',
      `${home}/data`,
      '--workspace',
      workspaceOf(workplace, options.name),
      '--log-level',
      'warn',
    ];
    const command = [
      process.execPath,
      ...NODE_FLAGS,
      ...(options.core === undefined ? [] : ONE_CORE_FLAGS),
      ...(options.nodeFlags ?? []),
      PROGRAM,
      'serve',
      ...flags,
      ...(options.flags ?? []),
    ];
    const [program = '', ...args] = onCore(options.core, command);
    const began = performance.now();
    const child = spawn(program, args, { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { output, atMs } = await listening(child);
    return workplace.adopt(new HearthServer(child, output, atMs - began, env));
  }

  async client(): Promise<HearthClient> {
    return HearthClient.open(this.url, TOKEN);
  }

  /** The sum of a metric over its labels. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`${this.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const lines = (await response.text()).matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'));
    return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => {
      this.#child.once('close', resolve);
    });
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** The folder in which a server's sessions work. */
export function workspaceOf(workplace: Workplace, name: string): string {
  return workplace.subfolder(`${name}/workspace`);
}

/** A home and a configuration of its own for whatever runs the Claude binary. */
export function environment(
  workplace: Workplace,
  home: string,
  apiUrl = 'http://127.0.0.1:9',
): Record<string, string | undefined> {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    TMPDIR: workplace.subfolder('tmp'),
    CLAUDE_CONFIG_DIR: `${home}/claude`,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: 'made-up',
    HEARTH_TOKEN: TOKEN,
  };
}

function listening(child: ChildProcess): Promise<{ output: string; atMs: number }> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(
      () => reject(new Error(`no server in ${START_TIMEOUT_MS} ms: ${output}`)),
      START_TIMEOUT_MS,
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (!output.includes('\nopen http')) return;
        clearTimeout(timer);
        resolve({ output, atMs: performance.now() });
      });
    }
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${code}: ${output}`));
    });
  });
}
