import type { Command } from 'commander';
import { addConfigFlags } from './config-flags.ts';
import type { ConfigFlags } from './config-flags.ts';

const HELP = `
Prints "listening on http://HOST:PORT" when it is ready, then a link that logs a browser in, once.
Logs go to standard error. SIGTERM, Ctrl-C or the end of its terminal lets running turns end; a second SIGTERM or
Ctrl-C ends it at once.

Every flag is also a variable (--data-dir: HEARTH_DATA_DIR) and a key of hearth.config.json (dataDir).
HEARTH_TOKEN sets the owner's token; it has no flag, because others on the machine can see command lines.`;

export function define(command: Command): void {
  addConfigFlags(command)
    .description('Runs the server, until it is told to stop.')
    .addHelpText('after', HELP)
    .action(async (flags: ConfigFlags) => {
      const [{ loadConfig }, { runServer }] = await Promise.all([
        import('../config/load.ts'),
        import('./run-server.ts'),
      ]);
      await runServer(loadConfig({ flags }));
    });
}
