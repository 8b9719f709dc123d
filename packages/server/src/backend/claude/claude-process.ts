import { join } from 'node:path';
import type { AgentCommand, ApprovalAnswer, TurnError } from '@hearth/protocol';
import type { ProcessTree } from '../../process/spawn-tree.ts';
import type { AgentChange, AgentEvent, AgentProcess, AgentSpec, Delivery } from '../backend.ts';
import { agentCommands } from './agent-commands.ts';
import { Approvals } from './approvals.ts';
import { processEnvironment, type ClaudeBackendDeps } from './claude-config.ts';
import { prepareConversation, type Beginning } from './conversation.ts';
import { exitError } from './exit-error.ts';
import { Inbox } from './inbox.ts';
import type { Leftovers } from './leftovers.ts';
import { configDirOf } from './local-transcript.ts';
import { asCounted, laneSession } from './model-access.ts';
import type { Access } from './model-access.ts';
import { openQuery } from './opening.ts';
import { changed, notConfigured, permitted } from './query-options.ts';
import type { ControlledQuery, WireMessage } from './sdk-message.ts';
import type { Spares } from './spares.ts';
import { spawnAgent, spawnedProcess } from './spawned-process.ts';
import { createTranscriptMirror } from './transcript-mirror.ts';
import { Translator } from './translator.ts';
import { isRefusedRequest } from './turn-error.ts';

const CLOSE_TIMEOUT_MS = 5_000;
const CALL_WAIT_MS = 250;

export interface ClaudeProcessDeps extends ClaudeBackendDeps {
  spares: Spares;
  leftovers: Leftovers;
}

/** Why a process is to end. `asked`, `killed`: by the core. `refused`: the conversation has to be cut before it can go on. */
type Ending = 'none' | 'asked' | 'killed' | 'refused';

/** One warm `claude` with one conversation: one query, read by one loop for its whole life. */
export class ClaudeProcess implements AgentProcess {
  #spec: AgentSpec;
  readonly #deps: ClaudeProcessDeps;
  readonly #emit: (event: AgentEvent) => void;
  readonly #env: Record<string, string | undefined>;
  readonly #inbox = new Inbox();
  readonly #translator: Translator;
  readonly #approvals: Approvals;
  readonly #gone: Promise<void>;
  #query: ControlledQuery | undefined;
  /** Null: it finds its model API by its environment. */
  #access: Access | null = null;
  #tree: ProcessTree | undefined;
  #beginning: Beginning | undefined;
  #agentSessionId: string | undefined;
  #started: string[] = [];
  #inTurn = false;
  /** The binary takes in a carried message, with an init and a result that belong to no turn. */
  #carrying = false;
  #turnsEnded = 0;
  #interrupting = false;
  #ready = false;
  #ending: Ending = 'none';
  #exited = false;

