import { accounts } from './en/accounts.ts';
import { commands, notifications } from './en/commands.ts';
import { conversation } from './en/conversation.ts';
import { sessions } from './en/sessions.ts';
import { settings } from './en/settings.ts';
import { shell } from './en/shell.ts';
import { usage } from './en/usage.ts';

/**
 * Every text that the page says, by the part that says it; what depends on something is a function. A component writes
 * `strings.shell.reconnecting` and holds no words itself, so that another language is another folder beside `en`.
 */
export const strings = { accounts, commands, conversation, notifications, sessions, settings, shell, usage } as const;
