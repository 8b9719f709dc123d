import type { EventOf, InterruptCause, TurnError } from '@hearth/protocol';
import type { TurnEnded } from './agent-event.ts';
import { cancelApprovals } from './approvals.ts';
import { closeOpen } from './open-work.ts';
import { announcePhase } from './phase.ts';
import { changeMessage, find, hand, removeDelivered, renewHolds, takeBackAll } from './queue.ts';
import { addSpent } from './spent.ts';
import type { Spent } from './spent.ts';
import type { Turn } from './state.ts';
import type { InputOf, Step } from './step.ts';

/** How a turn ends, in the words of its terminal event. */
export type Ending = Ended<'turn.completed'> | Ended<'turn.interrupted'> | Ended<'turn.failed'>;
type Ended<Type extends 'turn.completed' | 'turn.interrupted' | 'turn.failed'> = Omit<
  EventOf<Type>,
  'sessionId' | 'seq' | 'time' | 'turnId'
>;

/** Starts a turn with messages that are sent to the agent now (by the `core`), or that the `agent` took by itself. */
export function startTurn(step: Step, messageIds: string[], by: 'core' | 'agent'): void {
  const stage = by === 'core' && step.state.agent.life !== 'ready' ? 'starting' : 'running';
  const turn: Turn = {
    turnId: step.context.newTurnId(),
    messageIds,
    untaken: by === 'core' ? messageIds : [],
    spent: step.state.spentBetween,
    startedAt: step.now,
    stage: { name: stage },
    produced: false,
    executed: false,
    restarted: false,
    rest: 'connecting',
    lastActivityAt: step.now,
  };
  step.set({ turn, spentBetween: null });
  step.emitInTurn({ type: 'turn.started', messageIds });
  for (const messageId of messageIds) step.emitInTurn({ type: 'message.delivered', messageId, as: 'turn' });
  removeDelivered(step, messageIds);
}

/** The agent took messages: they steer the running turn, or start one. */
export function onMessagesStarted(step: Step, messageIds: string[]): void {
  const queued = [...new Set(messageIds)].filter((messageId) => find(step, messageId) !== undefined);
  const { turn } = step.state;
  if (turn === null) {
    if (queued.length > 0) startTurn(step, queued, 'agent');
    return;
  }
  step.setTurn({
    messageIds: [...turn.messageIds, ...queued],
    untaken: turn.untaken.filter((messageId) => !messageIds.includes(messageId)),
    lastActivityAt: step.now,
  });
  for (const messageId of queued) step.emitInTurn({ type: 'message.delivered', messageId, as: 'steer' });
  removeDelivered(step, queued);
}

export function onTurnEnded(step: Step, ended: TurnEnded): void {
  const { turn } = step.state;
  if (turn === null) return;
  const spent = ended.usage === undefined ? spentSoFar(turn) : addSpent(turn.spent, ended);
  const named = ended.model === undefined ? {} : { model: ended.model };
  if (ended.outcome === 'completed') {
    if (turn.untaken.length > 0 && turn.stage.name !== 'interrupting') {
      endForeignWork(step, spent);
      return;
    }
    const { context, stopReason } = ended;
    const durationMs = Math.max(0, step.now - turn.startedAt);
    const { usage, costUsd } = ended;
    finishTurn(step, {
      type: 'turn.completed',
      stopReason,
      usage,
      costUsd,
      ...spent,
      durationMs,
      context,
      ...named,
    });
  } else if (ended.outcome === 'failed' && turn.stage.name !== 'interrupting') {
    finishTurn(step, { type: 'turn.failed', error: ended.error, ...spent, ...named });
    if (ended.agentLeaves === true) loseAgent(step);
  } else {
    const by = turn.stage.name === 'interrupting' ? turn.stage.by : 'user';
    finishTurn(step, cutEnding(turn, by, { ...spent, ...named }));
  }
  // Only a process that begins anew can be given what this one has never seen.
  if (turn.untaken.length > 0) closeAgent(step);
}

