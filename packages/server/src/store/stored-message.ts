import type { Message } from '@hearth/protocol';
import type { StoredMessage } from './store.ts';

/** The message as clients see it. */
export function plainMessage(stored: StoredMessage): Message {
  const { place: _, ...message } = stored;
  return message;
}
