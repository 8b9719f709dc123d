import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { HearthError } from '@hearth/protocol';
import { Hosts } from './hosts.ts';
import type { PostgresHost } from './hosts.ts';

/** Where a database is and how it is reached. */
export interface PostgresAddress {
  /** How messages name it: without user and password. */
  name: string;
  /** The schema that holds Hearth's tables. */
  schema: string;
  /** Those that the address names, in its order. */
  hosts: Hosts;
  database: string | undefined;
  user: string | undefined;
  /** Absent: `PGPASSWORD` or `~/.pgpass`. */
  password: string | undefined;
  /** Bound on making a connection, ms. */
  connectTimeoutMs: number;
  applicationName: string;
  /** Settings of the session that the address asks for, as in `-c work_mem=8MB`. */
  options: string | undefined;
}

const DEFAULT_PORT = 5432;
const DEFAULT_SCHEMA = 'hearth';
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
/** PostgreSQL keeps names that begin with pg_ for itself. */
const SCHEMA = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/;
const SECONDS = /^\d{1,6}$/;
const LAST_PORT = 65_535;

const PARAMETERS = [
  'application_name',
  'connect_timeout',
  'host',
  'options',
  'password',
  'port',
  'schema',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslrootcert',
  'target_session_attrs',
  'user',
] as const;
type Parameter = (typeof PARAMETERS)[number];

/** Where one host stands in an address. */
interface Place {
  host: string;
  port: string;
}

/**
 * Reads `postgres://user:password@host:port,host:port/database?sslmode=…&schema=…`. What the address leaves out comes from the
 * variables of PostgreSQL's own programs (`PGHOST`, `PGUSER`, `PGPASSWORD`, `PGSSLMODE`, …). Of several hosts, a primary and
 * its standbys, the one is used that takes writes.
 * @throws HearthError `invalid_request` that shows nothing of the address, which may hold a password
 */
export function postgresAddress(
  text: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): PostgresAddress {
  const { url, places } = parse(text);
  refuseStray(url);
  const given = parameters(url);
  checkTarget(given.target_session_attrs ?? env['PGTARGETSESSIONATTRS']);
  const hosts = hostsOf(places, given, env).map(({ host, port }) => ({ host, port, ssl: tls(given, host, env) }));
  const database = decoded(url.pathname.slice(1)) || env['PGDATABASE'];
  const schema = given.schema ?? DEFAULT_SCHEMA;
  if (!SCHEMA.test(schema)) {
    throw refused(
      `its schema is ${JSON.stringify(schema)}`,
      'A schema is named with a-z, 0-9 and _, as hearth_test, and not with pg_ at its beginning.',
    );
  }
  const user = given.user ?? (decoded(url.username) || undefined);
  const beside = schema === DEFAULT_SCHEMA ? '' : `?schema=${schema}`;
  return {
    name: `postgres://${hosts.map(named).join(',')}/${database ?? user ?? ''}${beside}`,
    schema,
    hosts: new Hosts(hosts),
    database,
    user,
    password: given.password ?? (decoded(url.password) || undefined),
    connectTimeoutMs: timeoutMs(given.connect_timeout ?? env['PGCONNECT_TIMEOUT']),
    applicationName: given.application_name ?? env['PGAPPNAME'] ?? 'hearth',
    options: given.options ?? env['PGOPTIONS'],
  };
}

function named({ host, port }: PostgresHost): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A URL has one host only: each of the address's is read as if it stood there alone. */
function parse(text: string): { url: URL; places: Place[] } {
  const [, before = '', hosts = '', after = ''] = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/is.exec(text) ?? [];
  try {
    const urls = hosts.split(',').map((host) => new URL(before + host + after));
    const [url = new URL(text)] = urls;
    return { url, places: urls.map(placeOf) };
  } catch {
    throw refused('it is no URL', 'Write postgres://user@host:5432/database; special characters percent-encoded.');
  }
}

/** A password with characters that end it where a URL is read makes parts of itself to the path, or to what follows it. */
function refuseStray({ pathname, hash, searchParams }: URL): void {
  if (hash === '' && ![pathname, ...searchParams.keys()].some((part) => part.includes('@'))) return;
  throw refused(
    'it has an @ or a # behind its host',
    'Special characters of a password are percent-encoded: / as %2F, # as %23, ? as %3F, @ as %40.',
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused('it has a % that encodes nothing', 'Write a % of a password as %25.');
  }
}

