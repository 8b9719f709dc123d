import type { Event, MessageUpdate, Priority, Session, TurnError } from '@hearth/protocol';
import type { AgentEvent } from '../agent-event.ts';
import type { CoreConfig, Effect, Input } from '../input.ts';
import { conversationTurns, cutFor, placeAt } from '../log-turns.ts';
import { openBlock, runsTool } from '../open-work.ts';
import { phaseOf } from '../phase.ts';
import { reduce } from '../reduce.ts';
import { initialState } from '../state.ts';
import type { SessionState } from '../state.ts';
import { stateFromJson, stateToJson } from '../stored-state.ts';
import { applyEvent } from '../view.ts';
import type { SessionView } from '../view.ts';
import { deadlineOf } from '../watchdog.ts';
import { inWords } from './in-words.ts';
import { expect, LogChecker } from './log-checker.ts';
import { ModelAgent } from './model-agent.ts';
import type { Opening } from './model-agent.ts';

export const CONFIG: CoreConfig = {
  steering: true,
  firstOutputTimeoutMs: 120_000,
  silenceTimeoutMs: 300_000,
  interruptTimeoutMs: 10_000,
  approvalTimeoutMs: null,
};

const START = Date.UTC(2026, 0, 1);

export function emptySession(): Session {
  const time = new Date(START).toISOString();
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0, costUsd: 0 };
  const names = { id: 'session-1', agent: 'model', cwd: '/tmp', title: null, model: null, accountId: null };
  const times = { createdAt: time, updatedAt: time };
  const lists = { queue: [], approvals: [], usage, metadata: {} };
  return { ...names, ...times, ...lists, permissionMode: 'default', phase: 'idle', lastSeq: 0, archived: false };
}

/**
 * A session core with a log, a clock and simulated agents around it. After every input all promises that can be checked
 * from outside are checked.
 */
export class SimulatedSession {
  state: SessionState = initialState(START, 'nobody');
  now = START;
  readonly log: Event[] = [];
  readonly conversation = { messageIds: [] as string[] };
  readonly check: LogChecker;
  readonly config: CoreConfig;
  readonly #contract: boolean;
  #view: SessionView = { session: emptySession(), delivered: [] };
  #agents: ModelAgent[] = [];
  /** Commands on their way to the agents: they run after the events are stored, so later. */
  #commands: Exclude<Effect, { type: 'reply' }>[] = [];
  readonly waiting = new Set<string>();
  readonly replies = new Map<string, Extract<Effect, { type: 'reply' }>['reply']>();
  #ids = 0;
  #reordered = false;
  #wantedTurns = 0;
  readonly #rewound = new Set<string>();
  /** As the store has it. */
  #stored = stateToJson(this.state);
  /** Of all that the core was told. */
  #costUsd = 0;
  /** Why no turn may begin; null: they may. */
  refusal: TurnError | null = null;

  /** `contract`: the agents keep their contract, so the core must keep its own side of it too. */
  constructor(config: CoreConfig, contract: boolean) {
    this.config = config;
    this.#contract = contract;
    this.check = new LogChecker(contract);
  }

  newId(kind = 'id'): string {
    this.#ids += 1;
    return `${kind}${this.#ids}`;
  }

  /** Messages of the queue, then all others, so that most picks fall on a message that can be changed. */
  get messageIds(): string[] {
    return [...this.state.queue.map((entry) => entry.messageId), ...this.check.messages.keys()];
  }

