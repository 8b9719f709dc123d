import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@hearth/testkit';
import type { MessagesApi, PostgresServer } from '@hearth/testkit';
import { isAlive, Place, scriptedApi, ServerProcess } from '../server-process.ts';
import { FaultySystem } from './faulty-system.ts';
import type { AgentName, DatabaseName } from './plan.ts';
import { processesOf } from './processes.ts';
import { Proxy } from './proxy.ts';

/** The server under fault, with all that it stands on: its folder, disk, clock, model and lines. */
export class Stage {
  readonly place = new Place();
  readonly agent: AgentName;
  readonly api: MessagesApi;
  readonly system: FaultySystem;
  readonly #postgres: PostgresServer | null;
  readonly outputs: string[] = [];
  #server: ServerProcess | null = null;
  #port = 0;
  /** Starts and stops of the server, one after the other. */
  #line: Promise<unknown> = Promise.resolve();
  readonly #proxies: Proxy[] = [];

  private constructor(agent: AgentName, api: MessagesApi, postgres: PostgresServer | null) {
    this.#postgres = postgres;
    this.agent = agent;
    this.api = api;
    const control = join(this.place.root, 'control');
    mkdirSync(control);
    this.system = new FaultySystem(this.place.data, join(control, 'faults'));
  }

  static async open(agent: AgentName, database: DatabaseName = 'sqlite'): Promise<Stage> {
    const postgres = database === 'postgres' ? await startPostgres({ fsync: true }) : null;
    const stage = new Stage(agent, await scriptedApi(), postgres);
    await stage.#start();
    stage.#port = Number(new URL(stage.url).port);
    return stage;
  }

  get url(): string {
    return this.server.url;
  }

  get server(): ServerProcess {
    if (this.#server === null) throw new Error('the server is away');
    return this.#server;
  }

  get isUp(): boolean {
    return this.#server !== null && isAlive(this.#server.pid);
  }

  /** Where clients find the server, whether it is there or not. */
  get target(): { baseUrl: string; token: string; agent: string } {
    const { baseUrl, token } = this.server.target(this.agent);
    return { baseUrl, token, agent: this.agent };
  }

  async proxy(): Promise<Proxy> {
    const proxy = await Proxy.start(this.#port);
    this.#proxies.push(proxy);
    return proxy;
  }

  killAndRestart(pauseMs: number): Promise<void> {
    return this.#inLine(async () => {
      await this.#stop('SIGKILL');
      await sleep(pauseMs);
      await this.#start();
    });
  }

  stopAndRestart(): Promise<void> {
    return this.#inLine(async () => {
      const code = await this.#stop('SIGTERM');
      if (code !== 0) throw new Error(`the server ended with ${code} on SIGTERM: ${this.outputs.at(-1)}`);
      await this.#start();
    });
  }

  /** Takes the database away and brings it back, while the server runs. */
  disturbDatabase(disturb: (postgres: PostgresServer) => Promise<void>): Promise<void> {
    return this.#inLine(async () => {
      if (this.#postgres !== null) await disturb(this.#postgres);
    });
  }

  /** Resolves when no start or stop is under way. */
  async quiet(): Promise<void> {
    await this.#inLine(() => Promise.resolve());
  }

  /** Pids of the agents of the server that runs. */
  agents(): number[] {
    return this.#server === null ? [] : this.#server.children();
  }

  /** Ends the server in good order, and everything around it. @returns pids of processes that are still there */
  async close(): Promise<number[]> {
    await this.quiet();
    if (this.isUp) await this.#stop('SIGTERM');
    for (const proxy of this.#proxies) await proxy.close();
    await this.api.close();
    await this.#postgres?.close();
    const end = Date.now() + 20_000;
    while (processesOf(this.place).length > 0 && Date.now() < end) await sleep(50);
    return processesOf(this.place);
  }

  remove(): void {
    for (const pid of processesOf(this.place)) process.kill(pid, 'SIGKILL');
    this.place.remove();
  }

  /** A server that finds its disk broken refuses to start, and says so; it is started again then. */
  async #start(): Promise<void> {
    this.system.healDisk();
    const { disasters } = this.system;
    try {
      await this.#launch();
    } catch (error) {
      if (this.system.disasters === disasters) throw error;
      this.outputs.push(String(error));
      await this.#start();
    }
  }

  async #launch(): Promise<void> {
    this.#server = await ServerProcess.start(this.place, this.api, {
      agent: this.agent,
      flags: ['--port', String(this.#port), '--shutdown-grace-ms', '300ms', '--first-output-timeout-ms', '8s'],
      env: {
        ...this.system.env,
        ...(this.#postgres === null ? {} : { HEARTH_DATABASE_URL: this.#postgres.url }),
      },
    });
  }

  async #stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.system.healDisk();
    const { server } = this;
    if (!isAlive(server.pid)) throw new Error(`the server died by itself: ${server.output}`);
    const code = await server.stop(signal);
    this.outputs.push(server.output);
    return code;
  }

  #inLine<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#line.then(work);
    this.#line = mine.catch(() => undefined);
    return mine;
  }
}
