import type {
  Agent,
  AgentCommand,
  ApprovalAnswer,
  Capabilities,
  Content,
  Effort,
  PermissionMode,
} from '@hearth/protocol';
import type { AgentChange, AgentEvent, TurnEnded } from '../session/agent-event.ts';
import type { SpareProcesses } from '../process/spare-processes.ts';
import type { ConversationCut } from '../session/conversation-cut.ts';

/**
 * A backend turns one kind of agent into the words of the session core. It owns the agent's processes and its
 * messages; it knows nothing of logs, clients or queues.
 */
export interface Backend {
  /** As in `session.agent`: `claude`, `scripted`, `acp:<name>`. */
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Whether each open agent is a process of the operating system, which counts against the cap of live ones. */
  readonly usesProcess: boolean;
  /** Processes that it keeps ready for sessions to come, where it can. */
  readonly spares?: SpareProcesses;
  /** Whether the agent can run here; when not, why and what to do. Cheap enough to be asked for every listing. */
  check(): Promise<Pick<Agent, 'available' | 'reason'>>;
  /**
   * Starts an agent for a session and returns at once. All that happens comes through `emit`, in order; the last event
   * is `exited`, exactly once, also when the start failed; until it is gone only calls of the model are still counted.
   * Nothing is thrown.
   */
  open(spec: AgentSpec, emit: (event: AgentEvent) => void): AgentProcess;
  /**
   * Copies a conversation so that a new session can go on from it. Only with the capability `fork`.
   * @returns the agent session id of the copy, for `AgentSpec.agentSessionId`
   */
  fork?(source: ForkSource): Promise<string>;
  /**
   * Puts files back that the agent's editing tools changed: all of them or none. Only with the capability
   * `fileCheckpoints`, and only while no process has the conversation.
   * @returns absolute paths of the files that differ, or did
   * @throws HearthError `invalid_request`: it cannot be done, and nothing was changed
   */
  rewindFiles?(source: FileRewind): Promise<string[]>;
  /** Removes what the backend keeps of a conversation. */
  forget(conversation: Conversation): Promise<void>;
  /** Ends everything that this backend started. */
  close(): Promise<void>;
}

export interface Conversation {
  sessionId: string;
  cwd: string;
  /** The agent's own id of the conversation; absent: it has not begun. */
  agentSessionId?: string;
}

export interface ForkSource extends Conversation {
  agentSessionId: string;
  newSessionId: string;
  /** Where the copy ends. */
  cut: ConversationCut;
}

/** What a rewind of files starts from. */
export interface FileRewind extends Conversation {
  agentSessionId: string;
  /**
   * Messages that began turns, oldest first: files go back to what they were at the first of them that the agent has a
   * checkpoint of. Nothing was done between them.
   */
  messageIds: string[];
  /** Changes nothing. */
  dryRun: boolean;
}

/** All that an agent needs to start, or to go on with, a session's conversation. */
export interface AgentSpec extends Conversation {
  model?: string;
  permissionMode: PermissionMode;
  effort?: Effort;
  systemPrompt?: string;
  mcpServers?: Record<string, Record<string, unknown>>;
  allowedTools?: string[];
  disallowedTools?: string[];
  maxTurns?: number;
  thinkingTokens?: number;
  /**
   * Messages that are about to be sent (again). Where the stored conversation has one already, from an attempt that
   * came to nothing, the agent goes on from before it, so that the model never sees it twice.
   */
  pendingMessageIds: string[];
  /**
   * Messages whose delivery was logged and whose turn was cut by a crash. The agent puts those that the stored
   * conversation lacks in front of the next message, so that none is missing.
   */
  carried: Delivery[];
  /** The user's choice of an account; absent: whichever fits. */
  pinnedAccountId?: string;
  /** The account that the session used last, which it keeps while that is healthy. */
  lastAccountId?: string;
  /** The stored conversation ends inside a turn: the agent goes on with it by itself, without a message. */
  resumesTurn?: true;
  /** The conversation was rewound: it goes on from here. */
  rewind?: ConversationCut;
}

/** One message on its way to the agent. */
export interface Delivery {
  messageId: string;
  content: Content;
}

export type { AgentChange, AgentEvent, ConversationCut, TurnEnded };

/** A running agent. Commands never throw and never wait: what becomes of them is told by events. */
export interface AgentProcess {
  /** Resolves when nothing of it is alive any more, some time after `exited`. Never rejects. */
  readonly gone: Promise<void>;
  /**
   * Hands a message over. In a running turn it steers (only with the capability `steering`); else it starts a turn.
   * `messages.started` tells when the agent has taken it.
   */
  send(delivery: Delivery): void;
  /** Takes back a message that was handed over; `message.withdrawn` tells whether it was in time. */
  withdraw(messageId: string): void;
  /**
   * Cuts the running turn and takes back every message that the agent has not started: one `message.withdrawn` for each, then
   * `turn.ended` with outcome `interrupted` (or whatever end was quicker).
   */
  interrupt(): void;
  answer(approvalId: string, answer: ApprovalAnswer): void;
  /** Changes a live agent, in a turn or between two. A refusal comes as a `notice`. */
  configure(change: AgentChange): void;
  /** Ends the agent kindly (its transcript is flushed), and its whole process tree. */
  close(): void;
  /** Ends the agent's whole process tree now. */
  kill(): void;
  /** The slash commands that the agent has by now. Never rejects. */
  commands?(): Promise<AgentCommand[]>;
  /** Memory of the process tree, where it can be measured. */
  memoryBytes(): number | undefined;
}
