import type { PermissionMode, Query } from '@anthropic-ai/claude-agent-sdk';
import type { ApiCallUsage } from '../../usage/call-cost.ts';

/**
 * What the binary sends, as far as it is read here. The SDK's own types leave out several messages and fields that it
 * passes on (`command_lifecycle`, `api_error_type`, …), and the set is open: everything is optional but the type.
 */
export interface WireMessage {
  type: string;
  subtype?: string;
  session_id?: string;
  parent_tool_use_id?: string | null;

  /** `command_lifecycle` */
  command_uuid?: string;
  state?: string;

  /** `stream_event` */
  event?: StreamEvent;

  /** `assistant`, `user` */
  message?: { id?: string; model?: string; content?: string | WireBlock[]; usage?: WireUsage };
  error?: string;
  is_api_error_message?: boolean;
  isReplay?: boolean;
  tool_use_result?: unknown;

  /** `system` */
  model?: string;
  status?: string | null;
  permissionMode?: PermissionMode;
  attempt?: number;
  max_retries?: number;
  retry_delay_ms?: number;
  error_status?: number | null;
  compact_metadata?: { trigger?: string; pre_tokens?: number };
  content?: string;
  task_id?: string;
  tasks?: { task_id: string; task_type?: string; description?: string; ambient?: boolean }[];
  patch?: { status?: string };
  capabilities?: string[];

  /** `result` */
  is_error?: boolean;
  result?: string;
  errors?: string[];
  stop_reason?: string | null;
  terminal_reason?: string;
  api_error_status?: number | null;
  api_error_type?: string;
  total_cost_usd?: number;
  modelUsage?: Record<string, WireModelUsage>;
  user_message_uuids?: string[];
  startup_failure_reason?: string;
}

export interface WireModelUsage {
  inputTokens: number;
  outputTokens: number;
  cacheReadInputTokens: number;
  cacheCreationInputTokens: number;
  contextWindow?: number;
  costUSD?: number;
}

export type WireUsage = ApiCallUsage;

export interface WireBlock {
  type: string;
  text?: string;
  thinking?: string;
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  content?: unknown;
  is_error?: boolean;
}

/** An event of the streaming Messages API. */
export interface StreamEvent {
  type: string;
  index?: number;
  message?: { id?: string; model?: string; usage?: WireUsage };
  content_block?: WireBlock;
  delta?: { type?: string; text?: string; thinking?: string };
  usage?: WireUsage;
}

/**
 * A query with the controls that the SDK has and its public type leaves out. An interrupt with `cancelQueued` also takes
 * back all that is queued; `cancelAsyncMessage` takes back one message, and says false when it was not in the queue.
 */
export type ControlledQuery = Query & {
  interrupt(options: { cancelQueued: boolean }): Promise<{ still_queued: string[]; cancelled?: string[] } | undefined>;
  cancelAsyncMessage(uuid: string): Promise<boolean>;
};

/** The blocks of a message's content; a string is one text block. */
export function blocksOf(message: WireMessage): WireBlock[] {
  const content = message.message?.content ?? [];
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}
