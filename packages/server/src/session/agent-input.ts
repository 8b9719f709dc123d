import type { AgentEvent } from './agent-event.ts';
import { cancelApprovals, requestApproval } from './approvals.ts';
import { GatheredText } from './gathered-text.ts';
import { closeBlock, openBlock } from './open-work.ts';
import { onWithdrawn } from './queue.ts';
import { addSpent, spentOn } from './spent.ts';
import type { Turn } from './state.ts';
import { at, without } from './record.ts';
import type { Step } from './step.ts';
import { loseTurn, onMessagesStarted, onTurnEnded, startTurn } from './turn.ts';

/** A process that has nothing to do for longer than this is let go; a new one takes a part of a second. */
const PARK_OVER_MS = 5_000;
/** What the agent has just written down is on the disk by then. */
const PARK_AFTER_MS = 1_500;

/** What the agent says, as events and as state. */
export function onAgentEvent(step: Step, event: AgentEvent): void {
  switch (event.type) {
    case 'ready':
      onReady(step, event.agentSessionId);
      return;
    case 'messages.started':
      onMessagesStarted(step, event.messageIds);
      return;
    case 'message.withdrawn':
      onWithdrawn(step, event.messageId, event.ok);
      return;
    case 'block.started':
      onBlockStarted(step, event);
      return;
    case 'block.delta':
      onBlockDelta(step, event.blockId, event.text);
      return;
    case 'block.completed':
      onBlockCompleted(step, event);
      return;
    case 'tool.called':
      onToolCalled(step, event);
      return;
    case 'tool.completed':
      onToolCompleted(step, event);
      return;
    case 'approval.requested':
      produce(step, event.approval.toolCallId === undefined);
      requestApproval(step, event.approval);
      return;
    case 'approval.withdrawn':
      cancelApprovals(step, event.approvalId);
      return;
    case 'retry.scheduled':
      onRetry(step, event);
      return;
    case 'account.selected':
      onAccountSelected(step, event);
      return;
    case 'call.counted':
      onCallCounted(step, event);
      return;
    case 'background.changed':
      step.set({ backgroundTasks: event.tasks.filter((task) => task.status === 'running').length });
      step.emitInTurn(event);
      return;
    case 'plan.updated':
    case 'context.compacted':
    case 'notice':
      touch(step);
      step.emitInTurn(event);
      return;
    case 'title.updated':
      if (step.state.titled === 'user') return;
      step.set({ titled: 'server' });
      step.emit(event);
      return;
    case 'configured':
      step.emit({ type: 'session.updated', changes: { ...event.change } });
      return;
    case 'activity':
      touch(step);
      return;
    case 'calls.seen': {
      const seen = spentOn(event.models);
      if (seen !== null) step.setTurn({ seen });
      return;
    }
    case 'turn.ended':
      onTurnEnded(step, event);
      return;
    case 'exited':
      loseTurn(
        step,
        event.error ?? {
          code: 'agent_crashed',
          message: 'The agent ended in the middle of the turn.',
          hint: 'Send the message again; the conversation is kept.',
          retryable: true,
        },
      );
      return;
  }
}

function onReady(step: Step, agentSessionId: string): void {
  step.set({ agent: { ...step.state.agent, life: 'ready' }, rewind: null });
  if (agentSessionId !== step.state.agentSessionId) {
    step.set({ agentSessionId });
    step.emit({ type: 'session.updated', changes: { agentSessionId } });
  }
  if (step.state.turn?.stage.name === 'starting')
    step.setTurn({ stage: { name: 'running' }, lastActivityAt: step.now });
}

function touch(step: Step): void {
  step.setTurn({ lastActivityAt: step.now });
}

/**
 * Notes that something came out of the agent. An agent that begins to speak by itself (`opensTurn`), as after a
 * background task, opens a turn of its own.
 */
function produce(step: Step, opensTurn: boolean, change: Partial<Turn> = {}): void {
  if (step.state.turn === null && opensTurn) startTurn(step, [], 'agent');
  const stage = step.state.turn?.stage;
  const running =
    stage?.name === 'starting' || stage?.name === 'retrying' ? { stage: { name: 'running' as const } } : {};
  step.setTurn({ ...running, produced: true, lastActivityAt: step.now, ...change });
}

