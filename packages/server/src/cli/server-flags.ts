import { Option } from 'commander';
import type { Command } from 'commander';

/** Which server a command speaks to. */
export interface ServerFlags {
  url?: string;
  token?: string;
  dataDir?: string;
  config?: string;
}

/** The flags that say which server is meant. */
export function addServerFlags(command: Command): Command {
  const url = new Option('--url <url>', 'the server, as http://127.0.0.1:4640; default: the one that runs here');
  // An empty variable counts as none, as those of the configuration do.
  if (process.env['HEARTH_URL'] !== '') url.env('HEARTH_URL');
  return command
    .addOption(url)
    .addOption(
      new Option(
        '--token <token>',
        'its token; default: HEARTH_TOKEN, else the one in the data directory (others on this machine can see command lines)',
      ),
    )
    .option('--data-dir <path>', 'the data directory by which a running server is found (HEARTH_DATA_DIR)')
    .option('--config <path>', 'the config file (HEARTH_CONFIG)');
}
