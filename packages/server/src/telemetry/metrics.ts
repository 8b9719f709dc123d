import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Phase } from '@hearth/protocol';

/** What the pool of agent processes holds at this moment. */
export interface AgentReading {
  /** Live processes by agent. */
  processes: ReadonlyMap<string, number>;
  /** Processes that stand ready and belong to no session. */
  spares: number;
  memoryBytes: number;
  /** Sessions that wait for a place. */
  waiting: number;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Every number that the server tells Prometheus. The parts call these methods; only this file knows the library.
 * Durations come in milliseconds and are shown in seconds, as Prometheus wants them.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sessions = this.#gauge('hearth_sessions', 'Sessions that are loaded, by phase', ['phase']);
  readonly #eventsAppended = this.#counter('hearth_events_appended_total', 'Events stored in logs', []);
  readonly #commit = this.#histogram('hearth_commit_duration_seconds', 'Time of one commit to the database', []);
  readonly #connections = this.#gauge('hearth_connections', 'Open WebSockets', []);
  readonly #subscriptions = this.#gauge('hearth_subscriptions', 'Open subscriptions, by transport', ['transport']);
  readonly #backpressure = this.#counter('hearth_backpressure_total', 'Times that a slow client was paused', []);
  readonly #agents = this.#gauge('hearth_agent_processes', 'Live agent processes', ['agent']);
  readonly #spares = this.#gauge('hearth_agent_spares', 'Agent processes that stand ready for new sessions', []);
  readonly #agentMemory = this.#gauge('hearth_agent_memory_bytes', 'Memory of all agent processes together', []);
  readonly #waiting = this.#gauge('hearth_sessions_waiting', 'Sessions that wait for a place for their agent', []);
  readonly #evictions = this.#counter('hearth_agent_evictions_total', 'Idle agent processes that were ended', [
    'cause',
  ]);
  readonly #turns = this.#counter('hearth_turns_total', 'Turns that ended', ['outcome']);
  readonly #cost = this.#counter('hearth_cost_usd_total', 'What turns cost, in US dollars', ['agent', 'model']);
  readonly #http = this.#histogram('hearth_http_request_duration_seconds', 'HTTP requests', ['route', 'status']);
  readonly #rpc = this.#histogram('hearth_rpc_request_duration_seconds', 'WebSocket requests', ['method', 'outcome']);

  #readAgents: (() => AgentReading) | null = null;

  constructor(options: { process?: boolean } = {}) {
    if (options.process === true) collectDefaultMetrics({ register: this.#registry });
  }

  /** `from` null: the session was loaded; `to` null: it was unloaded. */
  phaseChanged(from: Phase | null, to: Phase | null): void {
    if (from !== null) this.#sessions.dec({ phase: from });
    if (to !== null) this.#sessions.inc({ phase: to });
  }

  eventsAppended(count: number): void {
    this.#eventsAppended.inc(count);
  }

  committed(durationMs: number): void {
    this.#commit.observe(durationMs / 1000);
  }

  connectionOpened(): void {
    this.#connections.inc();
  }

  connectionClosed(): void {
    this.#connections.dec();
  }

  subscriptionOpened(transport: 'ws' | 'sse'): void {
    this.#subscriptions.inc({ transport });
  }

  subscriptionClosed(transport: 'ws' | 'sse'): void {
    this.#subscriptions.dec({ transport });
  }

  clientPaused(): void {
    this.#backpressure.inc();
  }

  /** `read` is called whenever the metrics are asked for. */
  watchAgents(read: () => AgentReading): void {
    this.#readAgents = read;
  }

  agentEvicted(cause: 'place' | 'memory' | 'idle'): void {
    this.#evictions.inc({ cause });
  }

  turnEnded(outcome: 'completed' | 'interrupted' | 'failed'): void {
    this.#turns.inc({ outcome });
  }

  /** What a turn cost of one model. */
  spent(agent: string, model: string, costUsd: number): void {
    this.#cost.inc({ agent, model }, costUsd);
  }

  /** `route` is the pattern, never the path with its ids. */
  httpAnswered(route: string, status: number, durationMs: number): void {
    this.#http.observe({ route, status: String(status) }, durationMs / 1000);
  }

  /** `method` is one that exists; others are counted as `unknown`. `outcome` is `ok` or an error code. */
  rpcAnswered(method: string, outcome: string, durationMs: number): void {
    this.#rpc.observe({ method, outcome }, durationMs / 1000);
  }

  async render(): Promise<{ contentType: string; body: string }> {
    this.#showAgents();
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #showAgents(): void {
    if (this.#readAgents === null) return;
    const { processes, spares, memoryBytes, waiting } = this.#readAgents();
    this.#agents.reset();
    for (const [agent, count] of processes) this.#agents.set({ agent }, count);
    this.#spares.set(spares);
    this.#agentMemory.set(memoryBytes);
    this.#waiting.set(waiting);
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [this.#registry] });
  }
}
