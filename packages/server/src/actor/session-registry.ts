import { HearthError } from '@hearth/protocol';
import type { EventBody, Message, Session } from '@hearth/protocol';
import type { Backend } from '../backend/backend.ts';
import type { EventLog } from '../event-log/event-log.ts';
import { ProcessPool } from '../process/process-pool.ts';
import type { EvictionCause, PoolReading } from '../process/process-pool.ts';
import type { CoreConfig } from '../session/input.ts';
import { initialState } from '../session/state.ts';
import type { SessionState } from '../session/state.ts';
import { stateFromJson } from '../session/stored-state.ts';
import type { SessionRecord, Store, TurnUsage } from '../store/store.ts';
import { plainMessage } from '../store/stored-message.ts';
import type { Clock } from '../concurrency/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { agentSettingsSchema } from './agent-settings.ts';
import type { AgentSettings } from './agent-settings.ts';
import type { ActorStart, CarriedMessage } from './actor-parts.ts';
import { SessionActor } from './session-actor.ts';
import type { SessionBudget } from './session-budget.ts';
import type { SessionObserver } from './session-observer.ts';

/** How often idle sessions are looked over. */
const SWEEP_MS = 5_000;
/** How long a session without process, subscriber and work stays in memory. */
const UNLOAD_AFTER_MS = 10 * 60_000;
/** How long the server waits before it loads a session again whose commit was refused. */
const RELOAD_AFTER_MS = 2_000;
/** How long work beside the turns waits for a place among the agent processes. */
const PLACE_TIMEOUT_MS = 60_000;

export interface RegistryConfig extends Omit<CoreConfig, 'steering' | 'approvalTimeoutMs'> {
  maxProcesses: number;
  /** Memory that all agent processes together may take, as it is measured; null: no bound beside their number. */
  maxAgentMemoryBytes: number | null;
  /** How long an idle session keeps its agent process. */
  idleTimeoutMs: number;
}

export interface RegistryParts {
  store: Store;
  eventLog: EventLog;
  backends: ReadonlyMap<string, Backend>;
  config: RegistryConfig;
  clock: Clock;
  newId: () => string;
  log: Log;
  observer: SessionObserver;
  /** Bounds what sessions spend; absent: nothing does. */
  budget?: SessionBudget;
  /** Told what a turn used, once it is stored. */
  onUsage?: (usage: TurnUsage) => void;
  /** Called when a session, as a list shows it, is new or not what it was. */
  onChanged?: (sessionId: string) => void;
}