function timeoutMs(seconds: string | undefined): number {
  if (seconds === undefined || seconds === '') return DEFAULT_CONNECT_TIMEOUT_MS;
  if (SECONDS.test(seconds)) return Number(seconds) * 1_000;
  throw refused(`its connect_timeout is ${JSON.stringify(seconds)}`, 'Give whole seconds, as connect_timeout=10.');
}

function placeOf({ hostname, port }: URL): Place {
  return { host: decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1'), port };
}

/** One port serves all hosts, or each has its own. */
function hostsOf(
  places: readonly Place[],
  given: Partial<Record<Parameter, string>>,
  env: Readonly<Record<string, string | undefined>>,
): { host: string; port: number }[] {
  const isNamed = places.some(({ host }) => host !== '');
  const listed = given.host ?? (isNamed ? undefined : (env['PGHOST'] ?? 'localhost'));
  const [only] = places;
  const found = listed === undefined ? places : listed.split(',').map((host) => ({ host, port: only?.port ?? '' }));
  const ports = (given.port ?? env['PGPORT'] ?? String(DEFAULT_PORT)).split(',');
  if (ports.length > 1 && ports.length !== found.length) {
    throw refused(
      `it has ${found.length} hosts and ${ports.length} ports`,
      'Give one port for all hosts, or one for each.',
    );
  }
  return found.map(({ host, port }, index) => {
    const chosen = (given.port === undefined ? port : '') || (ports[index] ?? ports[0] ?? '') || String(DEFAULT_PORT);
    return { host: host === '' ? 'localhost' : host, port: portOf(chosen) };
  });
}

function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= LAST_PORT) return port;
  throw refused(
    `its port is ${JSON.stringify(text)}`,
    `A port is a number up to ${LAST_PORT}; default ${DEFAULT_PORT}.`,
  );
}

function checkTarget(wanted: string | undefined): void {
  if (wanted === undefined || ['any', 'read-write', 'primary'].includes(wanted)) return;
  throw refused(
    `its target_session_attrs is ${JSON.stringify(wanted)}`,
    'Hearth writes: leave it out, or say read-write.',
  );
}

function parameters(url: URL): Partial<Record<Parameter, string>> {
  const given: Partial<Record<Parameter, string>> = {};
  for (const [name, value] of url.searchParams) {
    const known = PARAMETERS.find((each) => each === name);
    if (known === undefined) {
      throw refused(`it has the parameter ${JSON.stringify(name)}`, `Known are: ${PARAMETERS.join(', ')}.`);
    }
    given[known] = value;
  }
  return given;
}

/**
 * What `sslmode` means to PostgreSQL's own programs, but for two modes: `allow` and `prefer` go on in clear when somebody in
 * between says that there is no TLS, and are refused. Without a mode a connection that leaves the machine is verified.
 */
function tls(
  given: Partial<Record<Parameter, string>>,
  host: string,
  env: Readonly<Record<string, string | undefined>>,
): TlsOptions | false {
  const mode = given.sslmode ?? env['PGSSLMODE'] ?? (isLocal(host) ? 'disable' : 'verify-full');
  const ca = file(given.sslrootcert ?? env['PGSSLROOTCERT']);
  const pair = {
    ...(ca === undefined ? {} : { ca }),
    ...optional('cert', file(given.sslcert ?? env['PGSSLCERT'])),
    ...optional('key', file(given.sslkey ?? env['PGSSLKEY'])),
  };
  switch (mode) {
    case 'disable':
      return false;
    case 'no-verify':
      return { ...pair, rejectUnauthorized: false };
    case 'require':
      // With a root certificate it means verify-ca, as it does elsewhere.
      if (ca === undefined) return { ...pair, rejectUnauthorized: false };
      return { ...pair, checkServerIdentity: () => undefined };
    case 'verify-ca':
      return { ...pair, checkServerIdentity: () => undefined };
    case 'verify-full':
      return pair;
    default:
      throw refused(
        `its sslmode is ${JSON.stringify(mode)}`,
        'Choose verify-full, verify-ca, require (TLS without a check of who answers) or disable.',
      );
  }
}

function isLocal(host: string): boolean {
  const isLoopback = isIPv4(host) && host.startsWith('127.');
  return isLoopback || host.startsWith('/') || host === 'localhost' || host === '::1';
}

function optional<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>);
}

function file(path: string | undefined): string | undefined {
  if (path === undefined || path === '' || path === 'system') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new HearthError('invalid_request', `The certificate or key ${path} of the database cannot be read.`, {
      hint: 'Give the user that runs Hearth the right to read it, or correct the path.',
      cause,
    });
  }
}

function refused(why: string, hint: string): HearthError {
  return new HearthError('invalid_request', `The address of the database cannot be used: ${why}.`, { hint });
}
