import type { Command } from 'commander';
import { addServerFlags } from './server-flags.ts';
import type { ServerFlags } from './server-flags.ts';

export function define(command: Command): void {
  addServerFlags(command)
    .description('Prints a fresh link that logs a browser in to the running server. It works once, for ten minutes.')
    .action(async (flags: ServerFlags) => {
      const { withClient } = await import('./with-client.ts');
      const { url } = await withClient(flags, (hearth) => hearth.call('login.create', {}));
      process.stdout.write(`${url}\n`);
    });
}
