import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '@hearth/protocol';
import { planRun } from './plan.ts';
import type { AgentName, DatabaseName, Fault, PlannedStep } from './plan.ts';
import { checkConversation, checkSession } from './rules.ts';
import type { Outcome } from './rules.ts';
import { Stage } from './stage.ts';
import { Users } from './users.ts';

export interface FaultRun {
  seed: number;
  agent: AgentName;
  /** Where the server stores; default: its own file. */
  database?: DatabaseName;
  /** How many things happen; default 30. */
  steps?: number;
}

export interface FaultReport {
  /** What was done, when, and what came of it. */
  trace: string[];
  logs: readonly Event[][];
  /** What each client saw, one entry per session. */
  seen: Record<string, readonly Event[]>[];
  /** What the servers wrote. */
  outputs: string[];
}

/** A rule was broken, or the server did not settle. */
export class BrokenRun extends Error {
  readonly report: FaultReport;

  constructor(run: FaultRun, report: FaultReport, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`seed ${run.seed} (${run.agent}, ${run.steps ?? DEFAULT_STEPS} steps): ${reason}`, { cause });
    this.report = report;
  }
}

const DEFAULT_STEPS = 30;
const SESSIONS = 2;
const SETTLE_MS = { scripted: 30_000, claude: 60_000 };
const HALF_OPEN_MS = 700;

/**
 * Lets users work on the real server while it is made to fail, and holds what came of it against the guarantees.
 * @throws BrokenRun
 */
export async function runFaults(run: FaultRun): Promise<FaultReport> {
  const stage = await Stage.open(run.agent, run.database);
  const trial = new Trial(stage, await Users.join(stage), run);
  try {
    await trial.play(planRun(run.seed, run.agent, run.steps ?? DEFAULT_STEPS, run.database));
    await trial.settle();
    await trial.check();
    const left = await trial.close();
    if (left.length > 0) throw new Error(`processes are left: ${left.join()}`);
    return trial.report();
  } catch (error) {
    await trial.close().catch((second: unknown) => trial.note(`closing: ${String(second)}`));
    throw new BrokenRun(run, trial.report(), error);
  } finally {
    stage.remove();
  }
}

class Trial {
  readonly #stage: Stage;
  readonly #users: Users;
  readonly #run: FaultRun;
  readonly #trace: string[] = [];
  readonly #began = Date.now();
  readonly #running: Promise<void>[] = [];
  /** What a fault could not do, as when the server did not start again. */
  readonly #failures: unknown[] = [];
  #outcomes: Outcome[] = [];
  #clockMs = 0;

  constructor(stage: Stage, users: Users, run: FaultRun) {
    this.#stage = stage;
    this.#users = users;
    this.#run = run;
  }

  note(what: string): void {
    this.#trace.push(`${String(Date.now() - this.#began).padStart(6)} ${what}`);
  }

  report(): FaultReport {
    return {
      trace: this.#trace,
      logs: this.#outcomes.map(({ log }) => log),
      seen: this.#outcomes.map(({ seen }) => Object.fromEntries(seen)),
      outputs: this.#stage.outputs,
    };
  }

  async play(steps: PlannedStep[]): Promise<void> {
    for (let opened = 0; opened < SESSIONS; opened += 1) await this.#users.openSession();
    for (const step of steps) {
      await sleep(step.waitMs);
      const { waitMs: _, ...what } = step;
      const name = JSON.stringify(what);
      this.note(name);
      if ('do' in step) {
        this.#running.push(this.#users.act(step).then((result) => this.note(`  ${name.slice(0, 60)} → ${result}`)));
      } else this.#running.push(this.#cause(step));
    }
  }