/** The sessions that are in memory on this machine, and the way in and out of it. */
export class SessionRegistry {
  readonly #parts: RegistryParts;
  readonly #pool: ProcessPool;
  readonly #actors = new Map<string, Promise<SessionActor>>();
  readonly #loaded = new Map<string, SessionActor>();
  /** Sessions that were given up and whose process is not gone yet. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** Sessions that are on their way out of the store. */
  readonly #removing = new Set<string>();
  /** Sessions that were given up and will be loaded again. */
  readonly #reloads = new Set<string>();
  /** Sessions that nobody has asked for since a sweep found that nobody uses them. */
  readonly #resting = new WeakSet<SessionActor>();
  readonly #sweeper: NodeJS.Timeout;
  #stopping = false;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
    const { maxProcesses, maxAgentMemoryBytes } = parts.config;
    const spares = [...parts.backends.values()].flatMap((backend) => backend.spares ?? []);
    this.#pool = new ProcessPool({ maxProcesses, maxMemoryBytes: maxAgentMemoryBytes, spares }, (cause) =>
      this.#evictOne(cause),
    );
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  /** The agent processes of this machine. */
  readAgents(): PoolReading {
    return this.#pool.read();
  }

  /** The sessions in memory. */
  loaded(): Iterable<SessionActor> {
    return this.#loaded.values();
  }

  /** The session in memory, if it is there. */
  peek(sessionId: string): SessionActor | undefined {
    return this.#loaded.get(sessionId);
  }

  /** @throws HearthError `not_found` */
  async get(sessionId: string): Promise<SessionActor> {
    if (this.#removing.has(sessionId)) throw noSuchSession();
    const known = this.#actors.get(sessionId);
    if (known !== undefined) return this.#wanted(await known);
    const loading = this.#load(sessionId);
    this.#actors.set(sessionId, loading);
    try {
      return await loading;
    } catch (error) {
      if (this.#actors.get(sessionId) === loading) this.#actors.delete(sessionId);
      throw error;
    }
  }

  /** Whoever asked for it may be about to ask something of it. */
  #wanted(actor: SessionActor): SessionActor {
    this.#resting.delete(actor);
    return actor;
  }

  /**
   * Brings a new session into being, with the events of its history after its birth. Resolves when it is stored.
   * @param carried messages of the history that the agent may not have stored; see `SessionState.carried`
   */
  async create(
    session: Session,
    settings: AgentSettings,
    agentSessionId: string | null,
    history: EventBody[],
    carried: readonly CarriedMessage[],
  ): Promise<SessionActor> {
    const state: SessionState = {
      ...initialState(this.#parts.clock.now(), session.title === null ? 'nobody' : 'user'),
      agentSessionId,
      carried: carried.map((message) => message.id),
    };
    const view = { session: { ...session, lastSeq: 0 }, delivered: [] };
    const actor = this.#start({ state, view, settings, carried });
    this.#actors.set(session.id, Promise.resolve(actor));
    await actor.append([{ type: 'session.created', session: { ...session, lastSeq: 1 } }, ...history]);
    this.#parts.onChanged?.(session.id);
    return actor;
  }

  /** Loads what a server that is gone left unfinished: turns are ended, queued messages start. */
  async recover(): Promise<void> {
    for (const sessionId of await this.#parts.store.sessions.unsettled()) {
      try {
        await this.get(sessionId);
      } catch (error) {
        // One that cannot be read keeps no other from going on; whoever asks for it is told.
        this.#parts.log.error({ sessionId, err: error }, 'a session could not be recovered');
      }
    }
  }

  /** Lets turns that wait without a process look whether they can go on. */
  wake(): void {
    for (const actor of this.#loaded.values()) if (actor.waits) actor.dispatch({ type: 'wake' });
  }

  /** Ends the session's agent process, unless it has work; resolves when it is gone. */
  async letGo(sessionId: string): Promise<void> {
    const actor = this.#loaded.get(sessionId);
    if (actor === undefined || !actor.evictable) return;
    actor.dispatch({ type: 'evict' });
    await actor.flushed();
    await actor.vacant();
  }

  /** Does work for a session that needs a process beside its turns, once there is a place for one. */
  async withPlace<Result>({ id: sessionId, agent }: Session, work: () => Promise<Result>): Promise<Result> {
    if (this.#parts.backends.get(agent)?.usesProcess !== true) return work();
    const signal = AbortSignal.timeout(PLACE_TIMEOUT_MS);
    const place = await this.#pool.acquire({ sessionId, agent, onWait: () => undefined, signal });
    if (place === null) {
      throw new HearthError('agent_unavailable', 'All agent processes that may live are busy.', {
        hint: 'Try again when one of the other sessions is idle.',
      });
    }
    try {
      return await work();
    } finally {
      place.release();
    }
  }

  /** Removes a closed session, with its process, from memory and then from where it is kept; nobody gets it from here on. */
  async remove(actor: SessionActor, erase: () => Promise<void>): Promise<void> {
    this.#removing.add(actor.id);
    try {
      await this.#parts.eventLog.close(actor.id);
      await actor.flushed();
      this.#forget(actor, noSuchSession());
      await actor.vacant();
      await erase();
    } finally {
      this.#removing.delete(actor.id);
    }
  }

  /**
   * Lets running turns end for `graceMs`, then cuts them, and closes every agent. Queued messages stay queued.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#sweeper);
    for (const actor of this.#loaded.values()) actor.dispatch({ type: 'drain' });
    await this.#untilNoneRuns(graceMs);
    for (const actor of this.#loaded.values()) actor.dispatch({ type: 'shutdown' });
    await this.#untilNoneRuns(this.#parts.config.interruptTimeoutMs + 1_000);
    await Promise.all([...this.#loaded.values()].map((actor) => actor.flushed()));
    await Promise.all([...this.#loaded.values()].map((actor) => actor.vacant()));
    for (const actor of this.#loaded.values()) actor.release(stoppingError());
    this.#loaded.clear();
    this.#actors.clear();
  }

  async #untilNoneRuns(limitMs: number): Promise<void> {
    const end = performance.now() + limitMs;
    while (performance.now() < end && [...this.#loaded.values()].some((actor) => actor.running)) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async #load(sessionId: string): Promise<SessionActor> {
    if (this.#stopping) throw stoppingError();
    await this.#leaving.get(sessionId);
    const record = await this.#parts.store.sessions.load(sessionId);
    if (record === null) throw noSuchSession();
    const start = await this.#restore(sessionId, record);
    const texts: Record<string, string> = {};
    for (const { blockId } of start.state.blocks) texts[blockId] = await this.#blockText(sessionId, blockId);
    const actor = this.#start(start);
    actor.dispatch({ type: 'recover', texts });
    await actor.flushed();
    return actor;
  }

  async #restore(sessionId: string, record: SessionRecord): Promise<ActorStart> {
    const state = stateFromJson(record.core);
    const { messages } = this.#parts.store;
    const order = state.queue.map((entry) => entry.messageId);
    const queue = (await messages.queued(sessionId)).sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
    const lookUp = async (ids: readonly string[]): Promise<Message[]> => {
      const found = await Promise.all(ids.map((id) => messages.get(sessionId, id)));
      return found.filter((message) => message !== null).map(plainMessage);
    };
    return {
      state,
      view: {
        session: { ...record.session, queue: queue.map(plainMessage) },
        delivered: await lookUp(state.turn?.messageIds ?? []),
      },
      settings: agentSettingsSchema.parse(JSON.parse(record.settings)) as AgentSettings,
      carried: await lookUp(state.carried),
    };
  }

  async #blockText(sessionId: string, blockId: string): Promise<string> {
    const deltas = await this.#parts.store.events.blockDeltas(sessionId, blockId);
    return deltas.reduce((text, entry) => {
      const { offset, text: added } = JSON.parse(entry.body) as { offset: number; text: string };
      return text.slice(0, offset) + added;
    }, '');
  }

  /** What comes into memory once the others were told of the stop would not be told. */
  #start(start: ActorStart): SessionActor {
    if (this.#stopping) throw stoppingError();
    const { session } = start.view;
    const backend = this.#parts.backends.get(session.agent);
    if (backend === undefined) {
      throw new HearthError('agent_unavailable', `This server has no agent called “${session.agent}”.`, {
        hint: 'GET /v1/agents lists those that it has.',
      });
    }
    const { log, clock, newId, eventLog, config, observer, budget, onUsage, onChanged } = this.#parts;
    const actor: SessionActor = new SessionActor(start, {
      log,
      clock,
      newId,
      eventLog,
      backend,
      pool: this.#pool,
      observer,
      budget,
      onUsage,
      config: { ...config, steering: backend.capabilities.steering },
      onChanged,
      onBroken: (error) => this.#giveUp(actor, error),
      onEvictable: () => this.#pool.balance(),
    });
    this.#loaded.set(session.id, actor);
    budget?.see(actor.budgetSubject);
    return actor;
  }

  #giveUp(actor: SessionActor, error: HearthError): void {
    this.#parts.log.error(
      { sessionId: actor.id, err: error },
      'a commit was refused; the session starts again from its log',
    );
    this.#forget(actor);
    const gone = actor.vacant().finally(() => this.#leaving.delete(actor.id));
    this.#leaving.set(actor.id, gone);
    this.#loadLater(actor.id);
  }

  /** A session whose turn was lost with its commit must end it in the log as soon as the log takes writes again. */
  #loadLater(sessionId: string): void {
    if (this.#reloads.has(sessionId)) return;
    this.#reloads.add(sessionId);
    const timer = setTimeout(() => {
      this.#reloads.delete(sessionId);
      if (this.#stopping) return;
      this.get(sessionId).catch((error: unknown) => {
        this.#parts.log.warn({ sessionId, err: error }, 'the session cannot be loaded yet');
        if (HearthError.from(error).code !== 'not_found') this.#loadLater(sessionId);
      });
    }, RELOAD_AFTER_MS);
    timer.unref();
  }

  /** @param reason what requests get that reach it still */
  #forget(actor: SessionActor, reason?: HearthError): void {
    actor.release(reason);
    if (this.#loaded.get(actor.id) !== actor) return;
    this.#loaded.delete(actor.id);
    this.#actors.delete(actor.id);
  }

  #evictOne(cause: EvictionCause): string | null {
    const idle = [...this.#loaded.values()].filter((actor) => actor.evictable);
    const [oldest] = idle.sort((a, b) => a.lastUsedAt - b.lastUsedAt);
    if (oldest === undefined) return null;
    this.#evict(oldest, cause);
    return oldest.id;
  }

  #evict(actor: SessionActor, cause: EvictionCause | 'idle'): void {
    actor.dispatch({ type: 'evict' });
    this.#parts.observer.agentEvicted(cause);
  }

  #sweep(): void {
    const { clock, config, eventLog } = this.#parts;
    const now = clock.monotonic();
    for (const actor of this.#loaded.values()) {
      const idleMs = now - actor.lastUsedAt;
      if (actor.evictable && idleMs >= config.idleTimeoutMs) this.#evict(actor, 'idle');
      const unused = actor.settled && !actor.hasProcess && eventLog.subscribers(actor.id) === 0;
      if (!unused || idleMs < UNLOAD_AFTER_MS) continue;
      if (!this.#resting.has(actor)) {
        this.#resting.add(actor);
        continue;
      }
      this.#forget(actor);
      eventLog.release(actor.id);
    }
    this.#pool.balance();
  }
}

function stoppingError(): HearthError {
  return new HearthError('agent_unavailable', 'The server is stopping.', { hint: 'Try again soon.' });
}

function noSuchSession(): HearthError {
  return new HearthError('not_found', 'There is no such session.');
}
