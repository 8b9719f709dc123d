import { conversation } from './en/conversation.ts';
import { shell } from './en/shell.ts';

/**
 * Every text that the page says, by the part that says it; what depends on something is a function. A component writes
 * `strings.shell.reconnecting` and holds no words itself, so that another language is another folder beside `en`.
 */
export const strings = { conversation, shell } as const;
