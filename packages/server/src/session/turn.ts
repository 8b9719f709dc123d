import type { EventOf, InterruptCause, TurnError } from '@hearth/protocol';
import type { TurnEnded } from './agent-event.ts';
import { cancelApprovals } from './approvals.ts';
import { cancelMessage, find, hand, removeDelivered, takeBackAll } from './queue.ts';
import type { Turn } from './state.ts';
import type { InputOf, Step } from './step.ts';
import { without } from './step.ts';

/** How a turn ends, in the words of its terminal event. */
export type Ending = Ended<'turn.completed'> | Ended<'turn.interrupted'> | Ended<'turn.failed'>;
type Ended<Type extends 'turn.completed' | 'turn.interrupted' | 'turn.failed'> = Omit<
  EventOf<Type>,
  'sessionId' | 'seq' | 'time' | 'turnId'
>;

/** Starts a turn with messages that are handed to the agent now (`starting`), or that it took by itself (`running`). */
export function startTurn(step: Step, messageIds: string[], stage: 'starting' | 'running'): void {
  const turn: Turn = {
    turnId: step.context.newTurnId,
    messageIds,
    startedAt: step.now,
    stage: { name: stage },
    produced: false,
    executed: false,
    restarted: false,
    rest: 'connecting',
    lastActivityAt: step.now,
  };
  step.set({ turn });
  step.emitInTurn({ type: 'turn.started', messageIds });
  for (const messageId of messageIds) step.emitInTurn({ type: 'message.delivered', messageId, as: 'turn' });
  removeDelivered(step, messageIds);
}

/** The agent took messages: they steer the running turn, or start one. */
export function onMessagesStarted(step: Step, messageIds: string[]): void {
  const queued = messageIds.filter((messageId) => find(step, messageId) !== undefined);
  const { turn } = step.state;
  if (turn === null) {
    if (queued.length > 0) startTurn(step, queued, 'running');
    return;
  }
  step.setTurn({ messageIds: [...turn.messageIds, ...queued], lastActivityAt: step.now });
  for (const messageId of queued) step.emitInTurn({ type: 'message.delivered', messageId, as: 'steer' });
  removeDelivered(step, queued);
}

export function onTurnEnded(step: Step, ended: TurnEnded): void {
  const { turn } = step.state;
  if (turn === null) return;
  const { type: _, outcome, ...details } = ended;
  if (outcome === 'completed') {
    const { usage, costUsd, context, stopReason, model } = ended;
    const durationMs = Math.max(0, step.now - turn.startedAt);
    const named = model === undefined ? {} : { model };
    finishTurn(step, { type: 'turn.completed', stopReason, usage, costUsd, durationMs, context, ...named });
  } else if (outcome === 'failed' && turn.stage.name !== 'interrupting') {
    const { error, ...spent } = ended;
    finishTurn(step, { type: 'turn.failed', error, ...spentOf(spent) });
  } else {
    const by = turn.stage.name === 'interrupting' ? turn.stage.by : 'user';
    finishTurn(step, { type: 'turn.interrupted', by, ...spentOf(details) });
  }
}

function spentOf(details: object): Pick<EventOf<'turn.interrupted'>, 'usage' | 'costUsd' | 'model'> {
  const { usage, costUsd, model } = details as Pick<EventOf<'turn.interrupted'>, 'usage' | 'costUsd' | 'model'>;
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(model === undefined ? {} : { model }),
  };
}

/** Ends the running turn: what is open is closed, then the one terminal event, then the ends of its messages. */
export function finishTurn(step: Step, ending: Ending): void {
  const { turn } = step.state;
  if (turn === null) return;
  const whole = ending.type === 'turn.completed';
  closeOpen(step, whole ? 'foreground' : 'all');
  if (!whole) cancelApprovals(step);
  step.emitInTurn(ending);
  for (const messageId of turn.messageIds) {
    if (ending.type === 'turn.failed') step.emitInTurn({ type: 'message.failed', messageId, error: ending.error });
    else step.emitInTurn({ type: 'message.completed', messageId });
  }
  const lost = leavesDoubt(ending);
  step.set({ turn: null, carried: lost ? [...step.state.carried, ...turn.messageIds] : [] });
}

/** After a crash nobody knows whether the agent stored what it was told. */
function leavesDoubt(ending: Ending): boolean {
  if (ending.type === 'turn.interrupted') return ending.by === 'crash';
  return (
    ending.type === 'turn.failed' && ['agent_crashed', 'agent_silent', 'agent_unavailable'].includes(ending.error.code)
  );
}

/** Subagents that work in the background outlive the turn that started them; a cut ends everything. */
function closeOpen(step: Step, which: 'foreground' | 'all'): void {
  for (const [blockId, block] of Object.entries(step.state.blocks)) {
    if (which === 'foreground' && block.parentToolCallId !== undefined) continue;
    closeBlock(step, blockId, 'interrupted');
  }
  for (const [toolCallId, tool] of Object.entries(step.state.tools)) {
    if (which === 'foreground' && tool.parentToolCallId !== undefined) continue;
    step.set({ tools: without(step.state.tools, toolCallId) });
    const output = 'The turn was cut before the tool had finished.';
    step.emitInTurn({ type: 'tool.completed', toolCallId, output, isError: true });
  }
}

