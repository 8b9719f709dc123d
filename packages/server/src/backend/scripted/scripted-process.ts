import { setImmediate as nextTick } from 'node:timers/promises';
import { contentParts } from '@hearth/protocol';
import type { ApprovalAnswer, Content, ErrorCode, TurnError } from '@hearth/protocol';
import { playTurn } from '@hearth/testkit/scripted-agent';
import type { AgentEnd, AgentStep, ToolCall, ToolPermission } from '@hearth/testkit/scripted-agent';
import type { Clock } from '../../concurrency/clock.ts';
import { deferred } from '../../concurrency/deferred.ts';
import type { Deferred } from '../../concurrency/deferred.ts';
import type { AgentChange, AgentEvent, AgentProcess, AgentSpec, Delivery } from '../backend.ts';
import { approvalFor } from './scripted-approval.ts';

const MAX_CONTEXT_TOKENS = 200_000;
const RETRY_DELAY_MS = 50;

export interface ScriptedBackendOptions {
  clock: Clock;
  newId: () => string;
  /** How often a simulated failure of the model API is tried again. */
  maxRetries: number;
}

/** One open scripted agent: takes messages, plays their scripts one after the other. */
export class ScriptedProcess implements AgentProcess {
  readonly #options: ScriptedBackendOptions;
  readonly #emit: (event: AgentEvent) => void;
  readonly #spec: AgentSpec;
  readonly #inbox: Delivery[] = [];
  readonly #approvals = new Map<string, Deferred<ApprovalAnswer>>();
  readonly #allowedForSession = new Set<string>();
  #permissionMode: AgentSpec['permissionMode'];
  #model: string;
  #turn: AbortController | null = null;
  #block: { id: string; kind: 'text' | 'thinking' } | null = null;
  readonly #gone = deferred<void>();
  #exited = false;

  constructor(spec: AgentSpec, options: ScriptedBackendOptions, emit: (event: AgentEvent) => void) {
    this.#spec = spec;
    this.#options = options;
    this.#permissionMode = spec.permissionMode;
    this.#model = spec.model ?? 'scripted';
    this.#emit = (event) => {
      if (!this.#exited) emit(event);
    };
    queueMicrotask(() => {
      this.#emit({ type: 'ready', agentSessionId: spec.agentSessionId ?? spec.sessionId, model: this.#model });
    });
  }

  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  send(delivery: Delivery): void {
    this.#inbox.push(delivery);
    if (this.#turn === null) queueMicrotask(() => void this.#work());
  }

  withdraw(messageId: string): void {
    const at = this.#inbox.findIndex((delivery) => delivery.messageId === messageId);
    if (at !== -1) this.#inbox.splice(at, 1);
    this.#emit({ type: 'message.withdrawn', messageId, ok: at !== -1 });
  }

  interrupt(): void {
    for (const { messageId } of this.#inbox.splice(0)) this.#emit({ type: 'message.withdrawn', messageId, ok: true });
    if (this.#turn === null) this.#emit({ type: 'turn.ended', outcome: 'interrupted' });
    else this.#abort(this.#turn);
  }

  answer(approvalId: string, answer: ApprovalAnswer): void {
    this.#approvals.get(approvalId)?.resolve(answer);
    this.#approvals.delete(approvalId);
  }

  configure(change: AgentChange): void {
    if (change.permissionMode !== undefined) this.#permissionMode = change.permissionMode;
    if (change.model !== undefined) this.#model = change.model;
  }

  close(): void {
    this.kill();
  }

  kill(): void {
    if (this.#turn !== null) this.#abort(this.#turn);
    queueMicrotask(() => {
      this.#emit({ type: 'exited' });
      this.#exited = true;
      this.#gone.resolve();
    });
  }

  memoryBytes(): undefined {
    return undefined;
  }

  #abort(turn: AbortController): void {
    turn.abort();
    for (const pending of this.#approvals.values()) pending.resolve({ decision: 'deny', message: 'interrupted' });
    this.#approvals.clear();
  }

  async #work(): Promise<void> {
    if (this.#turn !== null) return;
    for (let next = this.#inbox.shift(); next !== undefined && !this.#exited; next = this.#inbox.shift()) {
      this.#turn = new AbortController();
      this.#emit({ type: 'messages.started', messageIds: [next.messageId] });
      const end = await this.#play(next, this.#turn.signal);
      this.#turn = null;
      this.#emit(end);
    }
  }

  /** One turn with its retries. */
  async #play(delivery: Delivery, signal: AbortSignal): Promise<AgentEvent> {
    const { maxRetries, clock } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      const last = await this.#attempt(delivery, attempt, signal);
      switch (last.type) {
        case 'end': {
          this.#completeBlock();
          const usage = {
            inputTokens: last.inputTokens,
            outputTokens: last.outputTokens,
            cacheReadTokens: 0,
            cacheCreationTokens: 0,
          };
          const context = { usedTokens: last.inputTokens + last.outputTokens, maxTokens: MAX_CONTEXT_TOKENS };
          const model = this.#model;
          return {
            type: 'turn.ended',
            outcome: 'completed',
            stopReason: 'end_turn',
            usage,
            costUsd: 0,
            context,
            model,
          };
        }
        case 'aborted':
          this.#block = null;
          return { type: 'turn.ended', outcome: 'interrupted' };
        case 'failed':
        case 'cut': {
          const error = last.type === 'cut' ? brokenConnection() : statusError(last.status);
          if (!error.retryable || attempt >= maxRetries) {
            this.#block = null;
            return { type: 'turn.ended', outcome: 'failed', error };
          }
          if (this.#block !== null) this.#abandonBlock();
          const delayMs = RETRY_DELAY_MS * (attempt + 1);
          const { code, status } = error;
          this.#emit({
            type: 'retry.scheduled',
            attempt: attempt + 1,
            maxAttempts: maxRetries,
            delayMs,
            error: status === undefined ? { code } : { code, status },
          });
          await wait(clock, delayMs, signal);
        }
      }
    }
  }

  #attempt(delivery: Delivery, attempt: number, signal: AbortSignal): Promise<AgentEnd> {
    const options = {
      clock: this.#options.clock,
      signal,
      seed: delivery.messageId,
      attempt,
      permit: (call: ToolCall) => this.#permit(call),
      takeSteered: () => this.#takeSteered(),
      breathe: () => nextTick(),
    };
    return playTurn(promptOf(delivery.content), options, (step) => this.#show(step));
  }

  #show(step: AgentStep): void {
    switch (step.type) {
      case 'text':
      case 'thinking':
        this.#write(step.type, step.deltas);
        return;
      case 'tool.called':
        this.#completeBlock();
        this.#emit({ type: 'tool.called', toolCallId: step.toolCallId, name: step.name, input: step.input });
        return;
      case 'tool.completed':
        this.#emit({ type: 'tool.completed', toolCallId: step.toolCallId, output: step.output, isError: step.isError });
        return;
    }
  }

