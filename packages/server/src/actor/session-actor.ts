import { HearthError } from '@hearth/protocol';
import type { AgentCommand, Content, Event, EventBody, Message, Session, TurnError } from '@hearth/protocol';
import type { AgentEvent, AgentSpec, Delivery } from '../backend/backend.ts';
import type { BudgetSubject } from '../budget/budgets.ts';
import type { Projection } from '../event-log/event-log.ts';
import type { CoreConfig, Effect, Input, ReplyResult } from '../session/input.ts';
import { phaseOf } from '../session/phase.ts';
import { reduce } from '../session/reduce.ts';
import { isSettled } from '../session/state.ts';
import type { SessionState } from '../session/state.ts';
import { stateToJson } from '../session/stored-state.ts';
import { showsDifferently } from '../session/view.ts';
import type { SessionView } from '../session/view.ts';
import { deadlineOf } from '../session/watchdog.ts';
import type { ActorParts, ActorStart } from './actor-parts.ts';
import { AgentSlot } from './agent-slot.ts';
import { agentSpec } from './agent-spec.ts';
import type { Opening } from './agent-spec.ts';
import { Alarm } from './alarm.ts';
import { foldCommit } from './fold-commit.ts';
import { OpenRequests } from './open-requests.ts';
import type { AgentSettings } from './agent-settings.ts';
import { Purse, spendsUntold } from './purse.ts';
import { SessionClock } from './session-clock.ts';
import { ObservedSession } from './session-observer.ts';
import { StreamedText } from './streamed-text.ts';

/** A request without the id of its caller, which the actor gives. */
export type Request = DistributiveOmit<Extract<Input, { requestId: string }>, 'requestId'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/**
 * Runs one session: takes inputs one after the other through the pure core, stores what happened, and only then does
 * what the core wants done. When a commit fails the actor is given up, and the session starts again from the log.
 */
export class SessionActor {
  readonly id: string;
  readonly #parts: ActorParts;
  readonly #settings: AgentSettings;
  readonly #slot: AgentSlot;
  readonly #requests = new OpenRequests();
  readonly #streamed = new StreamedText();
  /** Contents of messages that the agent does not have yet, or may have to be given again. */
  readonly #contents = new Map<string, Content>();
  #state: SessionState;
  /** As of the last commit, but for its number: what clients may see. */
  #view: SessionView;
  /** Number of the last event that is committed. Text that streams moves it alone. */
  #lastSeq: number;
  /** As of the events that are being committed. */
  #projected: SessionView;
  /** Resolves when the effects of all that was appended so far have run. */
  #settledEffects: Promise<void> = Promise.resolve();
  #coreConfig: CoreConfig | null = null;
  readonly #alarm: Alarm;
  /** Why it takes nothing more. */
  #broken: HearthError | null = null;
  readonly #observed: ObservedSession;
  readonly #purse: Purse;
  readonly #clock: SessionClock;

