import type {
  AccountAgent,
  AccountKind,
  EventType,
  Message,
  ModelUsage,
  Session,
  SessionListQuery,
  UsageGroup,
  UsageReport,
} from '@hearth/protocol';

/**
 * What Hearth keeps. The ports are small and asynchronous, so that an embedded database and a server both fit; the
 * contract suite in `contract.ts` runs on every implementation.
 */
export interface Store {
  readonly events: EventStore;
  readonly sessions: SessionStore;
  readonly messages: MessageStore;
  readonly transcripts: TranscriptStore;
  readonly usage: UsageStore;
  readonly tokens: TokenStore;
  readonly processes: ProcessStore;
  readonly accounts: AccountStore;
  /** Tries a write and a read; throws what is wrong. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A numbered event as the log holds it. `body` is the event as JSON text, encoded once and sent as it is. */
export interface LogEntry {
  seq: number;
  type: EventType;
  /** Set for `block.*`. */
  blockId?: string;
  body: string;
}

/** What one commit changes for one session, all or nothing. Batches of several sessions share a transaction. */
export interface SessionBatch {
  sessionId: string;
  entries: LogEntry[];
  /** Deltas of these blocks with `seq` in the range (inclusive) are dropped from the log. */
  compact: { blockId: string; fromSeq: number; toSeq: number }[];
  /** Replaces the stored record; absent: only `lastSeq` moves. */
  record?: SessionRecord;
  messages: StoredMessage[];
  usage: TurnUsage[];
}

export interface EventStore {
  /**
   * Makes the batches durable in one transaction. Idempotent on (sessionId, seq): writing the same batch again after a
   * commit whose fate is unknown changes nothing.
   * @throws HearthError, and then nothing of any batch is stored: `not_found` for a session that does not exist and a
   * batch without a record; `internal` when the disk is full or fails, or when a number was given out twice
   */
  append(batches: SessionBatch[]): Promise<void>;
  /**
   * Entries with `seq > after` in order: at most `limit`, and no more once `maxBytes` of bodies are passed. Adjacent deltas
   * of one block come as stored; the event log merges them.
   */
  read(sessionId: string, after: number, limit: number, maxBytes: number): Promise<LogEntry[]>;
  /** The deltas of one block in order, to rebuild the text of one that a crash cut. */
  blockDeltas(sessionId: string, blockId: string): Promise<LogEntry[]>;
}

/** A session at rest: the resource that clients see and the core's own state, as of `lastSeq`. */
export interface SessionRecord {
  /** Without `queue`, which the message store holds, and with `lastSeq` as of this record. */
  session: Omit<Session, 'queue'>;
  /** The core's state as JSON text; see session/state.ts. */
  core: string;
  /** What an agent needs beside the resource (system prompt, MCP servers, tools, limits), as JSON text. */
  settings: string;
}

export interface SessionPage {
  items: Omit<Session, 'queue'>[];
  nextCursor?: string;
}

export interface SessionStore {
  /** The record with `lastSeq` of the last committed batch, or null. */
  load(sessionId: string): Promise<SessionRecord | null>;
  /**
   * Newest `updatedAt` first, ties by id (descending); stable under paging. Every status but `archived` and `all` leaves
   * out archived sessions.
   * @throws HearthError `invalid_request` for a cursor that is not its own
   */
  list(query: SessionListQuery): Promise<SessionPage>;
  /** Ids of sessions whose phase is neither idle nor closed, or with queued messages: what a start has to recover. */
  unsettled(): Promise<string[]>;
  /**
   * Ids of sessions that are idle or closed, have nothing queued and were last updated before a time, the oldest first.
   * @param beforeMs ms since 1970
   */
  restingSince(beforeMs: number, limit: number): Promise<string[]>;
  /**
   * Removes the session with its events and messages. Its usage stays; its transcript is the agent's, whose adapter
   * removes it by key. Resolves when all is gone; what a crash leaves over goes at the next start.
   */
  delete(sessionId: string): Promise<void>;
}

/** A message with its place in the queue (meaningful while it is queued) and its number of creation. */
export interface StoredMessage extends Message {
  place: number;
}

export interface MessageStore {
  get(sessionId: string, messageId: string): Promise<StoredMessage | null>;
  byClientMessageId(sessionId: string, clientMessageId: string): Promise<StoredMessage | null>;
  /** Queued ones by place. */
  queued(sessionId: string): Promise<StoredMessage[]>;
  /** In order of creation. @throws HearthError `invalid_request` for a cursor that is not its own */
  list(
    sessionId: string,
    cursor: string | undefined,
    limit: number,
  ): Promise<{ items: StoredMessage[]; nextCursor?: string }>;
}

/** Where an agent's own transcript is kept; the shape of the Claude Agent SDK's `SessionStore` key. */
export interface TranscriptKey {
  projectKey: string;
  agentSessionId: string;
  /** '' for the main transcript, else a subagent's path. */
  subpath: string;
}

/** One transcript entry as the agent wrote it. */
export interface TranscriptEntry {
  type: string;
  uuid?: string;
  timestamp?: string;
  [key: string]: unknown;
}

export interface TranscriptStore {
  /** Entries with a `uuid` are stored once per key, however often and concurrently they are appended. */
  append(key: TranscriptKey, entries: TranscriptEntry[]): Promise<void>;
  /** In order of append, deeply equal to what was appended, or null when there is none. */
  load(key: TranscriptKey): Promise<TranscriptEntry[] | null>;
  /** `mtime` in ms since 1970. */
  listSessions(projectKey: string): Promise<{ agentSessionId: string; mtime: number }[]>;
  /** Non-empty subpaths under a conversation. */
  listSubpaths(projectKey: string, agentSessionId: string): Promise<string[]>;
  /** An opaque summary per conversation (its main transcript, `mtime` as in `listSessions`) that the agent's adapter keeps in step with the entries. */
  loadSummaries(
    projectKey: string,
  ): Promise<{ agentSessionId: string; mtime: number; data: Record<string, unknown> }[]>;
  /**
   * Reads, folds and writes the key's summary in the transaction of the append that changed it. `fold` gets the entries
   * that were not stored before, and is not called when there are none.
   */
  appendWithSummary(
    key: TranscriptKey,
    entries: TranscriptEntry[],
    fold: (
      previous: { mtime: number; data: Record<string, unknown> } | undefined,
      added: TranscriptEntry[],
    ) => Record<string, unknown>,
  ): Promise<void>;
  /** With subpath '': the whole conversation with its subagents and summary. */
  delete(key: TranscriptKey): Promise<void>;
}

/** What one turn used, once. `turnId` is the key: writing it again replaces all of it. */
export interface TurnUsage {
  turnId: string;
  sessionId: string;
  agent: string;
  user: string;
  /** ISO time of the turn's end. */
  time: string;
  /** At most one of each model and account. */
  models: (ModelUsage & { accountId: string })[];
}

export interface UsageStore {
  /**
   * Times are ISO, `from` inclusive, `to` exclusive; a bare date as `to` means the whole of that day (UTC). Items by key.
   */
  report(groupBy: UsageGroup, from: string | undefined, to: string | undefined): Promise<UsageReport>;
}

/** An API token, a browser's cookie, or the owner's own token; only the hash of its secret is kept. */
export interface StoredToken {
  id: string;
  kind: 'api' | 'browser';
  label: string;
  /** SHA-256 of the secret, hex. */
  hash: string;
  createdAt: string;
  lastUsedAt?: string;
  expiresAt?: string;
}

export interface TokenStore {
  add(token: StoredToken): Promise<void>;
  byHash(hash: string): Promise<StoredToken | null>;
  list(kind: StoredToken['kind']): Promise<StoredToken[]>;
  touch(id: string, usedAt: string): Promise<void>;
  /** True when there was one. */
  remove(id: string): Promise<boolean>;
}

/** An agent process that this server started, recorded so that its orphan can be found after a crash. */
export interface ProcessRecord {
  pid: number;
  /** Start time from the operating system, which tells a process from a later one with the same pid. */
  startTicks: string;
  sessionId: string;
  startedAt: string;
}

export interface ProcessStore {
  add(record: ProcessRecord): Promise<void>;
  remove(pid: number, startTicks: string): Promise<void>;
  list(): Promise<ProcessRecord[]>;
}

/** An account at rest. Its secrets are sealed by whoever stores it; the store never sees them. */
export interface StoredAccount {
  id: string;
  agent: AccountAgent;
  kind: AccountKind;
  label: string;
  priority: number;
  enabled: boolean;
  models: string[] | null;
  baseUrl: string | null;
  /** See account/sealing.ts. */
  sealed: string;
  /** See account/health.ts; JSON text. */
  health: string;
  /** Grows with each change, and tells whether somebody else was quicker. */
  version: number;
  createdAt: string;
  updatedAt: string;
}

/** What can change of an account. */
export type AccountChanges = Partial<Omit<StoredAccount, 'id' | 'agent' | 'kind' | 'version' | 'createdAt'>>;

/** Several servers may share it: a change names the version that it is based on. */
export interface AccountStore {
  /** Oldest first. */
  list(): Promise<StoredAccount[]>;
  get(id: string): Promise<StoredAccount | null>;
  /** @throws HearthError `internal` when its id is taken */
  add(account: StoredAccount): Promise<void>;
  /** Changes it and counts its version up. @returns false, and nothing changed, when it is gone or has another version */
  update(id: string, version: number, changes: AccountChanges): Promise<boolean>;
  /** True when there was one. */
  remove(id: string): Promise<boolean>;
  /**
   * Takes the right to renew the account’s tokens until `untilMs` (ms since 1970), or prolongs it for who has it. Not a
   * change of the account.
   * @returns false when the account is gone, or another holder’s claim has not ended by `nowMs`
   */
  claimRefresh(id: string, holder: string, untilMs: number, nowMs: number): Promise<boolean>;
  /** Gives it back; nothing happens when another one has it. */
  releaseRefresh(id: string, holder: string): Promise<void>;
}
