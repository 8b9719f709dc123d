import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { permissionModeSchema } from '@hearth/protocol';
import type { AgentEvent, TurnEnded } from '../backend.ts';
import { BackgroundReader } from './background-reader.ts';
import { BlockReader } from './block-reader.ts';
import { PlanReader } from './plan-reader.ts';
import { blocksOf, type WireBlock, type WireMessage } from './sdk-message.ts';
import { presentTool } from './tool-presentation.ts';
import { codeOfFailure, errorOfResult } from './turn-error.ts';
import { SeenCalls } from './seen-calls.ts';
import { TurnUsageMeter } from './turn-usage.ts';

/** Messages of the binary that a person should see as they are. */
const NOTICES: Readonly<Record<string, 'info' | 'warning' | 'error'>> = {
  informational: 'info',
  local_command_output: 'info',
  model_refusal_fallback: 'warning',
  model_refusal_no_fallback: 'warning',
};

/** Puts what the binary says of its work into the words of the session core. Receipts and starts are not its matter. */
export class Translator {
  readonly #emit: (event: AgentEvent) => void;
  readonly #blocks: BlockReader;
  readonly #background = new BackgroundReader();
  readonly #plan = new PlanReader();
  readonly #meter = new TurnUsageMeter();
  readonly #seen = new SeenCalls();
  readonly #calls = new Map<string, { name: string; input: unknown }>();
  readonly #callWaiters = new Map<string, (() => void)[]>();
  #model: string | undefined;
  #planFile: string | undefined;
  #permissionMode: string;
  #errorName: string | undefined;

  constructor(deps: { emit: (event: AgentEvent) => void; newId: () => string; permissionMode: string }) {
    this.#emit = deps.emit;
    this.#blocks = new BlockReader(deps.emit, deps.newId);
    this.#permissionMode = deps.permissionMode;
  }

  /** The model as the binary names it. */
  get model(): string | undefined {
    return this.#model;
  }

  /** Takes note of a mode that was set from outside, which is no news to the core. */
  permissionModeSet(mode: string): void {
    this.#permissionMode = mode;
  }