  constructor(start: ActorStart, parts: ActorParts) {
    this.id = start.view.session.id;
    this.#parts = parts;
    this.#settings = start.settings;
    this.#state = start.state;
    this.#view = start.view;
    this.#lastSeq = start.view.session.lastSeq;
    this.#projected = start.view;
    this.#clock = new SessionClock(parts.clock);
    this.#alarm = new Alarm(parts.clock, () => this.dispatch({ type: 'tick' }));
    for (const message of [...start.view.session.queue, ...start.view.delivered, ...start.carried]) {
      this.#contents.set(message.id, message.content);
    }
    this.#slot = new AgentSlot({
      sessionId: this.id,
      backend: parts.backend,
      pool: parts.pool,
      log: parts.log,
      emit: (generation, event) => this.#onAgent(generation, event),
    });
    this.#purse = new Purse(start.view.delivered[0]?.author ?? start.view.session.queue[0]?.author, {
      budget: parts.budget,
      onUsage: parts.onUsage,
      // A refused append breaks the actor through `failed`.
      tell: (notice) => void this.append([notice]).catch(() => undefined),
      stop: (error) => this.dispatch({ type: 'turn.stop', error }),
    });
    this.#observed = new ObservedSession(parts.observer, start.view.session.phase);
    parts.eventLog.open(this.id, start.view.session.lastSeq, {
      flush: () => this.#flushStreamed(),
      project: (events) => this.#project(events),
      committed: (events) => this.#committed(events),
      failed: (error) => this.#break(error),
    });
  }

  /** What its budgets look at. */
  get budgetSubject(): BudgetSubject {
    return this.#purse.subject(this.#view.session, this.#settings, this.#state);
  }

  /** The session as of the last commit. */
  get session(): Session {
    if (this.#view.session.lastSeq < this.#lastSeq) {
      this.#view = { ...this.#view, session: { ...this.#view.session, lastSeq: this.#lastSeq } };
    }
    return this.#view.session;
  }

  get settings(): AgentSettings {
    return this.#settings;
  }

  /** In the clock's monotonic time, ms. */
  get lastUsedAt(): number {
    return this.#clock.lastUsedAt;
  }

  /** When the present phase began, in ms since 1970. */
  get phaseSince(): number {
    return this.#state.phaseSince;
  }

  get settled(): boolean {
    return isSettled(this.#state) && this.#requests.size === 0;
  }

  /** A turn runs, which a stop of the server would cut. */
  get running(): boolean {
    const { turn } = this.#state;
    return turn !== null && turn.stage.name !== 'waiting';
  }

  /** A turn waits without a process, as for an account's reset. */
  get waits(): boolean {
    return this.#state.turn?.stage.name === 'waiting';
  }

  /** It may be spending, or has spent what is not stored yet. */
  get spending(): boolean {
    return this.#state.turn !== null || this.#state.spentBetween !== null || this.#purse.open;
  }

  /** Holds an agent process that it could give up. */
  get evictable(): boolean {
    return isSettled(this.#state) && this.#state.agent.life !== 'down';
  }

  get hasProcess(): boolean {
    return this.#slot.occupied;
  }

  /** A message of the session that is queued or in the running turn. */
  openMessage(messageId: string): Message | undefined {
    const same = (message: Message): boolean => message.id === messageId;
    return this.#view.session.queue.find(same) ?? this.#view.delivered.find(same);
  }

  /** Puts events into the log that do not come from the core: the birth of the session, or a copied history. */
  async append(events: EventBody[]): Promise<void> {
    await this.#parts.eventLog.append(this.id, events);
  }

  /** Resolves when what was asked is stored and done; throws what the core, or the log, has against it. */
  request(request: Request): Promise<ReplyResult> {
    const requestId = this.#parts.newId();
    const reply = this.#requests.add(requestId);
    this.dispatch({ ...request, requestId });
    return reply;
  }

  dispatch(input: Input): void {
    this.#flushStreamed();
    if (this.#broken === null) this.#take(input);
    else this.#requests.fail(this.#broken);
  }

  #take(input: Input): void {
    const { newId } = this.#parts;
    const config = this.#config();
    const { now, state: before } = this.#clock.read(this.#state, input.type !== 'tick' && input.type !== 'evict');
    const wasEvictable = this.evictable;
    const refusal = (messageId: string): TurnError | null => this.#refusal(messageId, input);
    const { state, events, effects } = reduce(before, input, { now, newTurnId: newId, config, refusal });
    this.#state = state;
    this.#purse.ended(events);
    const { eventLog } = this.#parts;
    const stores = events.length > 0 || spendsUntold(before, state, input);
    const refused = stores ? eventLog.write(this.id, events) : null;
    if (refused === null) this.#observed.appended(events, () => eventLog.stored(this.id));
    if (effects.length > 0) this.#runAfter(stores ? eventLog.stored(this.id) : null, effects);
    this.#alarm.set(deadlineOf(state, config));
    this.#purse.watch(before, state, input, () => this.budgetSubject);
    if (this.evictable && !wasEvictable) this.#parts.onEvictable();
  }

  /** Resolves when everything that was dispatched is stored. */
  async flushed(): Promise<void> {
    this.#flushStreamed();
    // A refused append breaks the actor through `failed`.
    await this.#parts.eventLog.stored(this.id).catch(() => undefined);
    await this.#settledEffects;
  }

  /** Slash commands of the agent that runs; none when none does. */
  commands(): Promise<AgentCommand[]> {
    return this.#slot.commands();
  }

  /** Resolves when no agent process of the session is alive. */
  async vacant(): Promise<void> {
    await this.#slot.vacant();
  }

  /**
   * Lets go of timers; the session may be loaded again.
   * @param reason what is told to whom no reply will come any more
   */
  release(reason = brokenError()): void {
    this.#alarm.clear();
    this.#broken ??= reason;
    this.#requests.fail(reason);
    this.#observed.unloaded();
  }

  #runAfter(stored: Promise<void> | null, effects: Effect[]): void {
    // A refused append breaks the actor through `failed`; the line of effects itself must not stop with it.
    const append = stored?.catch(() => undefined);
    this.#settledEffects = this.#runInLine(this.#settledEffects, append, effects);
  }

  async #runInLine(before: Promise<void>, stored: Promise<void> | undefined, effects: Effect[]): Promise<void> {
    await before;
    await stored;
    try {
      for (const effect of effects) if (this.#broken === null) this.#run(effect);
    } catch (error) {
      this.#break(HearthError.from(error));
    }
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case 'agent.send': {
        const delivery = this.#delivery(effect.messageId);
        this.#slot.send(effect.generation, delivery, () => this.#spec(effect));
        return;
      }
      case 'agent.resume':
        this.#slot.resume(effect.generation, () => this.#spec({ ...effect, pending: [], rewind: null }));
        return;
      case 'agent.withdraw':
        this.#slot.withdraw(effect.generation, effect.messageId);
        return;
      case 'agent.interrupt':
        this.#slot.interrupt(effect.generation);
        return;
      case 'agent.answer':
        this.#slot.answer(effect.generation, effect.approvalId, effect.answer);
        return;
      case 'agent.configure':
        this.#slot.configure(effect.generation, effect.change);
        return;
      case 'agent.close':
        this.#slot.close(effect.generation);
        return;
      case 'agent.kill':
        this.#slot.kill(effect.generation);
        return;
      case 'reply':
        this.#requests.reply(effect.requestId, effect.reply);
        return;
    }
  }

  #delivery(messageId: string): Delivery {
    const content = this.#contents.get(messageId);
    if (content === undefined) throw new Error(`The content of message ${messageId} is not at hand.`);
    return { messageId, content };
  }

  #spec(opening: Opening): AgentSpec {
    const carried = opening.carried
      .filter((messageId) => this.#contents.has(messageId))
      .map((messageId) => this.#delivery(messageId));
    return agentSpec(opening, this.#view.session, this.#state, this.#settings, carried);
  }

  /** Why a turn of this message must not begin now. */
  #refusal(messageId: string, input: Input): TurnError | null {
    const sent = input.type === 'message.send' && input.messageId === messageId ? input.author : undefined;
    const author = sent ?? this.#projected.session.queue.find((message) => message.id === messageId)?.author;
    return this.#purse.refusal(author, () => this.budgetSubject);
  }

  #onAgent(generation: number, event: AgentEvent): void {
    if (this.#broken !== null) return;
    if (event.type === 'block.delta') this.#stream({ generation, blockId: event.blockId, text: event.text });
    // A delta that waits is a sign of life as good as any.
    else if (event.type !== 'activity' || !this.#streamed.waits) this.dispatch({ type: 'agent', generation, event });
  }

  /** Text that streams goes through the core once per commit, however many deltas it came in. */
  #stream(delta: { generation: number; blockId: string; text: string }): void {
    if (this.#streamed.extend(delta)) return;
    this.#flushStreamed();
    this.#streamed.begin(delta);
    if (!this.#parts.eventLog.announce(this.id)) this.#flushStreamed();
  }

  #flushStreamed(): void {
    const input = this.#streamed.take();
    if (input === null || this.#broken !== null) return;
    try {
      this.#takeText(input);
    } catch (error) {
      this.#break(HearthError.from(error));
    }
  }

  /** Text has no effects; it moves deadlines further away, at most, and the alarm looks again when it rings. */
  #takeText(input: Input): void {
    const { newId, eventLog } = this.#parts;
    const { now, state: before } = this.#clock.read(this.#state, true);
    const { state, events } = reduce(before, input, { now, newTurnId: newId, config: this.#config() });
    this.#state = state;
    if (events.length > 0) eventLog.write(this.id, events);
  }

  #project(events: Event[]): Projection {
    const last = events.at(-1);
    if (last !== undefined && events.every(isDelta)) return NOTHING_CHANGED;
    const { view, messages, usage } = foldCommit(this.#projected, events);
    this.#projected = view;
    for (const { id, content } of messages) this.#contents.set(id, content);
    this.#purse.used.push(...usage);
    const { queue: _, ...session } = view.session;
    const record = {
      session,
      core: stateToJson(this.#state),
      settings: JSON.stringify(this.#settings),
    };
    return { record, messages, usage };
  }

  #committed(events: readonly Event[]): void {
    this.#lastSeq = events.at(-1)?.seq ?? this.#lastSeq;
    if (events.length > 0 && events.every(isDelta)) return;
    const before = this.#view.session;
    this.#view = this.#projected;
    this.#purse.book();
    if (showsDifferently(before, this.#view.session)) this.#parts.onChanged?.(this.id);
    this.#observed.phase(this.#view.session.phase);
    this.#forgetContents();
  }

  /** Contents are kept for the queue, the running turn, and what a crash left in doubt. */
  #forgetContents(): void {
    if (this.#contents.size === 0 || phaseOf(this.#state) !== 'idle') return;
    const needed = new Set([...this.#state.queue.map((entry) => entry.messageId), ...this.#state.carried]);
    for (const messageId of this.#contents.keys()) if (!needed.has(messageId)) this.#contents.delete(messageId);
  }

  #config(): CoreConfig {
    const { approvalTimeoutMs = null } = this.#projected.session;
    if (this.#coreConfig?.approvalTimeoutMs !== approvalTimeoutMs) {
      this.#coreConfig = { ...this.#parts.config, approvalTimeoutMs };
    }
    return this.#coreConfig;
  }

  /** What was to be stored is not: nobody saw it, and nothing may follow from it. */
  #break(error: HearthError): void {
    if (this.#broken !== null) return;
    this.#broken = brokenError();
    this.#alarm.clear();
    // The state may be ahead of the process: what was refused may have been its end.
    this.#slot.clear();
    this.#requests.fail(error);
    this.#parts.onBroken(error);
  }
}

const NOTHING_CHANGED: Projection = { messages: [], usage: [] };

function isDelta({ type }: Event): boolean {
  return type === 'block.delta';
}

function brokenError(): HearthError {
  return new HearthError('internal', 'The session had to be started again from its log.', {
    hint: 'Repeat the request.',
  });
}
