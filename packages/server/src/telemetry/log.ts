import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from './log-level.ts';
import { UnfailingOutput, unfailingScreen } from './unfailing-output.ts';

export type { LogLevel } from './log-level.ts';

/** What the parts of the server write to: a structured object first, then a sentence. */
export type Log = Logger;

/** Fields that may hold a secret; their values never reach the log, at the top or one and two levels down. */
const SECRETS = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'token',
  'secret',
  'apiKey',
  'accessToken',
  'refreshToken',
  'sealed',
  'passphrase',
  'password',
];
const REDACTED = SECRETS.flatMap((name) => ['', '*.', '*.*.'].map((prefix) => `${prefix}["${name}"]`)).map((path) =>
  path.replace('.[', '['),
);

const STDERR = 2;
/** One for all logs, so that their lines stay whole. */
let standardError: UnfailingOutput | undefined;

export interface LogOptions {
  level: LogLevel;
  /** Default: standard error, because standard output belongs to the program. */
  destination?: DestinationStream;
  /** For people instead of machines. Default: whether standard error is a terminal. */
  pretty?: boolean;
}

export function createLog({ level, destination, pretty: forPeople = process.stderr.isTTY }: LogOptions): Log {
  const options = { level, base: null, redact: { paths: REDACTED, censor: '[redacted]' } };
  if (destination !== undefined) return pino(options, destination);
  if (forPeople) {
    const screen = unfailingScreen(STDERR);
    return pino(options, pretty({ destination: screen, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' }));
  }
  standardError ??= new UnfailingOutput(STDERR);
  return pino(options, standardError);
}

/** A log that goes nowhere. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