  /** Resolves when the tool call was told of, or after `timeoutMs`: some calls are never told (of hidden subagents). */
  async whenCalled(toolCallId: string, timeoutMs: number): Promise<void> {
    if (this.#calls.has(toolCallId)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const waiters = this.#callWaiters.get(toolCallId) ?? [];
      this.#callWaiters.set(toolCallId, [...waiters, () => (clearTimeout(timer), resolve())]);
    });
    this.#callWaiters.delete(toolCallId);
  }

  /** The plan that a call of `ExitPlanMode` puts before the user: in its input, else in the file last written to. */
  async planOf(toolCallId: string, plansDir: string): Promise<string | undefined> {
    const { plan } = recordOf(this.#calls.get(toolCallId)?.input);
    if (typeof plan === 'string') return plan;
    const file = this.#planFile;
    if (file === undefined || dirname(file) !== plansDir) return undefined;
    // A plan that cannot be read is asked about without its text.
    return readFile(file, 'utf8').catch(() => undefined);
  }

  read(message: WireMessage): void {
    const parent = message.parent_tool_use_id ?? '';
    switch (message.type) {
      case 'stream_event':
        this.#onStream(message, parent);
        return;
      case 'assistant':
        this.#onAssistant(message, parent);
        return;
      case 'user':
        this.#onUser(message);
        return;
      case 'system':
        this.#onSystem(message);
        return;
      default:
        this.#emit({ type: 'activity' });
    }
  }

  /** The end of a turn. `interrupted`: we asked for it. */
  endTurn(result: WireMessage, interrupted: boolean): TurnEnded {
    this.#blocks.forget('');
    this.#calls.clear();
    const { context, ...spent } = this.#meter.onResult(result, this.#model);
    this.#seen.settle();
    const model = this.#model === undefined ? {} : { model: this.#model };
    const errorName = this.#errorName;
    this.#errorName = undefined;
    const aborted = result.terminal_reason === 'aborted_streaming' || result.terminal_reason === 'aborted_tools';
    if (aborted || (interrupted && result.subtype === 'error_during_execution')) {
      return { type: 'turn.ended', outcome: 'interrupted', ...spent, ...model };
    }
    if (result.is_error === true) {
      const error = errorOfResult(result, { errorName, model: this.#model });
      return { type: 'turn.ended', outcome: 'failed', error, ...spent, ...model };
    }
    const stopReason = result.stop_reason ?? result.terminal_reason ?? 'end_turn';
    return { type: 'turn.ended', outcome: 'completed', stopReason, ...spent, context, ...model };
  }

  #onStream(message: WireMessage, parent: string): void {
    const { event } = message;
    if (event === undefined) return;
    if (parent === '') {
      this.#meter.onRequest(event.type === 'message_start' ? event.message?.usage : event.usage);
      if (this.#seen.onStream(event)) this.#tellSeen(event.type === 'message_start');
    }
    if (!this.#blocks.onStream(event, parent)) this.#emit({ type: 'activity' });
  }

  #tellSeen(begins: boolean): void {
    this.#emit({ type: 'calls.seen', models: this.#seen.models(), ...(begins ? { begins } : {}) });
  }

  #onAssistant(message: WireMessage, parent: string): void {
    if (message.is_api_error_message === true) {
      if (parent === '') this.#errorName = message.error;
      this.#emit({ type: 'activity' });
      return;
    }
    if (this.#seen.onWhole(message)) this.#tellSeen(true);
    this.#blocks.onWhole(message, parent);
    for (const block of blocksOf(message)) {
      if (block.type === 'tool_use' || block.type === 'server_tool_use') this.#onToolUse(block, parent);
    }
  }

  #onToolUse(block: WireBlock, parent: string): void {
    const { id, name, input } = block;
    if (id === undefined || name === undefined || this.#calls.has(id)) return;
    this.#calls.set(id, { name, input });
    const { file_path: path } = recordOf(input);
    if (typeof path === 'string' && /[/\\]plans[/\\][^/\\]+\.md$/.test(path)) this.#planFile = path;
    const place = parent === '' ? {} : { parentToolCallId: parent };
    this.#emit({ type: 'tool.called', toolCallId: id, name, input, ...presentTool(name, input), ...place });
    for (const resolve of this.#callWaiters.get(id) ?? []) resolve();
  }

  #onUser(message: WireMessage): void {
    const results = blocksOf(message).filter((block) => block.type === 'tool_result');
    // What the tool gave beside its text is told once per message, and so belongs to a result that is alone in it.
    const structured = results.length === 1 ? message.tool_use_result : undefined;
    for (const block of results) this.#onToolResult(block, structured);
    if (results.length === 0) this.#emit({ type: 'activity' });
  }

  #onToolResult(block: WireBlock, structured: unknown): void {
    const { tool_use_id: toolCallId, is_error: isError = false } = block;
    if (toolCallId === undefined) return;
    const shown = typeof structured === 'object' && structured !== null ? { structured } : {};
    this.#emit({ type: 'tool.completed', toolCallId, output: outputOf(block.content), isError, ...shown });
    const call = this.#calls.get(toolCallId);
    if (call === undefined || isError) return;
    const entries = this.#plan.onToolCompleted(call.name, call.input, structured);
    if (entries !== undefined) this.#emit({ type: 'plan.updated', entries });
  }

  #onSystem(message: WireMessage): void {
    switch (message.subtype) {
      case 'init':
        this.#model = message.model ?? this.#model;
        this.#onPermissionMode(message.permissionMode);
        return;
      case 'status':
        this.#onPermissionMode(message.permissionMode);
        if (message.status === 'compacting') {
          this.#notice('info', 'compacting', 'The conversation is being compacted to make room.');
        }
        return;
      case 'compact_boundary':
        this.#emit({
          type: 'context.compacted',
          trigger: message.compact_metadata?.trigger ?? 'auto',
          preTokens: message.compact_metadata?.pre_tokens ?? 0,
        });
        return;
      case 'api_retry':
        this.#onRetry(message);
        return;
      case 'mirror_error':
        this.#notice(
          'error',
          'transcript_not_stored',
          `A part of the transcript was not stored: ${message.error ?? ''}`,
        );
        return;
      default:
        this.#onOtherSystem(message);
    }
  }

  #onOtherSystem(message: WireMessage): void {
    const level = NOTICES[message.subtype ?? ''];
    if (level !== undefined && message.content !== undefined && message.content !== '') {
      this.#notice(level, message.subtype ?? 'agent', message.content);
      return;
    }
    const tasks = this.#background.onMessage(message);
    this.#emit(tasks === undefined ? { type: 'activity' } : { type: 'background.changed', tasks });
  }

  #onRetry(message: WireMessage): void {
    this.#blocks.abandon('');
    const status = message.error_status ?? undefined;
    const code = codeOfFailure({
      ...(status === undefined ? {} : { status }),
      ...(message.error === undefined ? {} : { name: message.error }),
    });
    const attempt = Math.max(1, message.attempt ?? 1);
    this.#emit({
      type: 'retry.scheduled',
      attempt,
      maxAttempts: Math.max(attempt, message.max_retries ?? attempt),
      delayMs: Math.max(0, Math.round(message.retry_delay_ms ?? 0)),
      error: { code, ...(status === undefined ? {} : { status }) },
    });
  }

  #onPermissionMode(mode: string | undefined): void {
    this.#emit({ type: 'activity' });
    if (mode === undefined || mode === this.#permissionMode) return;
    this.#permissionMode = mode;
    const known = permissionModeSchema.safeParse(mode);
    if (known.success) this.#emit({ type: 'configured', change: { permissionMode: known.data } });
  }

  #notice(level: 'info' | 'warning' | 'error', code: string, text: string): void {
    this.#emit({ type: 'notice', level, code, text });
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Texts are joined; anything else stays the list that it is. */
function outputOf(content: unknown): unknown {
  if (!Array.isArray(content)) return content ?? '';
  const parts = content as WireBlock[];
  return parts.every((part) => part.type === 'text') ? parts.map((part) => part.text ?? '').join('\n') : content;
}