  #write(kind: 'text' | 'thinking', deltas: readonly string[]): void {
    if (this.#block?.kind !== kind) this.#completeBlock();
    if (this.#block === null) {
      this.#block = { id: this.#options.newId(), kind };
      this.#emit({ type: 'block.started', blockId: this.#block.id, kind });
    }
    for (const text of deltas) {
      this.#emit({ type: 'block.delta', blockId: this.#block.id, text });
    }
  }

  #completeBlock(): void {
    const block = this.#block;
    this.#block = null;
    if (block !== null) this.#emit({ type: 'block.completed', blockId: block.id });
  }

  #abandonBlock(): void {
    const block = this.#block;
    this.#block = null;
    if (block !== null) this.#emit({ type: 'block.completed', blockId: block.id, abandoned: true });
  }

  #takeSteered(): string[] {
    const steered = this.#inbox.splice(0);
    if (steered.length > 0) {
      this.#emit({ type: 'messages.started', messageIds: steered.map((delivery) => delivery.messageId) });
    }
    return steered.map((delivery) => promptOf(delivery.content));
  }

  async #permit(call: ToolCall): Promise<ToolPermission> {
    const { allowedTools = [], disallowedTools = [] } = this.#spec;
    if (disallowedTools.includes(call.name))
      return { allow: false, message: `The tool ${call.name} is not allowed here.` };
    const granted =
      allowedTools.includes(call.name) || this.#allowedForSession.has(JSON.stringify(call.input) + call.name);
    const approval = granted ? null : approvalFor(call, this.#permissionMode, this.#options.newId());
    if (approval === null) return { allow: true };
    if (this.#permissionMode === 'dontAsk')
      return { allow: false, message: `The tool ${call.name} would have to be asked for.` };
    const pending = deferred<ApprovalAnswer>();
    this.#approvals.set(approval.approvalId, pending);
    this.#emit({ type: 'approval.requested', approval });
    const answer = await pending.promise;
    if (answer.decision === 'deny') return { allow: false, message: answer.message ?? 'The user denied it.' };
    if (answer.scope === 'session') this.#allowedForSession.add(JSON.stringify(call.input) + call.name);
    const input = {
      ...call.input,
      ...answer.updatedInput,
      ...(answer.answers === undefined ? {} : { answers: answer.answers }),
    };
    return { allow: true, input };
  }
}

function promptOf(content: Content): string {
  return contentParts(content)
    .map((part) => (part.type === 'text' ? part.text : `[image ${part.mediaType} ${base64Bytes(part.data)} bytes]`))
    .join('\n');
}

function base64Bytes(data: string): number {
  return Math.floor((data.replace(/=+$/, '').length * 3) / 4);
}

function wait(clock: ScriptedBackendOptions['clock'], delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const handle = clock.setTimeout(resolve, delayMs);
    signal.addEventListener(
      'abort',
      () => {
        clock.clearTimeout(handle);
        resolve();
      },
      { once: true },
    );
  });
}

function brokenConnection(): TurnError {
  return {
    code: 'overloaded',
    message: 'The connection to the model broke in the middle of the answer.',
    retryable: true,
  };
}

function statusError(status: number): TurnError {
  const code = codeOf(status);
  const retryable = code === 'rate_limited' || code === 'overloaded';
  return { code, message: `The model API answered with status ${status}.`, retryable, status };
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'agent_unauthorized';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'overloaded' : 'invalid_request';
}
