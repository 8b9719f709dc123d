import { resolve } from 'node:path';
import { HearthError } from '@hearth/protocol/errors';
import { nearest } from './nearest.ts';
import { path as pathKind, wrongSetting } from './option.ts';
import type { Option, Place } from './option.ts';
import { OPTION_TREE } from './options.ts';

/** One thing that somebody has set. */
export interface Setting {
  /** As it is named in errors: `--port`, `HEARTH_PORT`, `"port" in /path/hearth.config.json`. */
  source: string;
  raw: unknown;
  /** What a relative path is relative to. */
  base: string;
}

/**
 * What the first of them that is set says, else the default.
 * @throws HearthError `invalid_request` that names the source, the wrong value and what is allowed
 */
export function valueOf(key: string, option: Option<unknown>, place: Place, settings: readonly Setting[]): unknown {
  const setting = settings.find(isSet);
  if (setting === undefined) {
    return typeof option.default === 'function' ? (option.default as (place: Place) => unknown)(place) : option.default;
  }
  const { source, raw, base } = setting;
  const value = option.kind.read(raw);
  if (value === undefined)
    throw wrongSetting(source, raw, `Allowed is ${option.kind.allowed}.`, option.secret === true);
  const refusal = option.refuse?.(value);
  if (refusal !== undefined) throw wrongSetting(source, raw, `${refusal[0]?.toUpperCase()}${refusal.slice(1)}.`, false);
  return PATHS.has(key) ? absolute(value, base) : value;
}

export function isSet({ raw }: Setting): boolean {
  return raw !== undefined && raw !== '';
}

const PATHS: ReadonlySet<string> = new Set(
  Object.keys(OPTION_TREE).filter((key) => OPTION_TREE[key]?.kind.placeholder === pathKind.placeholder),
);

function absolute(value: unknown, base: string): unknown {
  if (Array.isArray(value)) return value.map((each) => resolve(base, String(each)));
  return resolve(base, String(value));
}

/** @throws HearthError `invalid_request` for the first key that is no setting; `where` is the beginning of what it says */
export function refuseUnknown(keys: readonly string[], where: string): void {
  const known = Object.keys(OPTION_TREE);
  const unknown = keys.find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  throw new HearthError('invalid_request', `${where} the unknown key "${unknown}".`, {
    hint: meant === undefined ? `Known keys are ${known.join(', ')}.` : `Did you mean "${meant}"?`,
  });
}
