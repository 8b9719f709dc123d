import type { CanUseTool, SpareProcess } from '@anthropic-ai/claude-agent-sdk';
import type { AccountMode } from '../../account/select.ts';
import type { SpareProcesses } from '../../process/spare-processes.ts';
import type { ProcessTree } from '../../process/spawn-tree.ts';
import type { AgentSpec } from '../backend.ts';
import { processEnvironment, type ClaudeBackendDeps } from './claude-config.ts';
import { noSession, openAccess } from './model-access.ts';
import type { Access } from './model-access.ts';
import { hostOptions } from './query-options.ts';
import { loadSdk } from './sdk.ts';
import { spawnAgent, spawnedProcess } from './spawned-process.ts';
import { createTranscriptMirror } from './transcript-mirror.ts';

/** The server is to be up, and a session that took a spare is to have its answer, before the next one costs time. */
const REFILL_AFTER_MS = 1_000;
/** How long after one that failed, or that had to go, the next one is tried. */
const RETRY_AFTER_MS = 30_000;

/** A process that is up and belongs to no session yet. */
export interface Parked {
  readonly spare: SpareProcess;
  readonly tree: ProcessTree;
  /** Given to it at its start, and so the id of the conversation that it will begin. */
  readonly agentSessionId: string;
  /** Its way to the model API; null: by its environment. */
  readonly access: Access | null;
  /** Asked for permission by the session that takes it. */
  setCanUseTool(canUseTool: CanUseTool): void;
}

type Standing = { type: 'starting' } | { type: 'parked'; parked: Parked };

interface Spare {
  standing: Standing;
  tree: ProcessTree | undefined;
  /** What it was started with, which no session can change. */
  readonly environment: string;
}

/**
 * Keeps processes of the binary ready for new conversations: what takes most of a cold start is done before the session is
 * known. A conversation that goes on, and a session with servers, tools or limits of its own, cannot use one.
 */
