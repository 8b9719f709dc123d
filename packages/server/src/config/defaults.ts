import { homedir } from 'node:os';
import { OPTION_TREE } from './options.ts';
import type { Config } from './options.ts';
import { refuseUnknown, valueOf } from './setting.ts';

/**
 * A whole configuration from some settings, each in any form that the config file takes: what is not given has its default. The
 * environment and files are not read.
 * @throws HearthError `invalid_request` that names the setting, the wrong value and what is allowed
 */
export function withDefaults(settings: Readonly<Record<string, unknown>>): Config {
  const place = { cwd: process.cwd(), home: homedir(), env: process.env };
  refuseUnknown(Object.keys(settings), 'The settings have');
  const entries = Object.entries(OPTION_TREE).flatMap(([key, option]) => {
    const value = valueOf(key, option, place, [{ source: key, raw: settings[key], base: place.cwd }]);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries) as Config;
}