/** How a turn ends that was cut. */
function cutEnding(turn: Turn, by: InterruptCause, rest: Partial<Spent> & { model?: string }): Ending {
  if (turn.stop !== undefined) return { type: 'turn.failed', error: turn.stop, ...rest };
  return { type: 'turn.interrupted', by, ...rest };
}

/** The agent had begun by itself, as after a background task, when the turn's messages were sent: they are still to come. */
function endForeignWork(step: Step, spent: Turn['spent']): void {
  closeOpen(step, 'foreground');
  withoutSeen(step);
  step.setTurn({ spent, rest: 'connecting', produced: false, lastActivityAt: step.now });
}

/** What a turn has spent that will have no better end: what was seen of its calls is all that is known of them. */
export function spentSoFar({ spent, seen }: Turn): Spent | null {
  return addSpent(spent, seen ?? {});
}

function withoutSeen(step: Step): void {
  const { turn } = step.state;
  if (turn === null) return;
  const { seen: _, ...rest } = turn;
  step.set({ turn: rest });
}

/** Ends the running turn: what is open is closed, then the one terminal event, then the ends of its messages. */
export function finishTurn(step: Step, ending: Ending, agentIs: 'alive' | 'lost' = 'alive'): void {
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
  const unsure = agentIs === 'lost' || leavesDoubt(ending) ? turn.messageIds : turn.untaken;
  step.set({ turn: null, carried: unsure.length > 0 ? [...step.state.carried, ...unsure] : [] });
  renewHolds(step);
}

/** After a crash nobody knows whether the agent stored what it was told. */
function leavesDoubt(ending: Ending): boolean {
  return (
    ending.type === 'turn.failed' && ['agent_crashed', 'agent_silent', 'agent_unavailable'].includes(ending.error.code)
  );
}

export function interruptTurn(step: Step, by: InterruptCause): void {
  const { turn, agent } = step.state;
  if (turn === null || turn.stage.name === 'interrupting') return;
  if (turn.stage.name === 'waiting') {
    // It survives a restart, and has no process that would have to stop.
    if (by !== 'shutdown') finishTurn(step, cutEnding(turn, by, { ...spentSoFar(turn) }));
    return;
  }
  step.setTurn({ stage: { name: 'interrupting', by, since: step.now } });
  step.run({ type: 'agent.interrupt', generation: agent.generation });
}

/** Cuts a turn that may not go on. */
export function stopTurn(step: Step, error: TurnError): void {
  const { turn } = step.state;
  if (turn === null || turn.stage.name === 'interrupting') return;
  step.setTurn({ stop: error });
  interruptTurn(step, 'user');
}

export function onInterrupt(step: Step, input: InputOf<'interrupt'>): void {
  const { turn } = step.state;
  if (input.cancelQueued) cancelQueued(step);
  interruptTurn(step, 'user');
  const result = turn === null ? { interrupted: false } : { interrupted: true, turnId: turn.turnId };
  step.done(input.requestId, { type: 'interrupt', result });
}

function cancelQueued(step: Step): void {
  for (const { messageId } of step.state.queue) {
    changeMessage(step, { type: 'cancel', messageId, requestId: null, reason: 'interrupt' });
  }
}

/**
 * The agent's process is over, or is not worth waiting for: what it had open ends, and the core listens to the next one
 * from here on.
 */
export function loseAgent(step: Step): void {
  closeOpen(step, 'all');
  cancelApprovals(step);
  if (step.state.backgroundTasks > 0) step.emitInTurn({ type: 'background.changed', tasks: [] });
  step.set({ agent: { generation: step.state.agent.generation + 1, life: 'down' }, backgroundTasks: 0 });
  takeBackAll(step);
}

/** Lets the agent go kindly. */
export function closeAgent(step: Step): void {
  const { generation, life } = step.state.agent;
  if (life === 'down') return;
  step.run({ type: 'agent.close', generation });
  loseAgent(step);
}

/**
 * The agent died or fell silent. A turn from which nothing has come yet is tried once more on a fresh process; any
 * other ends.
 */
