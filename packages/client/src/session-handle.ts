import type {
  AgentCommand,
  ApprovalAnswer,
  Content,
  Heartbeat,
  InterruptResult,
  Message,
  MessageUpdate,
  Priority,
  Result,
  Session,
  SessionFork,
  SessionRewind,
  SessionRewindResult,
  SessionUpdate,
  Transcript,
} from '@hearth/protocol';
import { ApprovalWatch } from './approvals.ts';
import type { ApprovalHandler } from './approvals.ts';
import { EventFeed } from './event-feed.ts';
import type { EventsOptions } from './event-feed.ts';
import type { HttpReader } from './http-reader.ts';
import type { OnError } from './listeners.ts';
import { pagesOf } from './pages.ts';
import type { CallOptions, Transport } from './transport.ts';
import { Turn } from './turn.ts';

export interface SendOptions extends CallOptions {
  /** What the message does to a running turn. Default `next`. */
  priority?: Priority;
  /** Idempotency key. One is made when absent, so that the client itself never sends a message twice. */
  clientMessageId?: string;
}

export interface PromptOptions extends SendOptions {
  /** Decides the approvals of the session until the turn is over. */
  onApproval?: ApprovalHandler;
}

/** What a session handle is made of. */
export interface SessionPort {
  transport: Transport;
  http: HttpReader;
  onError: OnError;
}

/**
 * One session. A handle costs nothing and holds no state of the session: what the session is doing is in its events
 * and in `get()`.
 */
export class SessionHandle {
  readonly id: string;
  readonly messages: SessionMessages;
  readonly #port: SessionPort;

  constructor(id: string, port: SessionPort) {
    this.id = id;
    this.#port = port;
    this.messages = new SessionMessages(id, port.transport);
  }

  /** The session as it is now. */
  get(options?: CallOptions): Promise<Session> {
    return this.#port.transport.call('session.get', { sessionId: this.id }, options);
  }

  /** Changes title, model, permission mode, effort, archived, account, the time of approvals or metadata. */
  update(changes: SessionUpdate, options?: CallOptions): Promise<Session> {
    return this.#port.transport.call('session.update', { sessionId: this.id, ...changes }, options);
  }

  /** Closes the session and removes it with its log. */
  async delete(options?: CallOptions): Promise<void> {
    await this.#port.transport.call('session.delete', { sessionId: this.id }, options);
  }

  /**
   * A new session with the conversation up to `atSeq`, or all of it; with `editMessage`, with the conversation before the
   * turn of that message and other content instead. Repeated after a lost connection only with a `clientMessageId`.
   */
  async fork(params: SessionFork = {}, options?: CallOptions): Promise<CreatedSession> {
    const { transport } = this.#port;
    return new CreatedSession(
      await transport.call('session.fork', { sessionId: this.id, ...params }, options),
      this.#port,
    );
  }

  /**
   * Takes the last turns back: the conversation, the files that the agent edited, or both. Rejects with `invalid_request`
   * while a turn runs, when there is nothing to rewind, and when the files cannot be put back; nothing is changed then.
   */
  rewind(params: SessionRewind, options?: CallOptions): Promise<SessionRewindResult> {
    return this.#port.transport.call('session.rewind', { sessionId: this.id, ...params }, options);
  }