function onBlockStarted(step: Step, event: Extract<AgentEvent, { type: 'block.started' }>): void {
  if (openBlock(step.state, event.blockId) !== undefined) return;
  const rest = event.kind === 'text' ? 'streaming' : 'thinking';
  const foreground = event.parentToolCallId === undefined;
  produce(step, foreground, foreground ? { rest } : {});
  const { type: _, ...block } = event;
  step.set({ blocks: [...step.state.blocks, { ...block, text: new GatheredText() }] });
  step.emitInTurn(event);
}

/** Text comes by the thousand: what is made for it is written out, and not copied in ways that fit all events and changes. */
function onBlockDelta(step: Step, blockId: string, text: string): void {
  const { state } = step;
  const { turn, blocks } = state;
  const block = openBlock(state, blockId);
  if (block === undefined || text === '') return;
  const offset = block.text.length;
  if (turn === null) step.emit({ type: 'block.delta', blockId, offset, text });
  else step.emit({ type: 'block.delta', blockId, offset, text, turnId: turn.turnId });
  const longer = { ...block, text: block.text.append(text) };
  step.state = {
    ...state,
    turn: turn === null ? null : { ...turn, lastActivityAt: step.now },
    blocks: blocks.length === 1 ? [longer] : blocks.with(blocks.indexOf(block), longer),
  };
}

function onBlockCompleted(step: Step, event: Extract<AgentEvent, { type: 'block.completed' }>): void {
  const block = openBlock(step.state, event.blockId);
  if (block === undefined) return;
  touch(step);
  if (event.abandoned === true) {
    closeBlock(step, event.blockId, 'retry');
    return;
  }
  if (step.state.turn?.stage.name === 'interrupting' && (event.text?.length ?? 0) <= block.text.length) {
    closeBlock(step, event.blockId, 'interrupted');
    return;
  }
  step.set({ blocks: step.state.blocks.filter((other) => other !== block) });
  const parent = block.parentToolCallId === undefined ? {} : { parentToolCallId: block.parentToolCallId };
  const text = event.text ?? block.text.toString();
  step.emitInTurn({ type: 'block.completed', blockId: event.blockId, kind: block.kind, text, ...parent });
}

function onToolCalled(step: Step, event: Extract<AgentEvent, { type: 'tool.called' }>): void {
  if (at(step.state.tools, event.toolCallId) !== undefined) return;
  produce(step, event.parentToolCallId === undefined, { executed: true });
  const parent = event.parentToolCallId === undefined ? {} : { parentToolCallId: event.parentToolCallId };
  step.set({ tools: { ...step.state.tools, [event.toolCallId]: { name: event.name, ...parent } } });
  step.emitInTurn(event);
}

function onToolCompleted(step: Step, event: Extract<AgentEvent, { type: 'tool.completed' }>): void {
  if (at(step.state.tools, event.toolCallId) === undefined) return;
  step.set({ tools: without(step.state.tools, event.toolCallId) });
  step.setTurn({ rest: 'thinking', lastActivityAt: step.now });
  step.emitInTurn(event);
}

function onRetry(step: Step, event: Extract<AgentEvent, { type: 'retry.scheduled' }>): void {
  const { turn } = step.state;
  if (turn === null) return;
  step.setTurn({ lastActivityAt: step.now });
  const { forReset, ...told } = event;
  const far = forReset === true && event.delayMs > PARK_OVER_MS;
  const stage = {
    name: 'retrying' as const,
    until: step.now + event.delayMs,
    parkAt: far ? step.now + PARK_AFTER_MS : null,
  };
  if (turn.stage.name !== 'interrupting') step.setTurn({ stage });
  step.emitInTurn(told);
}

/** The same account once more, as after a new start of the process, is no news. */
function onAccountSelected(step: Step, event: Extract<AgentEvent, { type: 'account.selected' }>): void {
  touch(step);
  if (event.accountId === step.state.accountId) return;
  step.set({ accountId: event.accountId });
  step.emitInTurn(event);
}

export function onCallCounted(step: Step, event: Extract<AgentEvent, { type: 'call.counted' }>): void {
  const { accountId, model, usage, costUsd } = event;
  const spent = { usage, costUsd, models: [{ model, accountId, ...usage, costUsd }] };
  const { turn, spentBetween } = step.state;
  if (turn === null) step.set({ spentBetween: addSpent(spentBetween, spent) });
  else step.setTurn({ spent: addSpent(turn.spent, spent) });
}