export class Spares implements SpareProcesses {
  readonly #wanted: number;
  readonly #deps: ClaudeBackendDeps;
  readonly #all = new Set<Spare>();
  /** Folders whose settings a process can only take at its start. */
  readonly #refusedBy = new Set<string>();
  #hasRoom: (() => boolean) | undefined;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(wanted: number, deps: ClaudeBackendDeps) {
    this.#wanted = wanted;
    this.#deps = deps;
  }

  get ready(): number {
    return [...this.#all].filter((spare) => spare.standing.type === 'parked').length;
  }

  memoryBytes(): number {
    return [...this.#all].reduce((total, { tree }) => total + (tree?.memoryBytes() ?? 0), 0);
  }

  keepReady(hasRoom: () => boolean): void {
    this.#hasRoom = hasRoom;
    this.#refillIn(REFILL_AFTER_MS);
  }

  /** A process for a new conversation of this session; it is no spare any more. Undefined: none fits. */
  take(spec: AgentSpec, env: Record<string, string | undefined>, mode: AccountMode): Parked | undefined {
    if (!couldTake(spec) || this.#refusedBy.has(spec.cwd)) return undefined;
    const environment = JSON.stringify(env);
    for (const spare of this.#all) {
      if (spare.standing.type !== 'parked') continue;
      this.#all.delete(spare);
      this.#refillIn(REFILL_AFTER_MS);
      const { parked } = spare.standing;
      if (spare.environment === environment && (parked.access?.mode ?? 'none') === mode) return parked;
      void this.#end(spare);
    }
    return undefined;
  }

  /** A process would not take a session of this folder. Where its settings are the reason, no other is asked. */
  refused(cwd: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason.startsWith('project_settings')) this.#refusedBy.add(cwd);
    this.#deps.log.info({ cwd, reason }, 'a spare agent did not take a session, which is started as usual');
  }

  discard(): boolean {
    const [spare] = this.#all;
    if (spare === undefined) return false;
    this.#all.delete(spare);
    void this.#end(spare);
    this.#refillIn(RETRY_AFTER_MS);
    return true;
  }

  /** Resolves when none is alive. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const spares = [...this.#all];
    this.#all.clear();
    await Promise.all(spares.map(async (spare) => this.#end(spare)));
  }

  #refillIn(delayMs: number): void {
    if (this.#closed || this.#wanted === 0 || this.#hasRoom === undefined) return;
    this.#notBefore = Math.max(this.#notBefore, performance.now() + delayMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refill(), this.#notBefore - performance.now());
    this.#timer.unref();
  }

  #refill(): void {
    if (this.#closed || this.#all.size >= this.#wanted) return;
    // One after the other: two that start at once are each only half as fast.
    if ([...this.#all].some((spare) => spare.standing.type === 'starting')) return;
    if (this.#hasRoom?.() === true) void this.#park();
    else this.#refillIn(RETRY_AFTER_MS);
  }

  async #park(): Promise<void> {
    const env = processEnvironment(this.#deps.config);
    const spare: Spare = { standing: { type: 'starting' }, tree: undefined, environment: JSON.stringify(env) };
    this.#all.add(spare);
    try {
      spare.standing = { type: 'parked', parked: await this.#start(spare, env) };
      this.#refillIn(0);
    } catch (error) {
      // One that was discarded meanwhile ends in an error too, as it should.
      if (this.#all.delete(spare)) {
        this.#deps.log.warn({ err: error }, 'a spare agent could not be started; it is tried again later');
        this.#refillIn(RETRY_AFTER_MS);
      }
      await this.#end(spare);
    }
  }

  async #start(spare: Spare, env: Record<string, string | undefined>): Promise<Parked> {
    const { config, transcripts, newId, models } = this.#deps;
    const { prewarm } = await loadSdk();
    const agentSessionId = newId();
    const access = await openAccess(models, env, noSession());
    let canUseTool: CanUseTool = async () => ({ behavior: 'deny', message: 'No session has taken this agent yet.' });
    const starting = async (): Promise<SpareProcess> =>
      prewarm({
        options: {
          ...hostOptions({
            config,
            env: access?.environment ?? env,
            mirror: createTranscriptMirror(transcripts),
            canUseTool: async (...question) => canUseTool(...question),
            spawn: (options) => {
              spare.tree = spawnAgent(options, `spare-${agentSessionId}`, this.#deps);
              if (!this.#all.has(spare)) void spare.tree.kill(0);
              return spawnedProcess(spare.tree);
            },
          }),
          sessionId: agentSessionId,
        },
      });
    const started = await starting().catch((error: unknown) => {
      access?.lane.close();
      throw error;
    });
    const { tree } = spare;
    if (tree === undefined) throw new Error('the SDK started no process');
    if (access !== null) void tree.ended.then(() => access.lane.close());
    // Nobody waits for it before it is taken.
    started.claimed.catch(() => undefined);
    void started.exited.finally(() => this.#onExit(spare));
    return { spare: started, tree, agentSessionId, access, setCanUseTool: (asked) => (canUseTool = asked) };
  }

  /** One that dies by itself while nobody has taken it is replaced. */
  #onExit(spare: Spare): void {
    if (!this.#all.delete(spare)) return;
    this.#deps.log.warn({ said: spare.tree?.stderrTail() }, 'a spare agent ended; another takes its place');
    this.#refillIn(RETRY_AFTER_MS);
  }

  async #end({ standing, tree }: Spare): Promise<void> {
    if (standing.type === 'parked') standing.parked.spare.close();
    await tree?.kill();
    await tree?.ended;
  }
}

/** What else a session may want is fixed when a process starts. */
function couldTake(spec: AgentSpec): boolean {
  const { allowedTools, disallowedTools, mcpServers, maxTurns, thinkingTokens } = spec;
  const limits = [maxTurns, thinkingTokens];
  const equipment = [allowedTools, disallowedTools, mcpServers];
  return limits.every((limit) => limit === undefined) && equipment.every((one) => Object.keys(one ?? {}).length === 0);
}
