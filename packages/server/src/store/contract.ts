import { describe } from 'vitest';
import { accountsContract } from './contract/accounts.ts';
import { eventsContract } from './contract/events.ts';
import type { OpenStore } from './contract/fixture.ts';
import { messagesContract } from './contract/messages.ts';
import { sessionsContract } from './contract/sessions.ts';
import { settingsContract } from './contract/settings.ts';
import { transcriptsContract } from './contract/transcripts.ts';
import { usageContract } from './contract/usage.ts';

/**
 * Registers the tests that every implementation of the store's ports passes.
 * @param name of the implementation, for the tests' names
 * @param open gives an empty store of its own; called once per test
 */
export function storeContract(name: string, open: OpenStore): void {
  describe(`${name} store`, () => {
    eventsContract(open);
    sessionsContract(open);
    messagesContract(open);
    transcriptsContract(open);
    usageContract(open);
    settingsContract(open);
    accountsContract(open);
  });
}
