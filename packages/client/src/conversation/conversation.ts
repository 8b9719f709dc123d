import type {
  Approval,
  ApprovalOutcome,
  BackgroundTask,
  BlockKind,
  Content,
  Context,
  InterruptCause,
  Message,
  Phase,
  PlanEntry,
  Priority,
  RetryError,
  Session,
  ToolKind,
  TurnError,
  Usage,
} from '@hearth/protocol';

/** A message that waits for its delivery. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly clientMessageId?: string;
  readonly content: Content;
  readonly priority: Priority;
  readonly author: string;
}

/** A message that reached the agent, at the place where it did. */
export interface MessageItem {
  readonly type: 'message';
  readonly seq: number;
  readonly time: string;
  readonly messageId: string;
  readonly clientMessageId?: string;
  /** Null: it was queued before the events that were folded. */
  readonly content: Content | null;
  readonly author: string;
  readonly as: 'turn' | 'steer';
  readonly state: 'delivered' | 'completed' | 'failed';
}

/** A text or a thought, as far as it came. */
export interface BlockItem {
  readonly type: 'block';
  readonly seq: number;
  readonly time: string;
  readonly blockId: string;
  readonly kind: BlockKind;
  readonly text: string;
  /** `partial`: the turn was cut in the middle of it. */
  readonly state: 'streaming' | 'done' | 'partial';
  /** The tool call in which a subagent wrote it. */
  readonly parentToolCallId?: string;
}

export interface ToolItem {
  readonly type: 'tool';
  readonly seq: number;
  readonly time: string;
  readonly toolCallId: string;
  readonly name: string;
  readonly input: unknown;
  readonly title?: string;
  readonly kind?: ToolKind;
  readonly parentToolCallId?: string;
  /** `running` also in a turn that ended before the tool did. */
  readonly state: 'running' | 'done' | 'error';
  readonly output?: unknown;
  readonly structured?: unknown;
}

/** An approval, pending or with its answer. */
export interface ApprovalItem {
  readonly type: 'approval';
  readonly seq: number;
  readonly time: string;
  readonly approval: Approval;
  readonly outcome: 'pending' | ApprovalOutcome;
  readonly by?: string;
  readonly message?: string;
}

/** Something worth a line: a notice, a compaction of the context, the account that was chosen. */
export interface NoteItem {
  readonly type: 'note';
  readonly seq: number;
  readonly time: string;
  readonly note:
    | {
        readonly kind: 'notice';
        readonly level: 'info' | 'warning' | 'error';
        readonly code: string;
        readonly text: string;
      }
    | { readonly kind: 'compacted'; readonly trigger: string; readonly preTokens: number }
    | {
        readonly kind: 'rewound';
        /** How many turns were taken back; 0: the conversation stayed. */
        readonly turns: number;
        /** The files that were put back. */
        readonly files: readonly string[];
      }
    | { readonly kind: 'account'; readonly accountId: string; readonly label: string; readonly reason: string };
}

export type TurnItem = MessageItem | BlockItem | ToolItem | ApprovalItem | NoteItem;

/** How a turn stands. */
export type TurnState =
  | { readonly status: 'running' }
  | {
      readonly status: 'completed';
      readonly stopReason: string;
      readonly usage: Usage;
      readonly costUsd: number;
      readonly durationMs: number;
    }
  | { readonly status: 'interrupted'; readonly by: InterruptCause }
  | { readonly status: 'failed'; readonly error: TurnError };

export interface TurnEntry {
  readonly type: 'turn';
  readonly turnId: string;
  /** Seq of its first event that was folded. */
  readonly seq: number;
  readonly startedAt: string;
  /** When it was over, and the seq of the event that says so: what a fork of the conversation up to here starts from. */
  readonly endedAt?: string;
  readonly endSeq?: number;
  readonly state: TurnState;
  readonly items: readonly TurnItem[];
}

/** A retry of the model API that is being waited for. */
export interface ScheduledRetry {
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly time: string;
  readonly error: RetryError;
}

/** What a message that never reached the agent became. */
export interface UndeliveredMessage extends QueuedMessage {
  readonly type: 'undelivered';
  readonly seq: number;
  readonly time: string;
  readonly outcome: 'cancelled' | 'failed';
  readonly reason?: string;
}

/**
 * A session as its events tell it. Every state is immutable, and what an event does not touch is the same object in
 * the next state, so that a UI can compare by identity.
 */
export interface Conversation {
  /** Seq of the last event; the cursor to go on from. */
  readonly lastSeq: number;
  /** Null until `session.created` or a session was seen; but for settings and title it is as of then. */
  readonly session: Session | null;
  readonly phase: Phase;
  /** Since when, as ISO 8601; null until a phase was seen. */
  readonly phaseSince: string | null;
  /** Turns, and between them what belongs to none, oldest first. */
  readonly timeline: readonly (TurnEntry | UndeliveredMessage | NoteItem | ApprovalItem)[];
  readonly queue: readonly QueuedMessage[];
  /** The pending ones, oldest first. */
  readonly approvals: readonly Approval[];
  readonly plan: readonly PlanEntry[];
  readonly background: readonly BackgroundTask[];
  readonly retry: ScheduledRetry | null;
  /** How full the model's context was after the last turn. */
  readonly context: Context | null;
  /** Of the turns that were folded, in US dollars. */
  readonly costUsd: number;
}

/**
 * The conversation before its first event. With a session, as after a `subscribe` that is live only, it begins with
 * what waits in it; then it goes on with the events after `session.lastSeq`.
 */
export function startConversation(session?: Session): Conversation {
  return {
    lastSeq: session?.lastSeq ?? 0,
    session: session ?? null,
    phase: session?.phase ?? 'idle',
    phaseSince: session?.updatedAt ?? null,
    timeline: [],
    queue: session?.queue.map(queued) ?? [],
    approvals: session?.approvals ?? [],
    plan: [],
    background: [],
    retry: null,
    context: null,
    costUsd: session?.usage.costUsd ?? 0,
  };
}

function queued({ id, clientMessageId, content, priority, author }: Message): QueuedMessage {
  return { messageId: id, content, priority, author, ...(clientMessageId === undefined ? {} : { clientMessageId }) };
}