  /** Everything that was begun ends, all that is broken is mended, and every session comes to rest. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    await this.#stage.quiet();
    if (this.#failures.length > 0) throw this.#failures[0];
    if (!this.#stage.isUp) throw new Error(`the server died by itself: ${this.#stage.server.output}`);
    this.note('settling');
    for (const { proxy } of this.#users.observers) proxy.cut();
    await this.#untilIdle();
    for (const sessionId of this.#users.sessions) await this.#users.insist(sessionId, '<last> [[say goodbye]]');
    await this.#untilIdle();
  }

  async check(): Promise<void> {
    const [complaint] = this.#users.observers.flatMap(({ name, complaints }) =>
      complaints.map((one) => `${name}: ${one}`),
    );
    if (complaint !== undefined) throw new Error(complaint);
    for (const sessionId of this.#users.sessions) {
      const log = await this.#users.log(sessionId);
      const lastSeq = log.at(-1)?.seq ?? 0;
      const seen = new Map<string, readonly Event[]>();
      for (const observer of this.#users.observers) {
        await this.#until(`${observer.name} to have the whole log of ${sessionId} up to ${lastSeq}`, 15_000, () =>
          Promise.resolve((observer.seen(sessionId).at(-1)?.seq ?? 0) >= lastSeq),
        );
        seen.set(observer.name, observer.seen(sessionId));
      }
      const session = await this.#users.read(sessionId);
      const messages = await this.#users.messages(sessionId);
      this.#outcomes.push({ session, messages, log, seen });
    }
    for (const outcome of this.#outcomes) {
      checkSession(outcome, this.#users.ledger);
      if (this.#run.agent === 'claude') checkConversation(outcome.log, this.#lastAsked(outcome));
    }
  }

  async close(): Promise<number[]> {
    await this.#users.leave();
    return this.#stage.close();
  }

  /** What the model got with the last request of a session. */
  #lastAsked({ session }: Outcome): readonly string[] {
    const requests = this.#stage.api.requests.filter(
      (request) => !request.isSideRequest && request.sessionId === session.agentSessionId,
    );
    return requests.at(-1)?.userTexts ?? [];
  }

  async #untilIdle(): Promise<void> {
    for (const sessionId of this.#users.sessions) {
      let last = '';
      await this.#until(`session ${sessionId} to be idle`, SETTLE_MS[this.#run.agent], async () => {
        try {
          const session = await this.#users.read(sessionId);
          last = JSON.stringify(session);
          await this.#users.denyAll(session);
          return session.phase === 'idle' && session.queue.length === 0;
        } catch (error) {
          last = String(error);
          return false;
        }
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; it is ${last}`, { cause: error });
      });
    }
  }

  async #until(what: string, limitMs: number, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + limitMs;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`waited ${limitMs} ms for ${what}`);
      await sleep(25);
    }
  }

  async #cause(fault: Fault): Promise<void> {
    try {
      await this.#doCause(fault);
    } catch (error) {
      this.#failures.push(error);
    }
  }

  async #doCause(fault: Fault): Promise<void> {
    const { system } = this.#stage;
    switch (fault.fault) {
      case 'kill-server':
        await this.#stage.killAndRestart(fault.pauseMs);
        this.note('  the server was killed and is back');
        return;
      case 'stop-server':
        await this.#stage.stopAndRestart();
        this.note('  the server was stopped and is back');
        return;
      case 'cut':
        this.#users.observer(fault.client).proxy.cut();
        return;
      case 'half-open': {
        const { proxy } = this.#users.observer(fault.client);
        proxy.halfOpen();
        await sleep(HALF_OPEN_MS);
        proxy.cut();
        return;
      }
      case 'freeze': {
        const { proxy } = this.#users.observer(fault.client);
        proxy.freeze();
        await sleep(fault.forMs);
        proxy.thaw();
        return;
      }
      case 'kill-database':
        await this.#stage.disturbDatabase(async (postgres) => {
          await postgres.kill();
          await sleep(fault.pauseMs);
          await postgres.start();
        });
        this.note('  the database was killed and is back');
        return;
      case 'stop-database':
        await this.#stage.disturbDatabase(async (postgres) => {
          await postgres.stop();
          await postgres.start();
        });
        this.note('  the database was restarted');
        return;
      case 'freeze-database':
        await this.#stage.disturbDatabase(async (postgres) => {
          postgres.pause();
          await sleep(fault.forMs);
          postgres.resume();
        });
        this.note('  the database goes on');
        return;
      case 'disk-full':
        system.fillDisk();
        await this.#healLater(fault.forMs);
        return;
      case 'write-errors':
        system.failWrites();
        await this.#healLater(fault.forMs);
        return;
      case 'read-errors':
        system.failReads();
        await this.#healLater(fault.forMs);
        return;
      case 'clock':
        this.#clockMs += fault.byMs;
        system.setClock(this.#clockMs);
        return;
      case 'kill-agent':
        this.#signalAgent(fault.target, 'SIGKILL');
        return;
      case 'freeze-agent': {
        const pid = this.#signalAgent(fault.target, 'SIGSTOP');
        await sleep(fault.forMs);
        if (pid !== null) this.#signal(pid, 'SIGCONT');
        return;
      }
    }
  }

  async #healLater(afterMs: number): Promise<void> {
    await sleep(afterMs);
    this.#stage.system.healDisk();
    this.note('  the disk is whole again');
  }

  #signalAgent(target: number, signal: 'SIGKILL' | 'SIGSTOP'): number | null {
    const agents = this.#stage.agents();
    const pid = agents[target % Math.max(1, agents.length)];
    if (pid === undefined) return null;
    this.#signal(pid, signal);
    return pid;
  }

  #signal(pid: number, signal: NodeJS.Signals): void {
    try {
      process.kill(pid, signal);
      this.note(`  ${signal} to ${pid}`);
    } catch {
      this.note(`  the agent ${pid} is gone already`);
    }
  }
}
