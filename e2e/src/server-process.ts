import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelRequest, Target } from '@hearth/conformance';
import { startMessagesApi } from '@hearth/testkit';
import type { MessagesApi } from '@hearth/testkit';

const CLI = fileURLToPath(new URL('../../packages/server/dist/program/hearth.js', import.meta.url));
/** As `bin/hearth` runs it, besides the room for the young, which small tests do not need. */
const NODE_FLAGS = ['--no-memory-reducer', '--expose-gc'];
const TOKEN = 'the-token-of-this-test';
const START_TIMEOUT_MS = 60_000;

/** A folder of its own for one server: home, configuration of the binary, data, workspace. */
export class Place {
  readonly root = mkdtempSync(join(tmpdir(), 'hearth-e2e-'));
  readonly home = this.#folder('home');
  readonly claudeConfig = this.#folder('claude');
  readonly temporary = this.#folder('tmp');
  readonly data = this.#folder('data');
  readonly workspace = this.#folder('workspace');

  #folder(name: string): string {
    const folder = join(this.root, name);
    mkdirSync(folder);
    return folder;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

export interface ServeOptions {
  agent?: string;
  /** Further flags. */
  flags?: string[];
  env?: Record<string, string>;
}

/** The real program as its own process, over the real binary and a scripted model API. */
export class ServerProcess {
  readonly place: Place;
  readonly url: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  readonly #output: () => string;

  private constructor(
    place: Place,
    url: string,
    child: ChildProcess,
    ended: Promise<number | null>,
    output: () => string,
  ) {
    this.place = place;
    this.url = url;
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#ended = ended;
    this.#output = output;
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output();
  }

  /** Resolves when the server has said that it listens. */
  static async start(place: Place, api: MessagesApi, options: ServeOptions = {}): Promise<ServerProcess> {
    const { child, ended, output } = launch(place, api, options);
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no server in ${START_TIMEOUT_MS} ms: ${output()}`)),
        START_TIMEOUT_MS,
      );
      const look = (): void => {
        const [, found] = /listening on (http:\/\/\S+)/.exec(output()) ?? [];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      };
      child.stdout?.on('data', look);
      child.once('close', (code) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with ${code}: ${output()}`));
      });
    });
    return new ServerProcess(place, url, child, ended, output);
  }

  target(agent: string, api?: MessagesApi): Target {
    return {
      baseUrl: this.url,
      token: TOKEN,
      agent,
      ...(api === undefined ? {} : { model: { requests: () => modelRequests(api) } }),
    };
  }

  /** Pids of the server's own child processes. */
  children(): number[] {
    return childrenOf(this.pid);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }
}

/** Runs the server until it ends by itself, as it does when something is wrong. */
export async function serveInVain(
  place: Place,
  api: MessagesApi,
  options: ServeOptions = {},
): Promise<{ code: number | null; output: string }> {
  const { ended, output } = launch(place, api, options);
  return { code: await ended, output: output() };
}

function launch(place: Place, api: MessagesApi, options: ServeOptions) {
  const flags = ['--port', '0', '--data-dir', place.data, '--workspace', place.workspace, '--log-level', 'warn'];
  const agent = options.agent === undefined ? [] : ['--agent', options.agent];
  const child = spawn(process.execPath, [...NODE_FLAGS, CLI, 'serve', ...flags, ...agent, ...(options.flags ?? [])], {
    cwd: place.root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: place.home,
      CLAUDE_CONFIG_DIR: place.claudeConfig,
      CLAUDE_CODE_TMPDIR: place.temporary,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      ANTHROPIC_BASE_URL: api.url,
      ANTHROPIC_API_KEY: 'made-up',
      HEARTH_TOKEN: TOKEN,
      HEARTH_MAX_RETRIES: '2',
      ...options.env,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  return { child, ended, output: () => output };
}

/** What the scripted model was asked in main conversations. */
export function modelRequests(api: MessagesApi): ModelRequest[] {
  return api.requests
    .filter((request) => !request.isSideRequest)
    .map(({ userTexts, body }) => ({ userTexts, lastText: JSON.stringify(body?.messages.slice(-3) ?? []) }));
}

export async function scriptedApi(): Promise<MessagesApi> {
  return startMessagesApi();
}

/** Pids of live processes whose parent is this one. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

export function isAlive(pid: number): boolean {
  return parentOf(pid) !== null;
}

/** Null: there is no such process, or it is a zombie. */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? null : Number(ppid);
  } catch {
    return null;
  }
}