  /** The slash commands of the agent: what a message may begin with. None while it does not run. */
  async commands(options?: CallOptions): Promise<AgentCommand[]> {
    return (await this.#port.transport.call('session.commands', { sessionId: this.id }, options)).items;
  }

  /** The session's events after a cursor, then live; see {@link EventFeed}. It follows from the call on. */
  events(options?: EventsOptions): EventFeed {
    return new EventFeed((follower) => this.#port.transport.follow(this.id, follower), options);
  }

  /** Sends a message. Resolves when the server has stored it; over a lost connection it is repeated, never doubled. */
  send(content: Content, { priority, clientMessageId, ...options }: SendOptions = {}): Promise<Message> {
    return this.#port.transport.call(
      'message.send',
      {
        sessionId: this.id,
        content,
        clientMessageId: clientMessageId ?? makeKey(),
        ...(priority === undefined ? {} : { priority }),
      },
      options,
    );
  }

  /**
   * Sends a message and follows its turn: iterate it for the events, await `text` or `result` for the end.
   * `signal` gives up the sending only; `interrupt()` stops a turn.
   */
  prompt(content: Content, { onApproval, clientMessageId, ...options }: PromptOptions = {}): Turn {
    const key = clientMessageId ?? makeKey();
    const stopApprovals = onApproval === undefined ? undefined : this.onApproval(onApproval);
    return new Turn(
      {
        follow: (follower) => this.#port.transport.follow(this.id, follower),
        send: () => this.send(content, { ...options, clientMessageId: key }),
        over: () => stopApprovals?.(),
      },
      key,
      clientMessageId === undefined ? 'live' : 0,
    );
  }

  /** Stops the running turn; with `cancelQueued` also what waits behind it. Does nothing when idle. */
  interrupt(params: { cancelQueued?: boolean } = {}, options?: CallOptions): Promise<InterruptResult> {
    return this.#port.transport.call('turn.interrupt', { sessionId: this.id, ...params }, options);
  }

  /** Answers an approval. Rejects with `approval_resolved` when there is an answer already. */
  answer(approvalId: string, answer: ApprovalAnswer, options?: CallOptions): Promise<Result<'approval.answer'>> {
    return this.#port.transport.call('approval.answer', { sessionId: this.id, approvalId, ...answer }, options);
  }

  /**
   * Calls the handler for each approval that is pending or comes, and sends what it returns. Its signal is aborted when
   * the approval was answered elsewhere; an answer that comes too late is no error. Returns what ends it.
   */
  onApproval(handler: ApprovalHandler): () => void {
    const watch = new ApprovalWatch(
      handler,
      (approvalId, answer) => this.answer(approvalId, answer),
      this.#port.onError,
    );
    const following = this.#port.transport.follow(this.id, watch);
    return () => {
      following.stop();
      watch.stop();
    };
  }

  /** Calls the listener every few seconds while the session works. Returns what ends it. */
  onHeartbeat(listener: (heartbeat: Heartbeat) => void): () => void {
    const { transport, onError } = this.#port;
    const following = transport.follow(this.id, {
      after: 'live',
      resumes: false,
      joined: () => undefined,
      take: () => true,
      ended: () => undefined,
      heartbeat: (heartbeat) => {
        try {
          listener(heartbeat);
        } catch (error) {
          onError(error);
        }
      },
    });
    return () => following.stop();
  }

  /** The conversation, for reading and export: Markdown, or the log without deltas. Over HTTP. */
  transcript(format: 'md', options?: CallOptions): Promise<string>;
  transcript(format?: 'json', options?: CallOptions): Promise<Transcript>;
  async transcript(format: 'md' | 'json' = 'json', options: CallOptions = {}): Promise<string | Transcript> {
    const text = await this.#port.http.read(
      `v1/sessions/${encodeURIComponent(this.id)}/transcript?format=${format}`,
      options,
    );
    return format === 'md' ? text : (JSON.parse(text) as Transcript);
  }
}

/** A session that was just created or read, with what the server said of it then. */
export class CreatedSession extends SessionHandle {
  /** As of the call; it does not change. */
  readonly created: Session;

  constructor(created: Session, port: SessionPort) {
    super(created.id, port);
    this.created = created;
  }
}

/** The messages of one session. */
export class SessionMessages {
  readonly #sessionId: string;
  readonly #transport: Transport;

  constructor(sessionId: string, transport: Transport) {
    this.#sessionId = sessionId;
    this.#transport = transport;
  }

  /** One page. */
  list(page: { cursor?: string; limit?: number } = {}, options?: CallOptions): Promise<Result<'message.list'>> {
    return this.#transport.call('message.list', { sessionId: this.#sessionId, ...page }, options);
  }

  /** All of them, page by page. */
  all(options?: CallOptions): AsyncGenerator<Message, void, undefined> {
    return pagesOf((cursor) => this.list(cursor, options));
  }

  get(messageId: string, options?: CallOptions): Promise<Message> {
    return this.#transport.call('message.get', { sessionId: this.#sessionId, messageId }, options);
  }

  /** Changes the content, priority or place of a queued message. */
  update(messageId: string, change: MessageUpdate, options?: CallOptions): Promise<Message> {
    return this.#transport.call('message.update', { sessionId: this.#sessionId, messageId, ...change }, options);
  }

  /** Cancels a queued message. Rejects with `message_delivered` when it is too late. */
  cancel(messageId: string, options?: CallOptions): Promise<Message> {
    return this.#transport.call('message.cancel', { sessionId: this.#sessionId, messageId }, options);
  }
}

/** `crypto.randomUUID` is missing on pages that come over plain HTTP from another machine. */
function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
