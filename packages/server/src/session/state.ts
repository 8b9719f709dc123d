import type { Approval, BlockKind, InterruptCause, MessageUpdate, Phase, Priority, TurnError } from '@hearth/protocol';
import type { ConversationCut } from './conversation-cut.ts';
import type { GatheredText } from './gathered-text.ts';
import { hasAny } from './record.ts';
import type { Spent } from './spent.ts';

/**
 * All that the core knows of one session. It is plain JSON but for the text of open blocks: it is stored with every
 * commit, and a session that is loaded again starts from it (`stored-state.ts`).
 */
export interface SessionState {
  life: 'open' | 'draining' | 'closed';
  /** Messages that are accepted and not delivered, in the order in which they will start turns, but that `now` goes first. */
  queue: QueueEntry[];
  /** Changes of handed-over messages, which wait until the agent has given them back. */
  pending: PendingChange[];
  turn: Turn | null;
  /** The agent process that the core listens to; what any other generation says is ignored. */
  agent: AgentLink;
  agentSessionId: string | null;
  /** The account that the agent used last; null: none that is known here. */
  accountId: string | null;
  /** By calls between turns; the next turn bears it. */
  spentBetween: Spent | null;
  /** Background tasks of the agent that still run; they keep its process alive. */
  backgroundTasks: number;
  /** In the order of their beginning. */
  blocks: readonly OpenBlock[];
  tools: Record<string, OpenTool>;
  approvals: Record<string, PendingApproval>;
  /** Ids of the last answered approvals, so that a late answer is told apart from an unknown one. */
  resolvedApprovals: string[];
  /** Delivered messages that the agent may not have stored, as after a crash. See `AgentSpec.carried`. */
  carried: string[];
  /** Where the agent's conversation has to end before it goes on; null: where it does, or the agent has begun anew. */
  rewind: ConversationCut | null;
  /** It is being rewound: no turn starts. */
  held: boolean;
  /** As last announced. */
  phase: Phase;
  phaseSince: number;
  /** Who gave the session its title; what the user gave, nobody else changes. */
  titled: 'nobody' | 'server' | 'user';
}

export interface AgentLink {
  generation: number;
  life: 'down' | 'starting' | 'ready';
}

export interface QueueEntry {
  messageId: string;
  priority: Priority;
  /**
   * `handed`: the agent has it and will start it; `withdrawing`: it was asked to give it back; `taken`: it was asked
   * too late.
   */
  hold: 'kept' | 'handed' | 'withdrawing' | 'taken';
  /** Since when the agent may be expected to say something of it. */
  since: number;
}

export type PendingChange =
  | { type: 'cancel'; messageId: string; requestId: string | null; reason?: string }
  | { type: 'update'; messageId: string; requestId: string; change: MessageUpdate };

export interface Turn {
  turnId: string;
  /** Delivered in this turn: those that started it, then those that steered it. */
  messageIds: string[];
  /** Those that were sent and that the agent has not started yet: its conversation does not have them. */
  untaken: string[];
  /** By work that the agent ended inside this turn before it took up the turn's messages. */
  spent: Spent | null;
  /** By the work that goes on, as far as it was seen; see `calls.seen`. Absent: nothing was. */
  seen?: Spent;
  /** It is cut because it may not go on, and fails with this. */
  stop?: TurnError;
  startedAt: number;
  stage: TurnStage;
  /** Something came from the agent. */
  produced: boolean;
  /** A tool was called, so that the turn must not be tried again from its beginning. */
  executed: boolean;
  /** The one transparent restart was used. */
  restarted: boolean;
  /** The phase while nothing is open. */
  rest: 'connecting' | 'thinking' | 'streaming';
  lastActivityAt: number;
}

export type TurnStage =
  | { name: 'starting' }
  | { name: 'running' }
  /** `parkAt`: when the process is let go, if it still only waits then; null: it is not. */
  | { name: 'retrying'; until: number; parkAt: number | null }
  /** Without a process, for something that is far away; also over a restart of the server. */
  | { name: 'waiting'; until: number }
  | { name: 'interrupting'; by: InterruptCause; since: number };

export interface OpenBlock {
  blockId: string;
  kind: BlockKind;
  parentToolCallId?: string;
  text: GatheredText;
}

export interface OpenTool {
  name: string;
  parentToolCallId?: string;
}

export interface PendingApproval {
  approval: Approval;
  /** Ms since 1970; null: never. */
  expiresAt: number | null;
  /** When clients are told that it will expire soon, in ms since 1970; null: they were, or it never does. */
  remindAt: number | null;
}

/** How many answered approvals a session remembers by id. */
export const RESOLVED_APPROVALS_KEPT = 200;

export function initialState(now: number, titled: SessionState['titled']): SessionState {
  return {
    life: 'open',
    queue: [],
    pending: [],
    turn: null,
    agent: { generation: 0, life: 'down' },
    agentSessionId: null,
    accountId: null,
    spentBetween: null,
    backgroundTasks: 0,
    blocks: [],
    tools: {},
    approvals: {},
    resolvedApprovals: [],
    carried: [],
    rewind: null,
    held: false,
    phase: 'idle',
    phaseSince: now,
    titled,
  };
}

/** Nothing runs and nothing waits: the session can be put aside. */
export function isSettled(state: SessionState): boolean {
  const waits = state.held || state.queue.length > 0 || hasAny(state.approvals);
  return state.turn === null && state.backgroundTasks === 0 && !waits;
}
