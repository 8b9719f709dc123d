import { contentText, HearthError } from '@hearth/protocol';
import type {
  Budget,
  BudgetList,
  Agent,
  AgentCommand,
  ApprovalAnswer,
  DirectoryList,
  FileList,
  FileQuery,
  EventPage,
  InterruptResult,
  Event,
  Message,
  MessageSend,
  MessageUpdate,
  Session,
  SessionCreate,
  SessionFork,
  SessionListQuery,
  SessionRewind,
  SessionRewindResult,
  SessionSummary,
  SessionUpdate,
  Transcript,
  UsageQuery,
  UsageReport,
} from '@hearth/protocol';
import type { SessionActor } from '../actor/session-actor.ts';
import type { SessionRegistry } from '../actor/session-registry.ts';
import type { Backend } from '../backend/backend.ts';
import type { EventLog } from '../event-log/event-log.ts';
import type { Store, StoredMessage } from '../store/store.ts';
import { plainMessage } from '../store/stored-message.ts';
import type { Clock } from '../concurrency/clock.ts';
import { conversationTurns, placeAt, withoutRewound } from '../session/log-turns.ts';
import type { TurnPlace } from '../session/log-turns.ts';
import { answerApproval } from './approval-answers.ts';
import { Deletions } from './deletions.ts';
import { copyConversation } from './fork-copy.ts';
import type { ForkingBackend } from './fork-copy.ts';
import { forkHistory, unsureMessages } from './fork-history.ts';
import { keyedForkId } from './keyed-fork-id.ts';
import { newSession, settingsOf } from './new-session.ts';
import { readLog } from './read-log.ts';
import { placeBefore } from './rewind-target.ts';
import { rewindSession } from './rewinds.ts';
import { checkAccount, checkMode } from './session-checks.ts';
import type { AccountList } from './session-checks.ts';
import type { SessionChanges } from './session-changes.ts';
import { summaryOf } from './session-summary.ts';
import { SendLine } from './send-line.ts';
import { titleOf } from './title.ts';
import type { Page, Principal, Sessions, Subscription, SubscriptionSink } from './sessions.ts';

const MESSAGES_PAGE = 200;

export interface LocalSessionsParts {
  registry: SessionRegistry;
  changes: SessionChanges;
  eventLog: EventLog;
  store: Store;
  backends: ReadonlyMap<string, Backend>;
  clock: Clock;
  newId: () => string;
  defaultAgent: string;
  accounts: AccountList;
  allowBypassPermissions: boolean;
  /** The real path of a wanted working directory inside the workspace roots; throws `forbidden` outside of them. */
  resolveCwd: (wanted: string | undefined) => Promise<string>;
  listDirectories: (path: string | undefined) => Promise<DirectoryList>;
  /** The budgets of today. */
  budgets: () => Budget[];
  /** Files below a folder of theirs. */
  searchFiles: (query: FileQuery) => Promise<FileList>;
}

/** The sessions of this machine. */
export class LocalSessions implements Sessions {
  readonly #parts: LocalSessionsParts;
  readonly #sendLine = new SendLine();
  readonly #forkLine = new SendLine();
  readonly #deletions: Deletions;

  constructor(parts: LocalSessionsParts) {
    this.#parts = parts;
    this.#deletions = new Deletions(parts);
  }

