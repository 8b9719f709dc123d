import type {
  ApprovalAnswer,
  Content,
  ErrorCode,
  InterruptResult,
  MessageUpdate,
  Priority,
  SessionUpdate,
  TurnError,
} from '@hearth/protocol';
import type { AgentChange, AgentEvent } from './agent-event.ts';
import type { ConversationCut } from './conversation-cut.ts';

/** What can happen to a session. `requestId` names the caller that the `reply` effect answers. */
export type Input =
  | {
      type: 'message.send';
      requestId: string;
      messageId: string;
      clientMessageId?: string;
      content: Content;
      priority: Priority;
      author: string;
      /** The session's title if it has none yet. */
      title: string;
    }
  | { type: 'message.update'; requestId: string; messageId: string; change: MessageUpdate }
  | { type: 'message.cancel'; requestId: string; messageId: string }
  | { type: 'interrupt'; requestId: string; cancelQueued: boolean }
  | { type: 'approval.answer'; requestId: string; approvalId: string; answer: ApprovalAnswer; by: string }
  | { type: 'session.update'; requestId: string; changes: SessionUpdate }
  | { type: 'session.close'; requestId: string; reason: string }
  | { type: 'rewind.begin'; requestId: string; agent: 'stays' | 'leaves' | 'leaves when free' }
  /** `done` null: nothing was rewound. */
  | { type: 'rewind.end'; requestId: string; done: RewindDone | null }
  | { type: 'agent'; generation: number; event: AgentEvent }
  /** What the turn waits for may be there already. */
  | { type: 'wake' }
  /** The running turn may not go on: it is cut, and fails with this. */
  | { type: 'turn.stop'; error: TurnError }
  /** A deadline may have passed; see `deadlineOf`. */
  | { type: 'tick' }
  /** Runs after the load of a stored session. `texts` has what the log kept of blocks that were open. */
  | { type: 'recover'; texts: Record<string, string> }
  /** The pool needs the process's place. Only an idle session gives it up. */
  | { type: 'evict' }
  /** The server will stop: no new turn starts. */
  | { type: 'drain' }
  /** The server stops: the running turn is cut. */
  | { type: 'shutdown' };

/** What a rewind did, or, for the conversation, what it does when the agent begins anew. */
export interface RewindDone {
  /** The last event that stays. */
  toSeq: number;
  turns: number;
  /** Null: the conversation stays. */
  cut: ConversationCut | null;
  /** The files that were put back, where that was wanted. */
  files?: string[];
}

/** What the core wants done, after the events that came with it are stored. */
export type Effect =
  /**
   * Opens the agent first when it is down, as `generation`. `pending` are all messages that it may be sent: a process
   * that was given up may have taken one unheard.
   */
  | {
      type: 'agent.send';
      generation: number;
      messageId: string;
      pending: string[];
      carried: string[];
      rewind: ConversationCut | null;
    }
  /** Opens the agent, which goes on with the turn that it was in by itself. */
  | { type: 'agent.resume'; generation: number; carried: string[] }
  | { type: 'agent.withdraw'; generation: number; messageId: string }
  | { type: 'agent.interrupt'; generation: number }
  | { type: 'agent.answer'; generation: number; approvalId: string; answer: ApprovalAnswer }
  | { type: 'agent.configure'; generation: number; change: AgentChange }
  | { type: 'agent.close'; generation: number }
  | { type: 'agent.kill'; generation: number }
  | { type: 'reply'; requestId: string; reply: Reply };

export type Reply = { ok: true; result: ReplyResult } | { ok: false; code: ErrorCode; message: string; hint?: string };

export type ReplyResult = { type: 'done' } | { type: 'interrupt'; result: InterruptResult };

/** What the core is told about its surroundings; time and ids come in, so that it stays pure. */
export interface CoreContext {
  now: number;
  /** Called for each turn that this input starts. */
  newTurnId: () => string;
  /** Why a turn of this message must not begin now; null, or no such function: it may. */
  refusal?: (messageId: string) => TurnError | null;
  config: CoreConfig;
}

export interface CoreConfig {
  /** The agent can take messages inside a running turn. */
  steering: boolean;
  firstOutputTimeoutMs: number;
  silenceTimeoutMs: number;
  interruptTimeoutMs: number;
  /** Null: approvals wait for ever. */
  approvalTimeoutMs: number | null;
}
