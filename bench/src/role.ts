import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

export type RoleName =
  | 'appends'
  | 'large-database'
  | 'naive-server'
  | 'plain-ws'
  | 'postgres'
  | 'raw-sdk'
  | 'sdk-server'
  | 'socket-io'
  | 'swarm';

type Answer = { id: number; result: unknown } | { id: number; error: string };

interface Asked {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Who looks at clocks for others collects when it is asked to, and seldom else: its own collections would count as the server's. */
const NODE_FLAGS: Partial<Record<RoleName, string[]>> = {
  swarm: ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'],
};

/** Another program of the benchmark, in a process of its own, that answers calls. */
export class Role {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, Asked>();
  readonly #ended: Promise<void>;
  #lastId = 0;

  private constructor(name: RoleName, child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.on('message', (answer: Answer) => {
      const asked = this.#asked.get(answer.id);
      this.#asked.delete(answer.id);
      if ('error' in answer) asked?.reject(new Error(`${name}: ${answer.error}`));
      else asked?.resolve(answer.result);
    });
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        for (const asked of this.#asked.values()) asked.reject(new Error(`${name} ended with ${code ?? signal}`));
        resolve();
      });
    });
  }

  static async start(
    name: RoleName,
    options: { core?: number; env?: Record<string, string | undefined> },
  ): Promise<Role> {
    const script = fileURLToPath(new URL(`./role-${name}.js`, import.meta.url));
    const [command = '', ...args] = onCore(options.core, [process.execPath, ...(NODE_FLAGS[name] ?? []), script]);
    const env = { ...process.env, ...options.env };
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    const role = new Role(name, child);
    await role.call('ready');
    return role;
  }

  /** @throws Error with what the other process said */
  async call<Result>(method: string, ...args: unknown[]): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    const result = new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
    });
    this.#child.send({ id, method, args });
    return (await result) as Result;
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** The command line that keeps a program on one core, where the machine has several and can do so. */
export function onCore(core: number | undefined, command: string[]): string[] {
  if (core === undefined || !hasTaskset) return command;
  return ['taskset', '-c', String(core % availableParallelism()), ...command];
}

const hasTaskset = spawnSync('taskset', ['--version']).status === 0;

/** The other side: answers the calls of the process that started this one. */
export function serveRole(methods: Record<string, (...args: never[]) => unknown>): void {
  process.on('message', ({ id, method, args }: { id: number; method: string; args: never[] }) => {
    void answer(id, async () => (method === 'ready' ? undefined : methods[method]?.(...args)));
  });
  process.on('disconnect', () => process.exit(0));
}

async function answer(id: number, work: () => Promise<unknown>): Promise<void> {
  try {
    process.send?.({ id, result: await work() });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
