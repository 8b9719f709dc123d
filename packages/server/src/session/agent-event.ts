import type {
  Approval,
  BackgroundTask,
  BlockKind,
  Context,
  Effort,
  ModelUsage,
  PermissionMode,
  PlanEntry,
  RetryError,
  ToolKind,
  TurnError,
  Usage,
} from '@hearth/protocol';

/** What can be changed in a live agent. */
export interface AgentChange {
  model?: string;
  permissionMode?: PermissionMode;
  effort?: Effort;
  /** The user's choice of an account; null: none. */
  accountId?: string | null;
}

/** What an agent tells the session core. */
export type AgentEvent =
  | { type: 'ready'; agentSessionId: string; model?: string }
  /** The agent took these messages into its work: into the running turn, or, when there is none, to start one. */
  | { type: 'messages.started'; messageIds: string[] }
  | { type: 'message.withdrawn'; messageId: string; ok: boolean }
  | { type: 'block.started'; blockId: string; kind: BlockKind; parentToolCallId?: string }
  | { type: 'block.delta'; blockId: string; text: string }
  /**
   * `text` is the whole block; absent: what was streamed. `abandoned`: the attempt broke, and the agent begins the block's
   * work again.
   */
  | { type: 'block.completed'; blockId: string; text?: string; abandoned?: true }
  | {
      type: 'tool.called';
      toolCallId: string;
      name: string;
      input: unknown;
      title?: string;
      kind?: ToolKind;
      parentToolCallId?: string;
    }
  | { type: 'tool.completed'; toolCallId: string; output: unknown; isError: boolean; structured?: unknown }
  | { type: 'approval.requested'; approval: Approval }
  /** The agent no longer waits for this approval. */
  | { type: 'approval.withdrawn'; approvalId: string }
  | {
      type: 'retry.scheduled';
      attempt: number;
      maxAttempts: number;
      delayMs: number;
      error: RetryError;
      accountId?: string;
      /** The wait is for an account's reset. A process that only waits may be let go; see `AgentSpec.resumesTurn`. */
      forReset?: true;
    }
  /** The agent's work goes on with this account. */
  | { type: 'account.selected'; accountId: string; label: string; reason: string }
  /** One call of the model is counted; a turn whose calls are counted this way names no usage at its end. */
  | { type: 'call.counted'; accountId: string; model: string; usage: Usage; costUsd: number }
  | { type: 'plan.updated'; entries: PlanEntry[] }
  | { type: 'context.compacted'; trigger: string; preTokens: number }
  | { type: 'background.changed'; tasks: BackgroundTask[] }
  /** The agent changed its own configuration, as a plan that was accepted does. */
  | { type: 'configured'; change: AgentChange }
  | { type: 'title.updated'; title: string }
  | { type: 'notice'; level: 'info' | 'warning' | 'error'; code: string; text: string }
  /** Any sign of life that no other event carries; it holds off the watchdog. */
  | { type: 'activity' }
  /**
   * What the work since the last end of a turn has used by now, at the least; it counts when no such end comes. `begins`:
   * a call has just begun.
   */
  | { type: 'calls.seen'; models: ModelUsage[]; begins?: true }
  | TurnEnded
  /** The process is gone. `error` says why when it was not asked to go. */
  | { type: 'exited'; error?: TurnError };

/**
 * `usage` and `costUsd` are of this turn alone, never cumulative; `models` are the same by model. `agentLeaves`: the process cannot go on with the
 * conversation as it stands and ends by itself; the next message needs a new one.
 */
export type TurnEnded =
  | {
      type: 'turn.ended';
      outcome: 'completed';
      stopReason: string;
      usage: Usage;
      costUsd: number;
      models?: ModelUsage[];
      context: Context;
      model?: string;
    }
  | {
      type: 'turn.ended';
      outcome: 'interrupted';
      usage?: Usage;
      costUsd?: number;
      models?: ModelUsage[];
      model?: string;
    }
  | {
      type: 'turn.ended';
      outcome: 'failed';
      error: TurnError;
      usage?: Usage;
      costUsd?: number;
      models?: ModelUsage[];
      model?: string;
      agentLeaves?: true;
    };
