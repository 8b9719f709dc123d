import { HearthError, NO_USAGE } from '@hearth/protocol';
import type {
  BudgetList,
  Agent,
  AgentCommand,
  ApprovalAnswer,
  DirectoryList,
  FileList,
  Event,
  EventBody,
  EventPage,
  InterruptResult,
  Message,
  MessageSend,
  MessageUpdate,
  Session,
  SessionCreate,
  SessionRewind,
  SessionRewindResult,
  SessionSummary,
  SessionUpdate,
  Transcript,
  UsageReport,
} from '@hearth/protocol';
import { summaryOf } from '../../router/session-summary.ts';
import type { Page, Principal, Sessions, Subscription, SubscriptionSink } from '../../router/sessions.ts';

const CHUNK = 100;

interface Room {
  session: Session;
  events: Event[];
  messages: Message[];
  cursors: Set<FakeCursor>;
}

/** Sessions in memory, for tests of the edge: real logs and cursors, no agent behind them. */
export class FakeSessions implements Sessions {
  readonly rooms = new Map<string, Room>();
  /** Every call that came, as `send ses_1 alice`. */
  readonly calls: string[] = [];
  /** Runs before each call of that name; may wait or throw. */
  readonly before = new Map<string, (sessionId: string) => Promise<void> | void>();
  readonly #watchers = new Set<(sessionId: string) => void>();
  #nextId = 1;

  async create(principal: Principal, params: SessionCreate): Promise<Session> {
    await this.#called('create', '', principal);
    const id = `ses_${this.#nextId++}`;
    const now = new Date().toISOString();
    const session: Session = {
      id,
      agent: params.agent ?? 'scripted',
      cwd: params.cwd ?? '/tmp',
      title: params.title ?? null,
      model: params.model ?? null,
      permissionMode: params.permissionMode ?? 'default',
      accountId: null,
      phase: 'idle',
      lastSeq: 0,
      queue: [],
      approvals: [],
      usage: { ...NO_USAGE, costUsd: 0 },
      createdAt: now,
      updatedAt: now,
      archived: false,
      metadata: params.metadata ?? {},
    };
    this.rooms.set(id, { session, events: [], messages: [], cursors: new Set() });
    this.append(id, { type: 'session.created', session });
    return session;
  }

  async list(): Promise<Page<Session>> {
    await this.#called('list');
    return { items: [...this.rooms.values()].map(({ session }) => session) };
  }

  async get(sessionId: string): Promise<Session> {
    await this.#called('get', sessionId);
    return this.#room(sessionId).session;
  }

  async update(sessionId: string, changes: SessionUpdate): Promise<Session> {
    await this.#called('update', sessionId);
    const room = this.#room(sessionId);
    if (changes.title !== undefined) room.session = { ...room.session, title: changes.title };
    return room.session;
  }

