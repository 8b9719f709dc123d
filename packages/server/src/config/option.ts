import { isIPv6 } from 'node:net';
import { HearthError } from '@hearth/protocol/errors';

/** Reads one form of value from a flag, an environment variable or the config file. */
export interface Kind<Value> {
  /** What is allowed, as a phrase: `a number from 0 to 65535`. */
  readonly allowed: string;
  /** How the value stands in `--help`: `--port <number>`; absent: a switch without a value. */
  readonly placeholder?: string;
  /** There can be several: a list in the file, this between them in the environment and in a flag, which can be repeated. */
  readonly separator?: string;
  /** @returns undefined when the value is not allowed */
  read(raw: unknown): Value | undefined;
  /** The value as people write it. */
  write(value: Value): string;
}

/** One thing that can be configured. */
export interface Option<Value> {
  readonly kind: Kind<Value>;
  readonly description: string;
  /** Absent: there is none, and the value is undefined unless it is set. */
  readonly default?: Value | ((place: Place) => Value);
  /** How the default reads in the documentation, when it depends on the place. */
  readonly defaultText?: string;
  /** A secret: no flag, because other users of the machine see command lines, and never shown. */
  readonly secret?: true;
  /** Says why a value cannot be used although its form is right. */
  readonly refuse?: (value: Value) => string | undefined;
}

/** Where the server was started. */
export interface Place {
  cwd: string;
  home: string;
  env: Readonly<Record<string, string | undefined>>;
}

export const text: Kind<string> = {
  allowed: 'a text that is not empty',
  placeholder: 'text',
  read: (raw) => (typeof raw === 'string' && raw.trim() !== '' ? raw.trim() : undefined),
  write: (value) => value,
};

/** A path; in the config file it is relative to that file's folder. */
export const path: Kind<string> = { ...text, allowed: 'a path', placeholder: 'path' };

export const url: Kind<string> = {
  allowed: 'a URL with http or https and without a path, as https://hearth.example',
  placeholder: 'url',
  read: (raw) => {
    const value = text.read(raw);
    if (value === undefined || !URL.canParse(value)) return undefined;
    const { protocol, origin, pathname, search } = new URL(value);
    return /^https?:$/.test(protocol) && pathname === '/' && search === '' ? origin : undefined;
  },
  write: (value) => value,
};

/** By which a server is addressed; other letters than these no `Host` header has. */
export const hostName: Kind<string> = {
  allowed: 'a host name, as hearth.example or hearth.example:8443',
  placeholder: 'name',
  read: (raw) => {
    const value = text.read(raw);
    if (value === undefined || !/^[\w.\-:[\]]+$/.test(value)) return undefined;
    return isIPv6(value) || URL.canParse(`http://${value}`) ? value : undefined;
  },
  write: (value) => value,
};

/** Where a request goes; its path and query belong to it. */
export const endpoint: Kind<string> = {
  allowed: 'a URL with http or https',
  placeholder: 'url',
  read: (raw) => {
    const value = text.read(raw);
    return value !== undefined && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? value : undefined;
  },
  write: (value) => value,
};

export function integer(min: number, max: number): Kind<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    placeholder: 'number',
    read: (raw) => {
      const value = typeof raw === 'string' && /^[+-]?\d+$/.test(raw.trim()) ? Number(raw) : raw;
      return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
    },
    write: String,
  };
}

/** US dollars, with cents and less. */
export const usd: Kind<number> = {
  allowed: 'an amount in US dollars above 0',
  placeholder: 'usd',
  read: (raw) => {
    const value =
      typeof raw === 'string' && /^\$?\d+(\.\d+)?$/.test(raw.trim()) ? Number(raw.trim().replace('$', '')) : raw;
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
  },
  write: String,
};

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A duration in ms; people may write a unit. */
export const duration: Kind<number> = {
  allowed: 'a duration in milliseconds, or with a unit as 500ms, 30s, 15m or 2h',
  placeholder: 'duration',
  read: (raw) => {
    const match = typeof raw === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(raw.trim()) : null;
    const value = match === null ? raw : Math.round(Number(match[1]) * (UNITS[match[2] ?? 'ms'] ?? 1));
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  },
  write: (ms) => {
    const unit = ['h', 'm', 's'].find((name) => ms > 0 && ms % (UNITS[name] ?? 1) === 0) ?? 'ms';
    return `${ms / (UNITS[unit] ?? 1)}${unit}`;
  },
};

export const boolean: Kind<boolean> = {
  allowed: 'true or false',
  read: (raw) => {
    if (typeof raw === 'boolean') return raw;
    if (raw === 'true' || raw === '1') return true;
    return raw === 'false' || raw === '0' ? false : undefined;
  },
  write: String,
};

export function choice<const Choice extends string>(choices: readonly Choice[]): Kind<Choice> {
  return {
    allowed: `one of ${choices.join(', ')}`,
    placeholder: choices.length > 4 ? 'name' : choices.join('|'),
    read: (raw) => choices.find((each) => each === raw),
    write: (value) => value,
  };
}

/** Several of a kind. */
export function list<Item>(item: Kind<Item>, separator: string): Kind<readonly Item[]> {
  return {
    allowed: `a list, each ${item.allowed}; with ${JSON.stringify(separator)} between them in a flag or the environment`,
    placeholder: item.placeholder ?? 'value',
    separator,
    read: (raw) => {
      const parts: unknown[] = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(separator) : [raw];
      const items = parts
        .map((part) => (typeof part === 'string' ? part.trim() : part))
        .filter((part) => part !== '')
        .map((part) => item.read(part));
      return items.includes(undefined) ? undefined : (items as Item[]);
    },
    write: (values) => values.map((value) => item.write(value)).join(separator) || 'none',
  };
}

/** `dataDir` → `data-dir`. */
export function flagName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `dataDir` → `HEARTH_DATA_DIR`. */
export function environmentName(key: string): string {
  return `HEARTH_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What a wrong setting is told by: where it stands, what it says, what is allowed. */
export function wrongSetting(source: string, raw: unknown, why: string, secret: boolean): HearthError {
  const shown = secret ? 'a value' : (withoutPassword(JSON.stringify(raw))?.slice(0, 200) ?? 'nothing');
  return new HearthError('invalid_request', `${source} is ${shown}, which cannot be used.`, { hint: why });
}

/** As in `postgres://user:password@host`. */
function withoutPassword(text: string | undefined): string | undefined {
  return text?.replaceAll(/(\/\/[^/@:"]*):[^"]*@/g, '$1:***@');
}
