import { homedir } from 'node:os';
import { OPTION_TREE } from './options.ts';
import type { Config } from './options.ts';

/** A whole configuration from some settings: what is not given has its default. The environment and files are not read. */
export function withDefaults(settings: Partial<Config>): Config {
  const place = { cwd: process.cwd(), home: homedir(), env: process.env };
  const given: Readonly<Record<string, unknown>> = settings;
  const entries = Object.entries(OPTION_TREE).flatMap(([key, option]) => {
    const standard =
      typeof option.default === 'function' ? (option.default as (at: typeof place) => unknown)(place) : option.default;
    const value = given[key] ?? standard;
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries) as Config;
}