  async delete(sessionId: string): Promise<void> {
    await this.#called('delete', sessionId);
    const room = this.#room(sessionId);
    this.append(sessionId, { type: 'session.closed', reason: 'deleted' });
    this.rooms.delete(sessionId);
    for (const cursor of room.cursors) cursor.sink.end();
    for (const told of this.#watchers) told(sessionId);
  }

  async fork(principal: Principal, sessionId: string): Promise<Session> {
    this.#room(sessionId);
    return await this.create(principal, {});
  }

  async rewind(sessionId: string, params: SessionRewind): Promise<SessionRewindResult> {
    await this.#called('rewind', sessionId);
    this.#room(sessionId);
    return { toSeq: params.toSeq ?? 0, turns: 1, conversation: true, dryRun: params.dryRun ?? false };
  }

  async send(principal: Principal, sessionId: string, params: MessageSend): Promise<Message> {
    await this.#called('send', sessionId, principal);
    const room = this.#room(sessionId);
    const message: Message = {
      id: `msg_${this.#nextId++}`,
      sessionId,
      priority: params.priority ?? 'next',
      state: 'queued',
      content: params.content,
      author: principal.label,
      createdAt: new Date().toISOString(),
    };
    room.messages.push(message);
    const { id: messageId, content, priority, author } = message;
    this.append(sessionId, { type: 'message.queued', messageId, content, priority, author, place: 0 });
    return message;
  }

  async messages(sessionId: string): Promise<Page<Message>> {
    return { items: this.#room(sessionId).messages };
  }

  async message(sessionId: string, messageId: string): Promise<Message> {
    const found = this.#room(sessionId).messages.find(({ id }) => id === messageId);
    if (found === undefined) throw new HearthError('not_found', 'There is no such message.');
    return found;
  }

  async updateMessage(sessionId: string, messageId: string, change: MessageUpdate): Promise<Message> {
    const message = await this.message(sessionId, messageId);
    if (message.state !== 'queued') throw new HearthError('message_delivered', 'It was delivered already.');
    return Object.assign(message, change);
  }

  async cancelMessage(sessionId: string, messageId: string): Promise<Message> {
    return Object.assign(await this.message(sessionId, messageId), { state: 'cancelled' as const });
  }

  async interrupt(sessionId: string): Promise<InterruptResult> {
    const running = this.#room(sessionId).session.phase !== 'idle';
    return running ? { interrupted: true, turnId: 'turn_1' } : { interrupted: false };
  }

  async answer(
    principal: Principal,
    sessionId: string,
    approvalId: string,
    { decision }: ApprovalAnswer,
  ): Promise<{ approvalId: string; decision: ApprovalAnswer['decision'] }> {
    await this.#called('answer', sessionId, principal);
    const { approvals } = this.#room(sessionId).session;
    if (!approvals.some((approval) => approval.approvalId === approvalId)) {
      throw new HearthError('not_found', 'There is no such approval.');
    }
    return { approvalId, decision };
  }

  async events(sessionId: string, after: number, limit: number): Promise<EventPage> {
    const { events, session } = this.#room(sessionId);
    return { items: events.filter(({ seq }) => seq > after).slice(0, limit), lastSeq: session.lastSeq };
  }

  async transcript(sessionId: string): Promise<Transcript> {
    const { session, events } = this.#room(sessionId);
    return { session, items: events };
  }

  async summary(sessionId: string): Promise<SessionSummary | null> {
    await this.#called('summary', sessionId);
    const session = this.rooms.get(sessionId)?.session;
    return session === undefined ? null : summaryOf(session);
  }

  watch(listener: (sessionId: string) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  /** How many watch the list. */
  get watchers(): number {
    return this.#watchers.size;
  }

  async agents(): Promise<Agent[]> {
    return [];
  }

  async directories(): Promise<DirectoryList> {
    return { path: null, parent: null, items: [], truncated: false };
  }

  async commands(): Promise<AgentCommand[]> {
    return [];
  }

  async files(): Promise<FileList> {
    return { items: [], truncated: false };
  }

  async budgets(): Promise<BudgetList> {
    return { items: [] };
  }

  async usage(): Promise<UsageReport> {
    return { items: [], total: { ...NO_USAGE, costUsd: 0, turns: 0 } };
  }

  async subscribe(sessionId: string, after: number, sink: SubscriptionSink): Promise<Subscription> {
    await this.#called('subscribe', sessionId);
    const room = this.#room(sessionId);
    const cursor = new FakeCursor(room, after === -1 ? room.session.lastSeq : after, sink);
    room.cursors.add(cursor);
    return cursor;
  }

  /** Puts an event into a log and wakes its subscribers. */
  append(sessionId: string, body: EventBody): Event {
    const room = this.#room(sessionId);
    const seq = room.session.lastSeq + 1;
    const event: Event = { sessionId, seq, time: new Date().toISOString(), ...body };
    room.events.push(event);
    room.session = { ...room.session, lastSeq: seq };
    for (const cursor of room.cursors) cursor.wake();
    for (const told of this.#watchers) told(sessionId);
    return event;
  }

  heartbeat(sessionId: string): void {
    const { cursors, session } = this.#room(sessionId);
    for (const { sink } of cursors)
      sink.heartbeat(JSON.stringify({ sessionId, phase: session.phase, elapsedMs: 5000 }));
  }

  /** A running turn, as far as the edge can see. */
  setRunning(sessionId: string): void {
    const room = this.#room(sessionId);
    room.session = { ...room.session, phase: 'streaming' };
  }

  subscribers(sessionId: string): number {
    return this.rooms.get(sessionId)?.cursors.size ?? 0;
  }

  /** Subscribers that said they are full, and were not resumed yet. */
  paused(sessionId: string): number {
    return [...this.#room(sessionId).cursors].filter((cursor) => cursor.paused).length;
  }

  async #called(name: string, sessionId = '', principal?: Principal): Promise<void> {
    this.calls.push([name, sessionId, principal?.label ?? ''].join(' ').trim());
    await this.before.get(name)?.(sessionId);
  }

  #room(sessionId: string): Room {
    const room = this.rooms.get(sessionId);
    if (room === undefined) throw new HearthError('not_found', 'There is no such session.');
    return room;
  }
}

class FakeCursor implements Subscription {
  readonly sink: SubscriptionSink;
  readonly session: Session;
  readonly lastSeq: number;
  readonly #room: Room;
  #position: number;
  #state: 'placed' | 'running' | 'paused' | 'closed' = 'placed';

  constructor(room: Room, after: number, sink: SubscriptionSink) {
    this.#room = room;
    this.#position = after;
    this.sink = sink;
    this.session = room.session;
    this.lastSeq = room.session.lastSeq;
  }

  get paused(): boolean {
    return this.#state === 'paused';
  }

  start(): void {
    this.#state = 'running';
    this.wake();
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.wake();
  }

  close(): void {
    this.#state = 'closed';
    this.#room.cursors.delete(this);
  }

  wake(): void {
    while (this.#state === 'running') {
      const next = this.#room.events.filter(({ seq }) => seq > this.#position).slice(0, CHUNK);
      const last = next.at(-1);
      if (last === undefined) return;
      this.#position = last.seq;
      if (!this.sink.events(next.map((event) => JSON.stringify(event)))) this.#state = 'paused';
    }
  }
}