/** Completes a block that did not come to its own end, with the text that it has. */
export function closeBlock(step: Step, blockId: string, reason: 'interrupted' | 'retry'): void {
  const block = step.state.blocks[blockId];
  if (block === undefined) return;
  step.set({ blocks: without(step.state.blocks, blockId) });
  step.emitInTurn({
    type: 'block.completed',
    blockId,
    kind: block.kind,
    text: block.text,
    ...(block.parentToolCallId === undefined ? {} : { parentToolCallId: block.parentToolCallId }),
    partial: true,
    reason,
  });
}

export function interruptTurn(step: Step, by: InterruptCause): void {
  const { turn, agent } = step.state;
  if (turn === null || turn.stage.name === 'interrupting') return;
  step.setTurn({ stage: { name: 'interrupting', by, since: step.now } });
  step.run({ type: 'agent.interrupt', generation: agent.generation });
}

export function onInterrupt(step: Step, input: InputOf<'interrupt'>): void {
  const { turn } = step.state;
  if (input.cancelQueued) cancelQueued(step);
  interruptTurn(step, 'user');
  const result = turn === null ? { interrupted: false } : { interrupted: true, turnId: turn.turnId };
  step.done(input.requestId, { type: 'interrupt', result });
}

function cancelQueued(step: Step): void {
  for (const { messageId, hold } of step.state.queue) {
    if (hold === 'kept') {
      cancelMessage(step, messageId, 'interrupt');
      continue;
    }
    step.set({ pending: [...step.state.pending, { type: 'cancel', messageId, requestId: null }] });
    if (hold === 'handed') {
      const queue = step.state.queue.map((entry) =>
        entry.messageId === messageId ? { ...entry, hold: 'withdrawing' as const } : entry,
      );
      step.set({ queue });
      step.run({ type: 'agent.withdraw', generation: step.state.agent.generation, messageId });
    }
  }
}

/** The agent's process is over, or is not worth waiting for: the core listens to the next one from here on. */
export function loseAgent(step: Step): void {
  step.set({ agent: { generation: step.state.agent.generation + 1, life: 'down' }, backgroundTasks: 0 });
  takeBackAll(step);
}

/**
 * The agent died or fell silent. A turn from which nothing has come yet is tried once more on a fresh process; any
 * other ends.
 */
export function loseTurn(step: Step, error: TurnError): void {
  const { turn } = step.state;
  loseAgent(step);
  if (turn === null) {
    closeOpen(step, 'all');
    cancelApprovals(step);
    return;
  }
  if (turn.stage.name === 'interrupting') {
    finishTurn(step, { type: 'turn.interrupted', by: turn.stage.by });
    return;
  }
  const again = error.retryable && !turn.produced && !turn.executed && !turn.restarted && turn.messageIds.length > 0;
  if (!again) {
    finishTurn(step, { type: 'turn.failed', error });
    return;
  }
  step.setTurn({ restarted: true, stage: { name: 'starting' }, rest: 'connecting', lastActivityAt: step.now });
  step.emitInTurn({ type: 'retry.scheduled', attempt: 1, maxAttempts: 1, delayMs: 0, error: { code: error.code } });
  for (const messageId of turn.messageIds) sendToAgent(step, messageId);
}

/** Hands a message to the agent, whose process is opened for it when there is none. */
export function sendToAgent(step: Step, messageId: string): void {
  const { generation, life } = step.state.agent;
  if (life === 'down') step.set({ agent: { generation, life: 'starting' } });
  step.run({ type: 'agent.send', generation, messageId, carried: step.state.carried });
}

/**
 * What follows from the state by itself: the next turn starts, a steer is handed over, a `now` message cuts the turn.
 * Runs after every input.
 */
export function settle(step: Step): void {
  if (step.state.life !== 'open' || step.state.pending.length > 0) return;
  if (step.state.turn === null) startNext(step);
  const { turn, queue } = step.state;
  if (turn === null || turn.stage.name === 'interrupting') return;
  if (queue.some((entry) => entry.priority === 'now')) {
    interruptTurn(step, 'message');
    return;
  }
  if (!step.context.config.steering) return;
  for (const entry of queue) {
    if (entry.hold !== 'kept' || entry.priority !== 'next') continue;
    hand(step, entry.messageId);
    sendToAgent(step, entry.messageId);
  }
}

function startNext(step: Step): void {
  const { queue } = step.state;
  const first = queue[0];
  if (first === undefined || queue.some((entry) => entry.hold !== 'kept')) return;
  startTurn(step, [first.messageId], step.state.agent.life === 'ready' ? 'running' : 'starting');
  sendToAgent(step, first.messageId);
}
