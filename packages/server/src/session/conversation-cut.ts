/**
 * Where an agent's conversation ends, in the words of the log: behind the last message that stays and before the first
 * one that goes.
 */
export interface ConversationCut {
  /** The last message that stays; null: none does. */
  lastMessageId: string | null;
  /** The messages that go, oldest first. An agent may have stored only some of them, or none. */
  nextMessageIds: string[];
}