  send(priority: Priority): string {
    const messageId = this.newId('m');
    const said = { content: `say ${messageId}`, author: 'owner', title: 'A title' };
    this.input({ type: 'message.send', requestId: this.#request(), messageId, priority, ...said });
    return messageId;
  }

  update(messageId: string, change: MessageUpdate): string {
    this.#reordered ||= change.place !== undefined;
    const requestId = this.#request();
    this.input({ type: 'message.update', requestId, messageId, change });
    return requestId;
  }

  cancel(messageId: string): string {
    const requestId = this.#request();
    this.input({ type: 'message.cancel', requestId, messageId });
    return requestId;
  }

  interrupt(cancelQueued = false): string {
    const requestId = this.#request();
    this.input({ type: 'interrupt', requestId, cancelQueued });
    return requestId;
  }

  answer(approvalId: string, decision: 'allow' | 'deny' = 'allow'): string {
    const requestId = this.#request();
    this.input({ type: 'approval.answer', requestId, approvalId, answer: { decision }, by: 'owner' });
    return requestId;
  }

  /** Begins to take back the turns after the `keep`-th; {@link endRewind} does it. */
  beginRewind(keep: number): string {
    const requestId = this.#request();
    this.#wantedTurns = keep;
    this.input({ type: 'rewind.begin', requestId, agent: keep % 2 === 0 ? 'stays' : 'leaves' });
    return requestId;
  }

  endRewind(): string {
    const requestId = this.#request();
    const turns = conversationTurns(this.log);
    const place = placeAt(turns, turns[this.#wantedTurns - 1]?.endSeq ?? 0);
    const cut = cutFor(place, this.log);
    const gone = place.gone.flatMap((turn) => [...turn.messageIds, ...turn.steered]);
    const done = place.gone.length === 0 ? null : { toSeq: place.seq, turns: place.gone.length, cut };
    this.input({ type: 'rewind.end', requestId, done });
    if (this.replyTo(requestId) === 'ok' && done !== null) for (const messageId of gone) this.#rewound.add(messageId);
    return requestId;
  }

  rewind(keep: number): string {
    this.beginRewind(keep);
    return this.endRewind();
  }

  close(): void {
    this.input({ type: 'session.close', requestId: this.#request(), reason: 'closed' });
  }

  /** Something that an agent says; `generation` defaults to the present one. */
  agentSays(event: AgentEvent, generation = this.state.agent.generation): void {
    this.input({ type: 'agent', generation, event });
  }

  /** The server is killed and another one loads what was stored. */
  crash(): void {
    for (const agent of this.#agents) agent.vanish();
    this.#agents = [];
    this.#commands = [];
    this.waiting.clear();
    this.state = stateFromJson(this.#stored);
    this.input({ type: 'recover', texts: Object.fromEntries(this.check.openBlocks) });
  }

  wait(ms: number): void {
    this.now += ms;
  }

  tick(): void {
    this.input({ type: 'tick' });
  }

  /** Time goes on to the next deadline. */
  reachDeadline(): boolean {
    const deadline = deadlineOf(this.state, this.config);
    if (deadline === null) return false;
    this.now = Math.max(this.now, deadline);
    this.tick();
    const after = deadlineOf(this.state, this.config);
    expect(after === null || after > this.now, 'a deadline that has passed stays');
    return true;
  }

  input(input: Input): void {
    const costs = costsOf(this.state);
    const before = JSON.stringify(this.state);
    this.#costUsd += this.#costOf(input);
    const { state, events, effects } = reduce(this.state, input, {
      now: this.now,
      newTurnId: () => this.newId('turn'),
      refusal: () => this.refusal,
      config: this.config,
    });
    expect(JSON.stringify(this.state) === before, 'the state that came in was changed', input);
    this.state = state;
    const stores = events.some(({ type }) => type !== 'block.delta') || costsOf(state) !== costs;
    if (stores) this.#stored = stateToJson(state);
    for (const body of events) {
      const head = { sessionId: 'session-1', seq: this.log.length + 1, time: new Date(this.now).toISOString() };
      const event: Event = { ...body, ...head };
      if (event.type === 'turn.started') this.#checkOrder(event.messageIds);
      if (event.type === 'turn.completed' && this.check.phase !== 'interrupting') this.#checkTaken();
      this.log.push(event);
      this.check.read(event);
      this.#view = applyEvent(this.#view, event).view;
    }
    for (const effect of effects) {
      if (effect.type === 'reply') this.#onReply(effect);
      else this.#commands.push(effect);
    }
    this.#checkState();
  }

  /** What the core wants from its agents and was not carried to them. */
  get effects(): readonly Effect[] {
    return this.#commands;
  }

  /** The same, each as `type` or `type message`. */
  get commands(): string[] {
    return this.#commands.map((command) =>
      'messageId' in command ? `${command.type} ${command.messageId}` : command.type,
    );
  }

  /** The log from an index on, each event in a few words. */
  told(from = 0): string[] {
    return this.log.slice(from).map(inWords);
  }

  fate(messageId: string): string | undefined {
    return this.check.messages.get(messageId);
  }

  /** `ok`, or the code of the error. */
  replyTo(requestId: string): string | undefined {
    const reply = this.replies.get(requestId);
    return reply?.ok === true ? 'ok' : reply?.code;
  }

  /** Carries the oldest command to its agent. */
  carry(): boolean {
    const command = this.#commands.shift();
    if (command === undefined) return false;
    if (command.type === 'agent.send' || command.type === 'agent.resume') {
      const present = this.#agents.find((agent) => agent.generation === command.generation);
      if (present === undefined) {
        for (const agent of this.#agents) agent.vanish();
        const opening =
          command.type === 'agent.send'
            ? { ...command, resumes: false }
            : { ...command, pending: [], rewind: null, resumes: true };
        this.#open(command.generation, opening);
      }
    }
    this.#agents.find((agent) => agent.generation === command.generation)?.command(command);
    return true;
  }

  agentMoves(toEnd = false): (() => void)[] {
    return this.#agents.flatMap((agent) => agent.moves(toEnd));
  }

  /** Lets all that runs come to its end: agents do their work, users answer, deadlines pass. */
  comeToRest(): void {
    for (let round = 0; round < 2_000; round += 1) {
      if (this.state.held) this.endRewind();
      if (this.carry()) continue;
      const [move] = this.agentMoves(true);
      const [approvalId] = Object.keys(this.state.approvals);
      if (move !== undefined) move();
      else if (approvalId !== undefined) this.answer(approvalId);
      else if (!this.reachDeadline()) {
        // A tool may run for ever; only the user ends it.
        if (this.state.turn === null || this.waitsForRestart) return;
        expect(runsTool(this.state), 'nothing will ever end this turn', this.state);
        this.interrupt();
      }
    }
    expect(false, 'the session never comes to rest', this.state);
  }

  /** A turn waits for something far away, and the server takes nothing new up. */
  get waitsForRestart(): boolean {
    return this.state.life === 'draining' && this.state.turn?.stage.name === 'waiting';
  }

  /** What must hold when nothing moves any more. */
  checkRest(): void {
    if (this.waitsForRestart) return;
    const { state, check } = this;
    expect(state.life === 'closed' ? check.phase === 'closed' : check.phase === 'idle', `rests in ${check.phase}`);
    expect(this.waiting.size === 0, `no answer to ${[...this.waiting].join()}`);
    expect(state.pending.length === 0, 'a change still waits', state.pending);
    expect(check.turn === null && check.pendingApprovals.size === 0, 'a turn or an approval is left');
    expect(state.life === 'draining' || state.queue.length === 0, 'a message is left in the queue', state.queue);
    for (const [messageId, fate] of check.messages) {
      if (state.queue.some((entry) => entry.messageId === messageId)) continue;
      expect(fate !== 'queued' && fate !== 'delivered', `${messageId} stays ${fate}`);
      if (this.#contract && fate !== 'cancelled') this.#checkConversation(messageId);
    }
    const told = this.log.reduce((sum, event) => sum + ('costUsd' in event ? (event.costUsd ?? 0) : 0), 0);
    const costUsd = told + (state.spentBetween?.costUsd ?? 0);
    expect(Math.abs(costUsd - this.#costUsd) < 1e-6, `${this.#costUsd} USD were spent, and ${costUsd} are told`);
    if (state.backgroundTasks > 0 || state.life === 'closed') return;
    this.input({ type: 'evict' });
    expect(check.openBlocks.size === 0 && check.openTools.size === 0, 'a block or a tool is left open');
  }

  #costOf(input: Input): number {
    const { agent, turn, life } = this.state;
    if (input.type !== 'agent' || life === 'closed') return 0;
    if (input.event.type === 'call.counted') return input.event.costUsd;
    const isHeard = turn !== null && agent.life !== 'down' && input.generation === agent.generation;
    return input.event.type === 'turn.ended' && isHeard ? (input.event.costUsd ?? 0) : 0;
  }

  #request(): string {
    const requestId = this.newId('request');
    this.waiting.add(requestId);
    return requestId;
  }

  #onReply(effect: Extract<Effect, { type: 'reply' }>): void {
    const known = this.waiting.delete(effect.requestId);
    expect(!this.replies.has(effect.requestId), 'a request is answered twice', effect);
    if (known) this.replies.set(effect.requestId, effect.reply);
  }

  #open(generation: number, opening: Opening): void {
    const { config, conversation } = this;
    const emit = (from: number, event: AgentEvent): void => this.agentSays(event, from);
    const newId = (): string => this.newId('w');
    const world = { emit, newId, steering: config.steering, conversation, strict: this.#contract };
    this.#agents.push(new ModelAgent(generation, world, opening));
  }

  #checkOrder(messageIds: readonly string[]): void {
    const { queue } = this.#view.session;
    const starts = queue.filter((message) => messageIds.includes(message.id));
    if (!starts.some((message) => message.priority === 'later')) return;
    const sooner = queue.filter(({ priority }) => priority === 'now' || (priority === 'next' && !this.#reordered));
    expect(sooner.length === 0, 'a later message starts before a more urgent one', queue);
  }

  /** A turn completes when the agent has done its messages’ work, not when it has done something else. */
  #checkTaken(): void {
    if (!this.#contract || this.#agents.length === 0) return;
    for (const messageId of this.check.turn?.messageIds ?? [])
      expect(this.conversation.messageIds.includes(messageId), `${messageId} completes before the agent took it`);
  }

  #checkConversation(messageId: string): void {
    const times = this.conversation.messageIds.filter((other) => other === messageId).length;
    expect(times <= 1, `${messageId} is in the conversation ${times} times`);
    if (this.#rewound.has(messageId)) {
      expect(times === 0 || this.state.rewind !== null, `${messageId} was rewound and is in the conversation`);
      return;
    }
    expect(times === 1 || this.state.carried.includes(messageId), `${messageId} is missing in the conversation`);
  }

  #checkState(): void {
    const { state, check } = this;
    const { session, delivered } = this.#view;
    const seen = session.queue.map((message) => `${message.id} ${message.priority}`).join();
    const held = state.queue.map((entry) => `${entry.messageId} ${entry.priority}`).join();
    expect(seen === held, `clients see the queue [${seen}], it is [${held}]`);
    expect(check.phase === phaseOf(state), `the phase is ${phaseOf(state)}, announced was ${check.phase}`);
    expect(session.phase === check.phase && session.turnId === state.turn?.turnId, 'clients see another turn');
    const pending = Object.keys(state.approvals).sort().join();
    const shown = session.approvals.map((approval) => approval.approvalId).sort();
    expect(shown.join() === pending, 'clients see other approvals', shown);
    const inTurn = [...(state.turn?.messageIds ?? [])].sort().join();
    expect(
      delivered
        .map((message) => message.id)
        .sort()
        .join() === inTurn,
      'clients see other messages in the turn',
    );
    for (const [blockId, text] of check.openBlocks) {
      expect(openBlock(state, blockId)?.text.toString() === text, 'a block differs');
    }
    expect(state.blocks.length === check.openBlocks.size, 'open blocks differ');
    expect(Object.keys(state.tools).length === check.openTools.size, 'open tools differ');
    expect(state.rewind === null || state.agent.life !== 'ready', 'an agent goes on with what was rewound');
    const users = pending !== '' || (runsTool(state) && state.turn?.stage.name !== 'interrupting');
    const agents = state.turn !== null || state.queue.some((entry) => entry.hold !== 'kept');
    if (agents && !users && !this.waitsForRestart)
      expect(deadlineOf(state, this.config) !== null, 'nobody watches over this wait', state);
  }
}

/** What the record alone tells. */
function costsOf({ spentBetween, turn }: SessionState): string {
  return JSON.stringify([spentBetween, turn?.spent, turn?.seen]);
}
