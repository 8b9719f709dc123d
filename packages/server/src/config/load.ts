import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { HearthError } from '@hearth/protocol/errors';
import { readJson } from '../json-text.ts';
import { holdsPassword } from './database-url.ts';
import { nearest } from './nearest.ts';
import { environmentName, flagName, wrongSetting } from './option.ts';
import type { Option, Place } from './option.ts';
import { OPTION_TREE } from './options.ts';
import type { Config } from './options.ts';
import { isSet, refuseUnknown, valueOf } from './setting.ts';

export const CONFIG_FILE = 'hearth.config.json';

export interface LoadOptions {
  /** Flags by key, as commander gives them; `config` is the path of the config file. Others are not looked at. */
  flags?: Readonly<Record<string, unknown>>;
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  home?: string;
}

export interface LoadedConfig {
  config: Config;
  /** The config file that was read. */
  file?: string;
  /** Where each setting comes from that is not a default, by its key: `--port`, `HEARTH_PORT`, `"port" in /path/…`. */
  sources: Readonly<Record<string, string>>;
  /** What is odd: names in the environment that look like a setting and are none, a workspace that is not there. */
  warnings: string[];
}

/**
 * The configuration from, in this order: flags, environment, config file, defaults. The file is the one that `--config` or
 * `HEARTH_CONFIG` names, else `hearth.config.json` in the current directory, else the one in the data directory.
 * @throws HearthError `invalid_request` that names the source, the wrong value and what is allowed
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const { flags = {}, env = process.env, cwd = process.cwd(), home = homedir() } = options;
  const place: Place = { cwd, home, env };
  const file = findFile(place, flags);
  const fromFile = file === undefined ? {} : readFile(file);
  const sources: Record<string, string> = {};
  const config = Object.entries(OPTION_TREE).flatMap(([key, option]) => {
    const settings = [
      { source: `--${flagName(key)}`, raw: flags[key], base: cwd },
      { source: environmentName(key), raw: env[environmentName(key)], base: cwd },
      { source: `"${key}" in ${file}`, raw: fromFile[key], base: dirname(file ?? cwd) },
    ];
    const value = valueOf(key, option, place, settings);
    const setting = settings.find(isSet);
    if (setting !== undefined) sources[key] = setting.source;
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    config: Object.fromEntries(config) as Config,
    sources,
    ...(file === undefined ? {} : { file }),
    warnings: [...unknownNames(env), ...exposedPassword(flags['databaseUrl']), ...missing(config)],
  };
}

function findFile(place: Place, flags: Readonly<Record<string, unknown>>): string | undefined {
  const [source, named] =
    typeof flags['config'] === 'string' ? ['--config', flags['config']] : ['HEARTH_CONFIG', place.env['HEARTH_CONFIG']];
  if (named !== undefined && named !== '') {
    const file = resolve(place.cwd, named);
    if (existsSync(file)) return file;
    throw wrongSetting(source, named, `There is no file ${file}.`, false);
  }
  const dataDir = valueOf('dataDir', OPTION_TREE['dataDir'] as Option<unknown>, place, [
    { source: '--data-dir', raw: flags['dataDir'], base: place.cwd },
    { source: 'HEARTH_DATA_DIR', raw: place.env['HEARTH_DATA_DIR'], base: place.cwd },
  ]);
  return [place.cwd, String(dataDir)].map((folder) => join(folder, CONFIG_FILE)).find((file) => existsSync(file));
}

function readFile(file: string): Record<string, unknown> {
  let value: unknown;
  try {
    // Some editors begin a file with a mark of its encoding, which nobody sees.
    value = readJson(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = 'Mend the file, or move it away.';
    throw new HearthError('invalid_request', `${file} cannot be read as JSON: ${reason}`, { hint, cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HearthError('invalid_request', `${file} does not hold a JSON object.`, { hint: 'Write {"port": 4640}.' });
  }
  refuseUnknown(
    Object.keys(value).filter((key) => key !== '$schema'),
    `${file} has`,
  );
  return value as Record<string, unknown>;
}

function exposedPassword(flag: unknown): string[] {
  if (typeof flag !== 'string' || !holdsPassword(flag)) return [];
  return [
    'The password in --database-url can be seen by others on this machine. Give the address in HEARTH_DATABASE_URL, or the password in PGPASSWORD or ~/.pgpass.',
  ];
}

function missing(settings: readonly (readonly [string, unknown])[]): string[] {
  const folders = settings.flatMap(([key, value]) =>
    key === 'workspace' && Array.isArray(value) ? value.map(String) : [],
  );
  return folders
    .filter((folder) => !existsSync(folder))
    .map((folder) => `The workspace ${folder} does not exist. No session can be opened there before it does.`);
}

/** Names that other commands use. */
const OTHER_NAMES = ['HEARTH_CONFIG', 'HEARTH_URL'];

function unknownNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...Object.keys(OPTION_TREE).map(environmentName), ...OTHER_NAMES];
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith('HEARTH_') || known.includes(name)) return [];
    const meant = nearest(name, known);
    return meant === undefined ? [] : [`${name} is not a setting. Did you mean ${meant}?`];
  });
}
