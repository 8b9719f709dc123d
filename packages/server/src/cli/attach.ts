import type { Command } from 'commander';
import { addServerFlags } from './server-flags.ts';
import type { ServerFlags } from './server-flags.ts';
import { wholeNumber } from './whole-number.ts';

const HELP = `
Shows the running or the last turn, then everything that comes. Any number of people and programs can be attached to a
session. On a terminal, type to send:

  text                  a message; into a running turn it steers
  /now text             cuts the running turn      /later text    waits for its end
  /allow [once|session] allows what waits          /deny [reason] does not
  /answer text          answers the question that waits, by its number or in own words
  /interrupt            stops the turn             /quit          leaves; the session goes on

Without a terminal it only follows, until the session is deleted or the command is ended.`;

export function define(command: Command): void {
  addServerFlags(command)
    .description('Follows a session of the running server live.')
    .argument('<id>', 'the session, as `hearth sessions list` shows it')
    .option('--json', 'print the events as JSON lines, and take no input')
    .option('--after <seq>', 'begin after this event; 0: the whole conversation', wholeNumber(0))
    .addHelpText('after', HELP)
    .action(async (id: string, flags: ServerFlags & { json?: true; after?: number }) => {
      const [{ openServer }, { follow }, { processTerminal }] = await Promise.all([
        import('./open-access.ts'),
        import('./follow-session.ts'),
        import('./terminal.ts'),
      ]);
      const access = await openServer(flags);
      try {
        await follow({
          access,
          sessionId: id,
          json: flags.json === true,
          after: flags.after ?? null,
          terminal: processTerminal(),
        });
      } finally {
        await access.close();
      }
    });
}
