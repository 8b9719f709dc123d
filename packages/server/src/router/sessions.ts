import type {
  BudgetList,
  Agent,
  AgentCommand,
  ApprovalAnswer,
  DirectoryList,
  FileList,
  FileQuery,
  EventPage,
  InterruptResult,
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

/** Who asks. `label` becomes the `author` of messages and the `by` of answers. */
export interface Principal {
  id: string;
  label: string;
}

export interface Page<Item> {
  items: Item[];
  nextCursor?: string;
}

/**
 * Everything that can be done with sessions, whichever edge it comes through: HTTP, WebSocket, command line or the
 * same process. Inputs have the right shape already; what is thrown is a HearthError.
 */
export interface Sessions {
  create(principal: Principal, params: SessionCreate): Promise<Session>;
  list(query: SessionListQuery): Promise<Page<Session>>;
  get(sessionId: string): Promise<Session>;
  update(sessionId: string, changes: SessionUpdate): Promise<Session>;
  delete(sessionId: string): Promise<void>;
  fork(principal: Principal, sessionId: string, params: SessionFork): Promise<Session>;
  /** Takes the last turns back. Nothing is changed when it throws. */
  rewind(sessionId: string, params: SessionRewind): Promise<SessionRewindResult>;
  /** Resolves when the message is stored. */
  send(principal: Principal, sessionId: string, params: MessageSend): Promise<Message>;
  messages(sessionId: string, page: { cursor?: string; limit?: number }): Promise<Page<Message>>;
  message(sessionId: string, messageId: string): Promise<Message>;
  updateMessage(sessionId: string, messageId: string, change: MessageUpdate): Promise<Message>;
  cancelMessage(sessionId: string, messageId: string): Promise<Message>;
  /** Resolves when the turn is being interrupted, which the log shows by the phase `interrupting`. */
  interrupt(sessionId: string, cancelQueued: boolean): Promise<InterruptResult>;
  answer(
    principal: Principal,
    sessionId: string,
    approvalId: string,
    answer: ApprovalAnswer,
  ): Promise<{ approvalId: string; decision: ApprovalAnswer['decision'] }>;
  events(sessionId: string, after: number, limit: number): Promise<EventPage>;
  transcript(sessionId: string): Promise<Transcript>;
  /** A session as lists show it; null: it was deleted. */
  summary(sessionId: string): Promise<SessionSummary | null>;
  /** Calls the listener with the id of each session that is new, changed or deleted. Returns what ends that. */
  watch(listener: (sessionId: string) => void): () => void;
  agents(): Promise<Agent[]>;
  /** The folders inside one, or the workspace roots. @throws HearthError `forbidden` outside of them */
  directories(path: string | undefined): Promise<DirectoryList>;
  /** Slash commands of the session's agent; none while it does not run. */
  commands(sessionId: string): Promise<AgentCommand[]>;
  /** Files and folders below a working directory. */
  files(query: FileQuery): Promise<FileList>;
  usage(query: UsageQuery): Promise<UsageReport>;
  budgets(): Promise<BudgetList>;
  /**
   * Places a cursor on the session's log. `sink` gets every event after it, in order and once, for as long as the
   * subscription is open; nothing is given to it before this resolves and `start` is called.
   * @param after the last seq seen; 0: the whole log; −1: live only
   */
  subscribe(sessionId: string, after: number, sink: SubscriptionSink): Promise<Subscription>;
}

/** Where a subscription's events go. */
export interface SubscriptionSink {
  /**
   * Takes the next events, each encoded as JSON text.
   * @returns whether it takes more at once; after false, nothing comes until `Subscription.resume` is called
   */
  events(bodies: readonly string[]): boolean;
  /** `body` is the encoded heartbeat. Best effort; never after the sink said that it is full. */
  heartbeat(body: string): void;
  /** The session was deleted, and all of its events were given. */
  end(): void;
}

export interface Subscription {
  /** The session as of `lastSeq`. */
  readonly session: Session;
  readonly lastSeq: number;
  /** Begins to deliver. */
  start(): void;
  /** The sink has room again. */
  resume(): void;
  close(): void;
}
