export { appendDelta } from './apply-block.ts';
export { applyEvent, foldEvents } from './apply-event.ts';
export { startConversation } from './conversation.ts';
export type {
  ApprovalItem,
  BlockItem,
  Conversation,
  MessageItem,
  NoteItem,
  QueuedMessage,
  ScheduledRetry,
  ToolItem,
  TurnEntry,
  TurnItem,
  TurnState,
  UndeliveredMessage,
} from './conversation.ts';
