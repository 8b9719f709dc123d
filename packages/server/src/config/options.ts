import { totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { LOG_LEVELS } from '../telemetry/log-level.ts';
import { isPostgres } from './database-url.ts';
import { boolean, choice, duration, endpoint, hostName, integer, list, path, text, url, usd } from './option.ts';
import type { Kind, Option, Place } from './option.ts';

const BYTES_PER_MB = 1024 * 1024;
/** The rest is for the server and for whatever else runs on the machine. */
const AGENTS_SHARE = 0.75;

export const SETTING_SOURCES = ['user', 'project', 'local'] as const;

function option<Value>(
  kind: Kind<Value>,
  description: string,
  rest: Omit<Option<Value>, 'kind' | 'description' | 'default'> & {
    default: NoInfer<Value> | ((place: Place) => NoInfer<Value>);
  },
): Option<Value> & { default: Value | ((place: Place) => Value) };
function option<Value>(
  kind: Kind<Value>,
  description: string,
  rest?: Omit<Option<Value>, 'kind' | 'description' | 'default'>,
): Option<Value>;
function option<Value>(kind: Kind<Value>, description: string, rest: object = {}): Option<Value> {
  return { kind, description, ...rest };
}

/** What this process may use: the machine's memory, or less where a container bounds it. */
function machineMemoryBytes(): number {
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(totalmem(), bound) : totalmem();
}

/**
 * Everything that can be configured. The flags of `hearth serve`, the names of the environment, the keys of
 * `hearth.config.json` and the documentation all come from here.
 */
export const OPTIONS = {
  host: option(text, 'Address to listen on. `0.0.0.0` is every IPv4 address of the machine.', { default: '127.0.0.1' }),
  port: option(integer(0, 65_535), 'Port to listen on; 0 takes a free one.', { default: 4640 }),
  publicUrl: option(url, 'Where browsers find the server when a proxy or a tunnel stands before it.'),
  allowedHosts: option(
    list(hostName, ','),
    'Further host names under which the server may be addressed, each `name` or `name:port`.',
    { default: [] },
  ),
  dataDir: option(path, 'Folder for the database, the owner’s token and logs.', {
    default: ({ env, home }) =>
      env['XDG_DATA_HOME'] === undefined || env['XDG_DATA_HOME'] === ''
        ? join(home, '.hearth')
        : join(env['XDG_DATA_HOME'], 'hearth'),
    defaultText: '`$XDG_DATA_HOME/hearth`, else `~/.hearth`',
  }),
  token: option(text, 'The owner’s token, instead of the one that is made once and kept in `<data-dir>/token`.', {
    secret: true,
  }),
  secretKey: option(
    text,
    'The key that seals the secrets of accounts, instead of the one that is made once and kept in `<data-dir>/secret.key`: 32 bytes as hex or base64. Several with commas: the first seals, all open.',
    { secret: true },
  ),
  oauthTokenUrl: option(endpoint, 'Where the tokens of log-ins among the accounts are renewed.', {
    default: 'https://platform.claude.com/v1/oauth/token',
  }),
  oauthClientId: option(
    text,
    'As which client the tokens of log-ins are renewed: that of the program that logged in.',
    {
      default: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
    },
  ),
  databaseUrl: option(
    text,
    'Where sessions are stored: `sqlite:<path>`, or `postgres://user@host/database`, whose password comes from here, `PGPASSWORD` or `~/.pgpass`; default: a file in the data directory.',
    {
      refuse: (value) =>
        value.startsWith('sqlite:') || isPostgres(value)
          ? undefined
          : 'sessions are stored in sqlite:<path> or postgres://user@host/database',
    },
  ),
  natsUrl: option(text, 'A bus between several nodes.', {
    refuse: () => 'this version runs on one machine, without a bus; leave it out',
  }),
  workspace: option(list(path, delimiter), 'Folder in which sessions may work.', {
    default: ({ cwd }) => [cwd],
    defaultText: 'the current directory',
  }),
  agent: option(text, 'Agent of sessions that name none: `claude` or `scripted`.', { default: 'claude' }),
  allowBypassPermissions: option(boolean, 'Lets clients open sessions in which no tool asks for permission.', {
    default: false,
  }),
  settingSources: option(
    list(choice(SETTING_SOURCES), ','),
    'Which of Claude Code’s own settings apply: the user’s, the project’s, the project’s local ones.',
    { default: ['user', 'project'] },
  ),
  claudePath: option(path, 'The `claude` binary to run; default: the one that the SDK brings.'),
  maxRetries: option(integer(0, 100), 'How often a failed call of the model API is tried again.', { default: 5 }),
  accountSelection: option(
    choice(['priority', 'round-robin', 'least-used']),
    'Which account a session is given: by its priority, each in turn, or the one with the most left.',
    { default: 'priority' },
  ),
  accountAvoidPercent: option(
    integer(1, 100),
    'An account that has used more of one of its limits is avoided while there is another one.',
    { default: 98 },
  ),
  retryDelaysMs: option(
    list(duration, ','),
    'With accounts: the waits before a busy model API is asked again; there are as many attempts as waits, and at most `maxRetries`.',
    { default: [15_000, 30_000, 60_000] },
  ),
  resetWaitMs: option(
    duration,
    'How long a turn may wait for an account’s quota to begin anew when all are spent; 0: it fails at once.',
    { default: 6 * 3_600_000 },
  ),
  maxTurnUsd: option(usd, 'What one turn may cost; a session may have less.'),
  maxSessionUsd: option(usd, 'What all turns of one session together may cost; a session may have less.'),
  maxUserUsdPerDay: option(
    usd,
    'What the turns of one user (an API token’s label, or the owner) may cost in a day (UTC).',
  ),
  maxAccountUsdPerDay: option(usd, 'What may be spent with one account in a day (UTC).'),
  maxUsdPerDay: option(usd, 'What all sessions of the server together may cost in a day (UTC).'),
  maxProcesses: option(integer(1, 10_000), 'Agent processes that may live at once; idle ones make room for others.', {
    default: 8,
  }),
  spares: option(
    integer(0, 100),
    'Agent processes that stand ready for new sessions, beside those of `maxProcesses`; each takes some 230 MB, and a first turn begins in half the time.',
    { default: 0 },
  ),
  maxAgentMemoryMb: option(
    integer(0, 100_000_000),
    'Memory in MB that all agent processes may take together with what they start, as it is measured (Linux); idle ones make room, and new ones wait. 0: no bound.',
    {
      default: () => Math.floor((machineMemoryBytes() * AGENTS_SHARE) / BYTES_PER_MB),
      defaultText: 'three quarters of the machine’s memory',
    },
  ),
  retentionDays: option(
    integer(0, 100_000),
    'Sessions that nobody has used for so many days are deleted, each whole, with the agent’s conversation; what they cost stays in the usage. 0: never.',
    { default: 0 },
  ),
  idleTimeoutMs: option(duration, 'How long an idle agent process is kept warm.', { default: 15 * 60_000 }),
  firstOutputTimeoutMs: option(duration, 'How long an agent may be silent before its first output.', {
    default: 120_000,
  }),
  silenceTimeoutMs: option(duration, 'How long an agent may be silent later in a turn.', { default: 300_000 }),
  interruptTimeoutMs: option(duration, 'How long an agent may take to stop before its process is killed.', {
    default: 5_000,
  }),
  shutdownGraceMs: option(duration, 'How long running turns may take to end when the server is stopped.', {
    default: 10_000,
  }),
  logLevel: option(choice(LOG_LEVELS), 'What is logged, to standard error.', { default: 'info' }),
} as const;

export type OptionKey = keyof typeof OPTIONS;

type ValueOf<O> = O extends { kind: Kind<infer Value> } ? Value : never;

/** The configuration: every option has its value; those without a default are absent unless they are set. */
export type Config = {
  [Key in OptionKey as (typeof OPTIONS)[Key] extends { default: unknown } ? Key : never]: ValueOf<
    (typeof OPTIONS)[Key]
  >;
} & {
  [Key in OptionKey as (typeof OPTIONS)[Key] extends { default: unknown } ? never : Key]?: ValueOf<
    (typeof OPTIONS)[Key]
  >;
};

/** The same tree without the types of its values, to walk over. */
export const OPTION_TREE: Readonly<Record<string, Option<unknown>>> = OPTIONS as unknown as Readonly<
  Record<string, Option<unknown>>
>;
