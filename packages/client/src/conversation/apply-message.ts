import type { EventOf } from '@hearth/protocol';
import type { Conversation, MessageItem, QueuedMessage, UndeliveredMessage } from './conversation.ts';
import { addItem, changeItem } from './timeline.ts';

type MessageEvent = EventOf<
  | 'message.queued'
  | 'message.updated'
  | 'message.delivered'
  | 'message.completed'
  | 'message.cancelled'
  | 'message.failed'
>;

/** A message waits in the queue, then stands in the turn that it reached, or ends without having reached one. */
export function applyMessage(state: Conversation, event: MessageEvent): Conversation {
  switch (event.type) {
    case 'message.queued': {
      const { messageId, clientMessageId, content, priority, author, place } = event;
      const message = { messageId, content, priority, author };
      return queueAt(state, clientMessageId === undefined ? message : { ...message, clientMessageId }, place);
    }
    case 'message.updated': {
      const old = find(state, event.messageId);
      if (old === undefined) return state;
      const { content = old.content, priority, place } = event;
      return queueAt(state, { ...old, content, priority }, place);
    }
    case 'message.delivered':
      return deliver(state, event);
    case 'message.completed':
      return setState(state, event.messageId, 'completed');
    case 'message.cancelled':
      return drop(state, event, 'cancelled', event.reason);
    case 'message.failed':
      if (find(state, event.messageId) === undefined) return setState(state, event.messageId, 'failed');
      return drop(state, event, 'failed', event.error?.message);
    default:
      return state;
  }
}

function deliver(state: Conversation, event: EventOf<'message.delivered'>): Conversation {
  const { messageId, seq, time, as } = event;
  const queued = find(state, messageId);
  const item: MessageItem = {
    type: 'message',
    seq,
    time,
    messageId,
    content: queued?.content ?? null,
    author: queued?.author ?? '',
    as,
    state: 'delivered',
    ...(queued?.clientMessageId === undefined ? {} : { clientMessageId: queued.clientMessageId }),
  };
  return addItem(without(state, messageId), event, item);
}

function drop(
  state: Conversation,
  { messageId, seq, time }: MessageEvent,
  outcome: UndeliveredMessage['outcome'],
  reason: string | undefined,
): Conversation {
  const queued = find(state, messageId);
  if (queued === undefined) return state;
  const entry: UndeliveredMessage = {
    type: 'undelivered',
    ...queued,
    seq,
    time,
    outcome,
    ...(reason === undefined ? {} : { reason }),
  };
  return { ...without(state, messageId), timeline: [...state.timeline, entry] };
}

function queueAt(state: Conversation, message: QueuedMessage, place: number): Conversation {
  const rest = without(state, message.messageId).queue;
  return { ...state, queue: rest.toSpliced(place, 0, message) };
}

function find(state: Conversation, messageId: string): QueuedMessage | undefined {
  return state.queue.find((message) => message.messageId === messageId);
}

function without(state: Conversation, messageId: string): Conversation {
  return { ...state, queue: state.queue.filter((message) => message.messageId !== messageId) };
}

function setState(state: Conversation, messageId: string, to: MessageItem['state']): Conversation {
  return changeItem(state, (item) =>
    item.type === 'message' && item.messageId === messageId ? { ...item, state: to } : undefined,
  );
}
