import { environmentName, flagName } from './option.ts';
import type { Option } from './option.ts';
import { OPTION_TREE } from './options.ts';

/** One flag of `hearth serve`, in commander's words. */
export interface Flag {
  /** As in `--data-dir <path>`. */
  flags: string;
  description: string;
  /** The key under which commander gives the value, and `loadConfig` looks for it. */
  key: string;
  /** There can be several: in one value with this between them, or in several flags. */
  separator?: string;
}

/** The flags of `hearth serve`; secrets have none. */
export function configFlags(): Flag[] {
  const flags = Object.entries(OPTION_TREE).flatMap(([key, option]): Flag[] => {
    if (option.secret === true) return [];
    const name = flagName(key);
    const { placeholder, separator } = option.kind;
    const several = separator === undefined ? '' : ` Several: with "${separator}" between them, or a flag for each.`;
    return [
      {
        flags: placeholder === undefined ? `--${name}` : `--${name} <${placeholder}>`,
        description: `${option.description}${several} Default: ${defaultText(option)}.`.replaceAll('`', ''),
        key,
        ...(separator === undefined ? {} : { separator }),
      },
    ];
  });
  const description = 'The config file. Default: hearth.config.json here, else in the data directory.';
  return [...flags, { flags: '--config <path>', description, key: 'config' }];
}

/** The text of `docs/configuration.md`. */
export function configurationMarkdown(): string {
  const rows = Object.entries(OPTION_TREE).map(([key, option]) =>
    [
      `\`${key}\``,
      option.secret === true ? '' : `\`--${flagName(key)}\``,
      `\`${environmentName(key)}\``,
      defaultText(option),
      `${option.description} ${option.kind.allowed[0]?.toUpperCase()}${option.kind.allowed.slice(1)}.`,
    ].map((cell) => cell.replaceAll('|', '\\|')),
  );
  return [
    '# Configuration',
    '',
    'Every setting is a flag of `hearth serve` and `hearth demo`, a variable of the environment, and a key of',
    '`hearth.config.json`. A flag wins over the environment, the environment over the file, the file over the default.',
    '',
    'The file is looked for in the current directory, then in the data directory; `--config` or `HEARTH_CONFIG` names',
    'another one. Paths in it are relative to it. A key that does not exist is an error.',
    '',
    'A setting that is a list is one in the file. A flag of it takes several values with their separator between them, as',
    '`--setting-sources user,project`, or is given once for each; the environment takes them with the separator. In the',
    'file each value stands for itself, also one that holds the separator.',
    '',
    '```json',
    '{ "port": 4640, "workspace": ["/home/me/code"], "idleTimeoutMs": "30m" }',
    '```',
    '',
    ...table(['key', 'flag', 'environment', 'default', 'what it is'], rows),
    '',
    '<!-- Made from packages/server/src/config/options.ts by `npx vitest run packages/server/src/config -u`. -->',
    '',
  ].join('\n');
}

/** A table with columns as wide as the formatter makes them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

function defaultText(option: Option<unknown>): string {
  if (option.defaultText !== undefined) return option.defaultText;
  if (option.default === undefined || typeof option.default === 'function') return 'none';
  return `\`${option.kind.write(option.default)}\``.replace('`none`', 'none');
}