  /** `after` is awaited before anything begins: the end of the process that had the conversation before. */
  constructor(spec: AgentSpec, deps: ClaudeProcessDeps, emit: (event: AgentEvent) => void, after: Promise<unknown>) {
    this.#spec = permitted(spec, deps.config);
    this.#deps = deps;
    this.#emit = (event) => {
      // The relay has counted those already.
      const known = event.type === 'calls.seen' && this.#access !== null;
      // A call that breaks off with its process is counted after that, and was paid for all the same.
      if (!this.#exited || event.type === 'call.counted') emit(known ? { type: 'activity' } : event);
    };
    this.#env = processEnvironment(deps.config);
    this.#translator = new Translator({ emit: this.#emit, newId: deps.newId, permissionMode: spec.permissionMode });
    if (this.#spec !== spec) this.#refuseBypass();
    this.#approvals = new Approvals({
      emit: this.#emit,
      newId: deps.newId,
      whenCalled: (toolCallId) => this.#translator.whenCalled(toolCallId, CALL_WAIT_MS),
      planOf: (toolCallId) => this.#translator.planOf(toolCallId, join(configDirOf(this.#env), 'plans')),
    });
    this.#gone = after.then(async () => this.#live());
  }

  get gone(): Promise<void> {
    return this.#gone;
  }

  send(delivery: Delivery): void {
    this.#inbox.add(delivery);
  }

  withdraw(messageId: string): void {
    if (this.#inbox.takeBack(messageId)) {
      this.#emit({ type: 'message.withdrawn', messageId, ok: true });
      return;
    }
    const uuid = this.#inbox.unstarted(messageId);
    this.#control('take back a message', async (query) => {
      const ok = await this.#inbox.askBack(uuid, query.cancelAsyncMessage.bind(query));
      if (ok !== 'told') this.#emit({ type: 'message.withdrawn', messageId, ok });
    });
  }

  interrupt(): void {
    for (const messageId of this.#inbox.takeBackAll()) this.#emit({ type: 'message.withdrawn', messageId, ok: true });
    const turn = this.#turnsEnded;
    const handedOver = this.#inbox.allUnstarted();
    this.#interrupting = true;
    this.#control('interrupt the turn', async (query) => {
      // An interrupt overtakes messages that are on their way: it must come after them to catch them.
      await this.#inbox.acknowledged();
      if (this.#turnsEnded === turn) {
        const receipt = await query.interrupt({ cancelQueued: true });
        for (const uuid of receipt?.still_queued ?? []) await query.cancelAsyncMessage(uuid);
      } else {
        // The turn was quicker. A message that came after it is none of ours.
        for (const messageId of handedOver) {
          if (this.#inbox.unstarted(messageId) !== undefined) this.withdraw(messageId);
        }
      }
      this.#endUnbegunTurn(turn);
    });
    if (!this.#ready) this.#endUnbegunTurn(turn);
  }

  answer(approvalId: string, answer: ApprovalAnswer): void {
    if (!this.#approvals.answer(approvalId, answer)) {
      this.#deps.log.warn(
        { approvalId, sessionId: this.#spec.sessionId },
        'answer to an approval that nobody waits for',
      );
    }
  }

  configure(change: AgentChange): void {
    if (this.#query === undefined) {
      // Not begun yet: it will begin with this.
      const wanted = changed(this.#spec, change);
      this.#spec = permitted(wanted, this.#deps.config);
      this.#translator.permissionModeSet(wanted.permissionMode);
      if (this.#spec !== wanted) this.#refuseBypass();
      return;
    }
    const { model, permissionMode, effort, accountId } = change;
    if (accountId !== undefined) this.#access?.lane.pin(accountId);
    if (model !== undefined) this.#set('model', async (query) => query.setModel(model));
    if (permissionMode !== undefined) {
      const before = this.#spec.permissionMode;
      this.#translator.permissionModeSet(permissionMode);
      this.#set('permissionMode', async (query) => {
        await query.setPermissionMode(permissionMode).catch((error: unknown) => {
          this.#translator.permissionModeSet(before);
          throw error;
        });
      });
    }
    if (effort !== undefined) this.#set('effort', async (query) => query.applyFlagSettings({ effortLevel: effort }));
  }

  close(): void {
    if (this.#ending === 'none') this.#ending = 'asked';
    this.#endKindly();
  }

  kill(): void {
    this.#ending = 'killed';
    this.#access?.lane.close();
    this.#inbox.end();
    void this.#tree?.kill(0);
  }

  async commands(): Promise<AgentCommand[]> {
    return this.#ready ? agentCommands(this.#query, this.#deps.log) : [];
  }

  memoryBytes(): number | undefined {
    return this.#tree?.memoryBytes();
  }

  /** From the start to the end. */
  async #live(): Promise<void> {
    let failure: unknown;
    let query: ControlledQuery | undefined;
    try {
      query = await this.#start();
      if (query !== undefined) await this.#consume(query);
    } catch (error) {
      failure = error;
    }
    this.#inbox.end();
    this.#approvals.withdrawAll();
    this.#exit(await this.#exitError(failure));
    this.#access?.lane.close();
    await this.#tree?.kill();
    await this.#tree?.ended;
    await this.#deps.leftovers.onGone(this.#spec, this.#beginning, this.#ready);
  }

  async #start(): Promise<ControlledQuery | undefined> {
    const deps = this.#deps;
    const configDir = configDirOf(this.#env);
    const beginning = await prepareConversation(this.#spec, { ...deps, configDir });
    this.#beginning = beginning;
    if (this.#ending !== 'none') return undefined;
    this.#inbox.carry(beginning.missing);
    const opening = await openQuery({
      spec: () => this.#spec,
      config: deps.config,
      beginning,
      env: this.#env,
      models: deps.models,
      session: laneSession(this.#spec, deps.models, this.#emit),
      mirror: createTranscriptMirror(deps.transcripts),
      canUseTool: this.#approvals.canUseTool,
      spawn: (wanted) => spawnedProcess(this.#have(spawnAgent(wanted, this.#spec.sessionId, deps))),
      messages: () => this.#inbox.messages(),
      spares: deps.spares,
      onSpare: (tree) => this.#have(tree),
      cancelled: () => this.#ending !== 'none',
    });
    if (opening === undefined) return undefined;
    const { query: started, agentSessionId, spec, access } = opening;
    this.#access = access;
    access?.lane.pin(this.#spec.pinnedAccountId ?? null);
    this.#agentSessionId = agentSessionId;
    this.#query = started;
    // What was changed while a spare was being taken.
    if (this.#spec !== spec) this.configure(this.#spec);
    started.initializationResult().then(
      () => this.#onReady(agentSessionId),
      // The same failure ends the consumer's loop, which tells it.
      () => undefined,
    );
    return started;
  }

  #have<Tree extends ProcessTree | undefined>(tree: Tree): Tree {
    this.#tree = tree;
    if (this.#ending === 'killed') void tree?.kill(0);
    return tree;
  }

  #onReady(agentSessionId: string): void {
    this.#ready = true;
    this.#emit({ type: 'ready', agentSessionId });
    this.#inbox.open();
  }

  /** Reads to the very end: to leave this loop would end the process. */
  async #consume(messages: ControlledQuery): Promise<void> {
    for await (const message of messages) {
      try {
        this.#onMessage(message as unknown as WireMessage);
      } catch (error) {
        this.#deps.log.error({ err: error, type: message.type }, 'a message of the agent could not be read');
        this.#emit({ type: 'activity' });
      }
    }
  }

  #onMessage(message: WireMessage): void {
    if (message.type === 'command_lifecycle') {
      this.#onReceipt(message);
      return;
    }
    this.#flushStarted();
    if (message.type === 'result') {
      this.#onResult(message);
      return;
    }
    if (message.type === 'system' && message.subtype === 'init') this.#onInit(message);
    this.#translator.read(message);
  }

  #onReceipt(message: WireMessage): void {
    if (this.#inbox.isCarried(message.command_uuid ?? '')) {
      this.#carrying = message.state === 'started';
      this.#emit({ type: 'activity' });
      return;
    }
    const receipt = this.#inbox.receipt(message.command_uuid ?? '', message.state ?? '');
    if (receipt?.fate === 'started') {
      this.#started.push(receipt.messageId);
      this.#inTurn = true;
    } else if (receipt?.fate === 'withdrawn') {
      this.#emit({ type: 'message.withdrawn', messageId: receipt.messageId, ok: true });
    }
    this.#emit({ type: 'activity' });
  }

  /** Messages that the binary took together come as receipts one after the other; they are told together. */
  #flushStarted(): void {
    const messageIds = this.#started.splice(0);
    if (messageIds.length > 0) this.#emit({ type: 'messages.started', messageIds });
  }

  #onInit(message: WireMessage): void {
    this.#inTurn ||= !this.#carrying;
    const { session_id: agentSessionId } = message;
    // The binary goes over to another conversation by itself, as /clear does.
    if (agentSessionId === undefined || agentSessionId === this.#agentSessionId) return;
    this.#agentSessionId = agentSessionId;
    this.#emit({ type: 'ready', agentSessionId });
  }

  #onResult(result: WireMessage): void {
    if (this.#carrying) return;
    if (!this.#inTurn && !this.#interrupting && (result.user_message_uuids ?? []).length > 0) return;
    this.#inTurn = false;
    this.#turnsEnded += 1;
    const ended = asCounted(this.#translator.endTurn(result, this.#interrupting), this.#access);
    this.#interrupting = false;
    const refused = result.is_error === true && isRefusedRequest(ended);
    if (refused) {
      for (const messageId of this.#inbox.allUnstarted())
        this.#emit({ type: 'message.withdrawn', messageId, ok: true });
    }
    this.#emit(refused && ended.outcome === 'failed' ? { ...ended, agentLeaves: true } : ended);
    this.#beginning = this.#deps.leftovers.onTurn(this.#spec, this.#beginning, this.#agentSessionId);
    if (refused) this.#leave();
  }

  /** Nothing had begun, so no result will come: the end is ours to tell. */
  #endUnbegunTurn(turn: number): void {
    if (this.#turnsEnded !== turn || this.#inTurn || !this.#interrupting) return;
    this.#interrupting = false;
    this.#turnsEnded += 1;
    this.#emit({ type: 'turn.ended', outcome: 'interrupted' });
  }

  /** The model API refuses this conversation as it stands: the next process goes on from before what it refused. */
  #leave(): void {
    this.#ending = 'refused';
    this.#exit(undefined);
    this.#endKindly();
  }

  #endKindly(): void {
    this.#inbox.end();
    const timeoutMs = this.#deps.config.closeTimeoutMs ?? CLOSE_TIMEOUT_MS;
    const timer = setTimeout(() => void this.#tree?.kill(), timeoutMs);
    void this.#gone.finally(() => clearTimeout(timer));
  }

  #exit(error: TurnError | undefined): void {
    this.#flushStarted();
    this.#emit({ type: 'exited', ...(error === undefined ? {} : { error }) });
    this.#exited = true;
  }

  async #exitError(failure: unknown): Promise<TurnError | undefined> {
    if (this.#ending !== 'none') return undefined;
    const end = await this.#tree?.ended;
    const { cwd, sessionId } = this.#spec;
    this.#deps.log.warn({ err: failure, end, sessionId }, 'the agent ended unasked');
    const binary = this.#deps.config.pathToClaudeCodeExecutable;
    const said = this.#tree?.stderrTail() ?? '';
    return exitError({ ready: this.#ready, end, said, failure, cwd, binary, env: this.#env });
  }

  /** The binary would not start with it. */
  #refuseBypass(): void {
    this.#translator.read({ type: 'system', subtype: 'status', permissionMode: 'default' });
    this.#emit(notConfigured('permissionMode', 'this server does not allow permissions to be bypassed.'));
  }

  #set(what: keyof AgentChange, change: (query: ControlledQuery) => Promise<void>): void {
    this.#control(`set ${what}`, change, (error) => {
      this.#emit(notConfigured(what, error instanceof Error ? error.message : String(error)));
    });
  }

  /** Asks the process for something; a failure is logged, and told where somebody waits for it. */
  #control(
    what: string,
    ask: (query: ControlledQuery) => Promise<void>,
    onFailure: (error: unknown) => void = () => undefined,
  ): void {
    const { log } = this.#deps;
    const run = async (): Promise<void> => {
      const started = this.#query;
      if (started === undefined || this.#ending !== 'none') return;
      await ask(started);
    };
    run().catch((error: unknown) => {
      if (this.#ending === 'none') log.warn({ err: error, sessionId: this.#spec.sessionId }, `could not ${what}`);
      onFailure(error);
    });
  }
}