export function loseTurn(step: Step, error: TurnError): void {
  const { turn } = step.state;
  loseAgent(step);
  if (turn === null) return;
  const spent = spentSoFar(turn);
  if (turn.stage.name === 'interrupting') {
    finishTurn(step, cutEnding(turn, turn.stage.by, { ...spent }), 'lost');
    return;
  }
  const again = error.retryable && !turn.produced && !turn.executed && !turn.restarted && turn.messageIds.length > 0;
  if (!again) {
    finishTurn(step, { type: 'turn.failed', error, ...spent }, 'lost');
    return;
  }
  withoutSeen(step);
  step.setTurn({
    untaken: turn.messageIds,
    spent,
    restarted: true,
    stage: { name: 'starting' },
    rest: 'connecting',
    lastActivityAt: step.now,
  });
  step.emitInTurn({ type: 'retry.scheduled', attempt: 1, maxAttempts: 1, delayMs: 0, error: { code: error.code } });
  for (const messageId of turn.messageIds) sendToAgent(step, messageId);
}

/** Lets the process go while the turn waits for something that is far away; it goes on in a new one. */
export function parkTurn(step: Step, until: number): void {
  step.run({ type: 'agent.kill', generation: step.state.agent.generation });
  loseAgent(step);
  step.setTurn({ stage: { name: 'waiting', until } });
}

/** A turn that waited without a process goes on in a new one. */
export function resumeTurn(step: Step): void {
  const { turn, agent, carried } = step.state;
  if (turn === null || turn.stage.name !== 'waiting') return;
  step.setTurn({ stage: { name: 'starting' }, rest: 'connecting', lastActivityAt: step.now });
  if (turn.untaken.length > 0) {
    step.setTurn({ untaken: turn.messageIds });
    for (const messageId of turn.messageIds) sendToAgent(step, messageId);
    return;
  }
  step.set({ agent: { ...agent, life: 'starting' } });
  step.run({ type: 'agent.resume', generation: agent.generation, carried });
}

/** Hands a message to the agent, whose process is opened for it when there is none. */
export function sendToAgent(step: Step, messageId: string): void {
  const { generation, life } = step.state.agent;
  if (life === 'down') step.set({ agent: { generation, life: 'starting' } });
  const { turn, queue, carried, rewind } = step.state;
  const pending = [...(turn?.untaken ?? []), ...queue.map((entry) => entry.messageId)];
  step.run({ type: 'agent.send', generation, messageId, pending, carried, rewind });
}

/**
 * What follows from the state by itself: the next turn starts, a steer is handed over, a `now` message cuts the turn.
 * Runs after every input.
 */
export function settle(step: Step): void {
  if (step.state.life !== 'open' || step.state.held) return;
  const waits = step.state.pending.length > 0;
  if (step.state.turn === null && !waits) startNext(step);
  const { turn, queue } = step.state;
  if (turn === null || turn.stage.name === 'interrupting') return;
  if (queue.some((entry) => entry.priority === 'now')) {
    interruptTurn(step, 'message');
    if (step.state.turn === null) settle(step);
    return;
  }
  if (turn.stage.name === 'waiting' || waits || !step.context.config.steering) return;
  for (const entry of queue) {
    if (entry.hold !== 'kept' || entry.priority !== 'next') continue;
    hand(step, entry.messageId);
    sendToAgent(step, entry.messageId);
  }
}

function startNext(step: Step): void {
  for (;;) {
    const { queue } = step.state;
    // A turn of another one would be cut at once.
    const first = queue.find((entry) => entry.priority === 'now') ?? queue[0];
    if (first === undefined || queue.some((entry) => entry.hold !== 'kept')) return;
    const refusal = step.context.refusal?.(first.messageId) ?? null;
    const spent = step.state.spentBetween;
    startTurn(step, [first.messageId], 'core');
    if (refusal === null) {
      sendToAgent(step, first.messageId);
      return;
    }
    // So that its end is followed by a change of phase, as that of any turn.
    announcePhase(step);
    finishTurn(step, { type: 'turn.failed', error: refusal, ...spent });
    // The message belongs to the conversation: the next process is given it.
    closeAgent(step);
  }
}
