import type { Command } from 'commander';
import { configFlags } from '../config/documentation.ts';

/** Values of the flags by the keys of the configuration. */
export type ConfigFlags = Readonly<Record<string, unknown>>;

/** One flag for each setting that is not a secret. */
export function addConfigFlags(command: Command): Command {
  for (const { flags, description, separator } of configFlags()) {
    if (separator === undefined) command.option(flags, description);
    else
      command.option(flags, description, (value: string, before: string[] | undefined) => [
        ...(before ?? []),
        ...value.split(separator),
      ]);
  }
  return command;
}