  async create(_principal: Principal, params: SessionCreate): Promise<Session> {
    const backend = await this.#availableBackend(params.agent ?? this.#parts.defaultAgent);
    checkMode(params.permissionMode, this.#parts.allowBypassPermissions);
    checkAccount(params.accountId, backend.name, this.#parts.accounts);
    const cwd = await this.#parts.resolveCwd(params.cwd);
    const session = newSession(this.#birth(), {
      agent: backend.name,
      cwd,
      title: params.title ?? null,
      model: params.model ?? null,
      permissionMode: params.permissionMode ?? 'default',
      accountId: params.accountId ?? null,
      metadata: params.metadata ?? {},
      ...(typeof params.approvalTimeoutMs === 'number' ? { approvalTimeoutMs: params.approvalTimeoutMs } : {}),
      ...(params.effort === undefined ? {} : { effort: params.effort }),
      ...(typeof params.maxBudgetUsd === 'number' ? { maxBudgetUsd: params.maxBudgetUsd } : {}),
      ...(typeof params.maxTurnUsd === 'number' ? { maxTurnUsd: params.maxTurnUsd } : {}),
    });
    const actor = await this.#parts.registry.create(session, settingsOf(params), null, [], []);
    return actor.session;
  }

  async list(query: SessionListQuery): Promise<Page<Session>> {
    const page = await this.#parts.store.sessions.list(query);
    const items = await Promise.all(page.items.map((session) => this.#withQueue(session)));
    return page.nextCursor === undefined ? { items } : { items, nextCursor: page.nextCursor };
  }

  async get(sessionId: string): Promise<Session> {
    return (await this.#parts.registry.get(sessionId)).session;
  }

  async update(sessionId: string, changes: SessionUpdate): Promise<Session> {
    checkMode(changes.permissionMode, this.#parts.allowBypassPermissions);
    const actor = await this.#afterSends(sessionId);
    checkAccount(changes.accountId, actor.session.agent, this.#parts.accounts);
    if (Object.keys(changes).length > 0) await actor.request({ type: 'session.update', changes });
    return actor.session;
  }

  delete(sessionId: string): Promise<void> {
    return this.#deletions.delete(sessionId);
  }

  /** See `Deletions.deleteUnused`. */
  deleteUnused(sessionId: string, sinceMs: number): Promise<boolean> {
    return this.#deletions.deleteUnused(sessionId, sinceMs);
  }

  async fork(principal: Principal, sessionId: string, { atSeq, editMessage }: SessionFork): Promise<Session> {
    const source = await this.#parts.registry.get(sessionId);
    if (editMessage === undefined) {
      const placeOf = (log: readonly Event[]): TurnPlace =>
        placeAt(conversationTurns(log), atSeq ?? Number.POSITIVE_INFINITY);
      return this.#forkAt(source, placeOf, this.#parts.newId(), {});
    }
    if (atSeq !== undefined) {
      throw new HearthError('invalid_request', 'An edited message says by itself where the fork begins.', {
        hint: 'Give either atSeq or editMessage.',
      });
    }
    const { messageId, content, clientMessageId } = editMessage;
    const key = clientMessageId === undefined ? {} : { clientMessageId };
    return this.#forkLine.run(sessionId, async () => {
      const id = clientMessageId === undefined ? this.#parts.newId() : keyedForkId(sessionId, clientMessageId);
      const known = clientMessageId !== undefined && (await this.#parts.store.sessions.load(id)) !== null;
      if (!known) await this.#forkAt(source, (log) => placeBefore(log, messageId), id, { messageId });
      await this.send(principal, id, { content, ...key });
      return this.get(id);
    });
  }

  /** A session of its own with the conversation of another one up to a place in it. */
  async #forkAt(
    source: SessionActor,
    placeOf: (log: readonly Event[]) => TurnPlace,
    id: string,
    origin: { messageId?: string },
  ): Promise<Session> {
    const backend = await this.#availableBackend(source.session.agent);
    if (!canFork(backend)) {
      throw new HearthError('invalid_request', `The agent “${backend.name}” cannot fork a conversation.`);
    }
    const { registry, store } = this.#parts;
    const log = await readLog(store.events, source.id);
    const place = placeOf(log);
    const forkedFrom = { sessionId: source.id, seq: place.seq, ...origin };
    const session = { ...newSession(this.#birth(), source.session), id, forkedFrom };
    const wanted = { sourceId: source.id, newSessionId: id, cwd: session.cwd, place, log };
    const copied = await copyConversation({ registry, events: store.events, backend }, wanted);
    const born = copied === null ? session : { ...session, agentSessionId: copied };
    const history = forkHistory(log, place.seq, this.#parts.newId);
    const actor = await registry.create(born, source.settings, copied, history, unsureMessages(history));
    return actor.session;
  }

  async rewind(sessionId: string, params: SessionRewind): Promise<SessionRewindResult> {
    const { registry, store } = this.#parts;
    const { agent } = (await registry.get(sessionId)).session;
    const backend = await this.#availableBackend(agent);
    return rewindSession({ registry, events: store.events }, backend, sessionId, params);
  }

  async send(principal: Principal, sessionId: string, params: MessageSend): Promise<Message> {
    const messageId = await this.#sendLine.run(sessionId, async () => {
      const actor = await this.#parts.registry.get(sessionId);
      const known = await this.#knownMessage(sessionId, params.clientMessageId);
      if (known !== null) return known.id;
      const id = this.#parts.newId();
      await actor.request({
        type: 'message.send',
        messageId: id,
        ...(params.clientMessageId === undefined ? {} : { clientMessageId: params.clientMessageId }),
        content: params.content,
        priority: params.priority ?? 'next',
        author: principal.label,
        title: titleOf(contentText(params.content)),
      });
      return id;
    });
    return this.message(sessionId, messageId);
  }

  async messages(sessionId: string, page: { cursor?: string; limit?: number }): Promise<Page<Message>> {
    await this.#parts.registry.get(sessionId);
    const { items, nextCursor } = await this.#parts.store.messages.list(
      sessionId,
      page.cursor,
      page.limit ?? MESSAGES_PAGE,
    );
    return { items: items.map(plainMessage), ...(nextCursor === undefined ? {} : { nextCursor }) };
  }

  async message(sessionId: string, messageId: string): Promise<Message> {
    const actor = await this.#parts.registry.get(sessionId);
    const open = actor.openMessage(messageId);
    if (open !== undefined) return open;
    const stored = await this.#parts.store.messages.get(sessionId, messageId);
    if (stored === null) throw new HearthError('not_found', 'There is no such message in this session.');
    return plainMessage(stored);
  }

  async updateMessage(sessionId: string, messageId: string, change: MessageUpdate): Promise<Message> {
    const actor = await this.#actorOfMessage(sessionId, messageId);
    await actor.request({ type: 'message.update', messageId, change });
    return this.message(sessionId, messageId);
  }

  async cancelMessage(sessionId: string, messageId: string): Promise<Message> {
    const actor = await this.#actorOfMessage(sessionId, messageId);
    await actor.request({ type: 'message.cancel', messageId });
    return this.message(sessionId, messageId);
  }

  async interrupt(sessionId: string, cancelQueued: boolean): Promise<InterruptResult> {
    const actor = await this.#afterSends(sessionId);
    const reply = await actor.request({ type: 'interrupt', cancelQueued });
    return reply.type === 'interrupt' ? reply.result : { interrupted: false };
  }

  async answer(
    principal: Principal,
    sessionId: string,
    approvalId: string,
    answer: ApprovalAnswer,
  ): Promise<{ approvalId: string; decision: ApprovalAnswer['decision'] }> {
    const actor = await this.#parts.registry.get(sessionId);
    await answerApproval(actor, this.#parts.store.events, { approvalId, answer, by: principal.label });
    return { approvalId, decision: answer.decision };
  }

  async events(sessionId: string, after: number, limit: number): Promise<EventPage> {
    const actor = await this.#parts.registry.get(sessionId);
    const from = after < 0 ? actor.session.lastSeq : after;
    const { lastSeq } = actor.session;
    const bodies = await this.#parts.eventLog.readAfter(sessionId, from, limit);
    return { items: bodies.map((body) => JSON.parse(body) as EventPage['items'][number]), lastSeq };
  }

  async transcript(sessionId: string): Promise<Transcript> {
    const actor = await this.#parts.registry.get(sessionId);
    const { session } = actor;
    return { session, items: withoutRewound(await readLog(this.#parts.store.events, sessionId)) };
  }

  async summary(sessionId: string): Promise<SessionSummary | null> {
    const record = this.#parts.registry.peek(sessionId) ?? (await this.#parts.store.sessions.load(sessionId));
    return record === null ? null : summaryOf(await this.#withQueue(record.session));
  }

  watch(listener: (sessionId: string) => void): () => void {
    return this.#parts.changes.watch(listener);
  }

  async agents(): Promise<Agent[]> {
    return Promise.all(
      [...this.#parts.backends.values()].map(async (backend) => ({
        name: backend.name,
        ...(await backend.check()),
        capabilities: backend.capabilities,
      })),
    );
  }

  directories(path: string | undefined): Promise<DirectoryList> {
    return this.#parts.listDirectories(path);
  }

  async commands(sessionId: string): Promise<AgentCommand[]> {
    return (await this.#parts.registry.get(sessionId)).commands();
  }

  files(query: FileQuery): Promise<FileList> {
    return this.#parts.searchFiles(query);
  }

  async usage(query: UsageQuery): Promise<UsageReport> {
    return this.#parts.store.usage.report(query.groupBy ?? 'day', query.from, query.to);
  }

  async budgets(): Promise<BudgetList> {
    return { items: this.#parts.budgets() };
  }

  async subscribe(sessionId: string, after: number, sink: SubscriptionSink): Promise<Subscription> {
    const actor = await this.#parts.registry.get(sessionId);
    const cursor = this.#parts.eventLog.subscribe(sessionId, after, sink);
    const { session } = actor;
    return {
      session,
      lastSeq: session.lastSeq,
      start: () => cursor.start(),
      resume: () => cursor.resume(),
      close: () => cursor.close(),
    };
  }

  /** For what acts on a turn: who sent a message first means that one's turn. */
  async #afterSends(sessionId: string): Promise<SessionActor> {
    await this.#sendLine.passed(sessionId);
    return this.#parts.registry.get(sessionId);
  }

  async #actorOfMessage(sessionId: string, messageId: string): Promise<SessionActor> {
    await this.message(sessionId, messageId);
    return this.#parts.registry.get(sessionId);
  }

  async #knownMessage(sessionId: string, clientMessageId: string | undefined): Promise<StoredMessage | null> {
    if (clientMessageId === undefined) return null;
    return this.#parts.store.messages.byClientMessageId(sessionId, clientMessageId);
  }

  #birth(): { id: string; time: string } {
    return { id: this.#parts.newId(), time: new Date(this.#parts.clock.now()).toISOString() };
  }

  async #withQueue(session: Omit<Session, 'queue'>): Promise<Session> {
    const loaded = this.#parts.registry.peek(session.id);
    if (loaded !== undefined) return loaded.session;
    return { ...session, queue: (await this.#parts.store.messages.queued(session.id)).map(plainMessage) };
  }

  async #availableBackend(name: string): Promise<Backend> {
    const backend = this.#parts.backends.get(name);
    if (backend === undefined) {
      const names = [...this.#parts.backends.keys()].join(', ');
      throw new HearthError('invalid_request', `There is no agent called “${name}”.`, {
        hint: `Use one of: ${names}.`,
      });
    }
    const { available, reason } = await backend.check();
    if (!available) throw new HearthError('agent_unavailable', reason ?? `The agent “${name}” cannot run here.`);
    return backend;
  }
}

function canFork(backend: Backend): backend is ForkingBackend {
  return backend.capabilities.fork && backend.fork !== undefined;
}
