import type { Priority } from '@hearth/protocol';
import type { PendingChange, QueueEntry } from './state.ts';
import type { InputOf, Step } from './step.ts';

const RANK: Readonly<Record<Priority, number>> = { now: 0, next: 1, later: 2 };

/** Where a message of this priority joins the queue: behind all that are as urgent or more. */
export function placeFor(queue: readonly QueueEntry[], priority: Priority): number {
  const behind = queue.findIndex((entry) => RANK[entry.priority] > RANK[priority]);
  return behind === -1 ? queue.length : behind;
}

export function acceptMessage(step: Step, input: InputOf<'message.send'>): void {
  const { queue } = step.state;
  const place = placeFor(queue, input.priority);
  const entry: QueueEntry = { messageId: input.messageId, priority: input.priority, hold: 'kept', since: step.now };
  step.set({ queue: queue.toSpliced(place, 0, entry) });
  step.emit({
    type: 'message.queued',
    messageId: input.messageId,
    ...(input.clientMessageId === undefined ? {} : { clientMessageId: input.clientMessageId }),
    content: input.content,
    priority: input.priority,
    author: input.author,
    place,
  });
  if (step.state.titled === 'nobody' && input.title !== '') {
    step.set({ titled: 'server' });
    step.emit({ type: 'title.updated', title: input.title });
  }
  step.done(input.requestId);
}

/** Changes or cancels a queued message; one that the agent holds is asked back first. */
export function changeMessage(step: Step, change: PendingChange): void {
  const entry = find(step, change.messageId);
  if (entry === undefined) {
    step.refuse(
      change.requestId,
      'message_delivered',
      'The message is not queued any more.',
      'Only queued messages can be changed or cancelled; send another message instead.',
    );
    return;
  }
  if (entry.hold === 'taken') {
    refuseTaken(step, change);
    return;
  }
  const reorders =
    change.type === 'update' && (change.change.place !== undefined || change.change.priority !== undefined);
  const held = step.state.queue.filter((other) => isHeld(other) && (reorders || other === entry));
  if (held.length === 0) {
    applyChange(step, change);
    return;
  }
  for (const other of held) withdraw(step, other.messageId);
  step.set({ pending: [...step.state.pending, change] });
}

/** Takes a message out of the agent's hands, if it is not on its way back already. */
export function withdraw(step: Step, messageId: string): void {
  if (find(step, messageId)?.hold !== 'handed') return;
  setHold(step, messageId, 'withdrawing');
  step.run({ type: 'agent.withdraw', generation: step.state.agent.generation, messageId });
}

/** The agent answered a withdrawal. */
export function onWithdrawn(step: Step, messageId: string, ok: boolean): void {
  const entry = find(step, messageId);
  if (entry === undefined || entry.hold === 'kept') return;
  setHold(step, messageId, ok ? 'kept' : 'taken');
  if (!ok) refusePending(step, messageId);
  applyPending(step);
}

/** The agent is gone, and with it all that it held. */
export function takeBackAll(step: Step): void {
  step.set({ queue: step.state.queue.map((entry) => ({ ...entry, hold: 'kept' as const })) });
  applyPending(step);
}

/** From now on the agent may be expected to start, or to give back, what it holds. */
export function renewHolds(step: Step): void {
  step.set({ queue: step.state.queue.map((entry) => ({ ...entry, since: step.now })) });
}

/** Takes delivered messages out of the queue; changes that waited for them come too late. */
export function removeDelivered(step: Step, messageIds: readonly string[]): void {
  step.set({ queue: step.state.queue.filter((entry) => !messageIds.includes(entry.messageId)) });
  for (const messageId of messageIds) refusePending(step, messageId);
  applyPending(step);
}

export function cancelMessage(step: Step, messageId: string, reason?: string): void {
  step.set({ queue: step.state.queue.filter((entry) => entry.messageId !== messageId) });
  step.emit({ type: 'message.cancelled', messageId, ...(reason === undefined ? {} : { reason }) });
}

export function hand(step: Step, messageId: string): void {
  setHold(step, messageId, 'handed');
}

export function find(step: Step, messageId: string): QueueEntry | undefined {
  return step.state.queue.find((entry) => entry.messageId === messageId);
}

function setHold(step: Step, messageId: string, hold: QueueEntry['hold']): void {
  const since = step.now;
  step.set({
    queue: step.state.queue.map((entry) => (entry.messageId === messageId ? { ...entry, hold, since } : entry)),
  });
}

function refusePending(step: Step, messageId: string): void {
  const { pending } = step.state;
  for (const change of pending.filter((one) => one.messageId === messageId)) {
    refuseTaken(step, change);
  }
  step.set({ pending: pending.filter((one) => one.messageId !== messageId) });
}

function refuseTaken(step: Step, change: PendingChange): void {
  step.refuse(change.requestId, 'message_delivered', 'The agent has taken the message already.');
}

/** Whether the agent has the message and may still give it back. */
function isHeld(entry: QueueEntry): boolean {
  return entry.hold === 'handed' || entry.hold === 'withdrawing';
}

function applyPending(step: Step): void {
  if (step.state.queue.some((entry) => entry.hold === 'withdrawing')) return;
  const { pending } = step.state;
  step.set({ pending: [] });
  for (const change of pending) changeMessage(step, change);
}

function applyChange(step: Step, change: PendingChange): void {
  const { messageId, requestId } = change;
  if (change.type === 'cancel') {
    cancelMessage(step, messageId, change.reason);
    step.done(requestId);
    return;
  }
  const { queue } = step.state;
  const at = queue.findIndex((entry) => entry.messageId === messageId);
  const entry = queue[at];
  if (entry === undefined) return;
  const { content, priority, place: wanted } = change.change;
  const rest = queue.toSpliced(at, 1);
  const moved = { ...entry, priority: priority ?? entry.priority };
  const kept = priority === undefined || priority === entry.priority ? at : placeFor(rest, moved.priority);
  const place = Math.min(wanted ?? kept, rest.length);
  step.set({ queue: rest.toSpliced(place, 0, moved) });
  step.emit({
    type: 'message.updated',
    messageId,
    ...(content === undefined ? {} : { content }),
    priority: moved.priority,
    place,
  });
  step.done(requestId);
}
