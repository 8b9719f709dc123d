import { performance } from 'node:perf_hooks';
import { isatty } from 'node:tty';
import { setFlagsFromString } from 'node:v8';
import { HearthError } from '@hearth/protocol';
import { createHearth } from '../main.ts';
import type { Hearth, HearthOptions } from '../main.ts';
import { createLog } from '../telemetry/log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Config } from '../config/options.ts';
import { VERSION } from '../version.ts';
import { systemClock } from '../concurrency/clock.ts';
import { collectWhenIdle } from './collect-when-idle.ts';
import { openDirectory } from './directory-in-use.ts';
import { hidePassword } from './hide-password.ts';
import { onThisMachine, ownProcess, removeServerFile, writeServerFile } from './server-file.ts';
import { onStopSignal } from './stop-signals.ts';

/**
 * V8 puts among the long-lived what a line of code makes when most of that survived once. While a server is young its room for the
 * young is small, and all that lives for the length of a commit survives it: it would fill the space that is costly to clear.
 */
const PRETENURING = '--no-allocation-site-pretenuring';
/** And V8 forgets what code was compiled to when that has not run for a while: a server that was idle would compile as it serves. */
const FLUSHING = '--no-flush-bytecode';
/**
 * A large collection, whose marking delays all for a quarter of a second on one core, comes when the heap is four times what the last
 * one left. V8 itself allows it half as much again when little comes to it, so that with many streams it came every few seconds.
 */
const GROWTH = '--heap-growing-percent=300';
/** A terminal that is closed is no reason to cut what runs. */
const SERVER_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What cannot be written any more must not keep a server that has lost its database. */
const LOST_GRACE_MS = 10_000;

export interface ServerOptions {
  config: Config;
  /** What the configuration's reader found odd. */
  warnings: readonly string[];
  /** What agents get of the environment; default: what they understand of this process's. */
  agentEnv?: Record<string, string | undefined>;
  /** Printed after the first two lines. */
  introduction?: (url: string) => string;
  /** Called when the server is gone. */
  afterwards?: () => Promise<void>;
}

/**
 * Runs a server until a signal ends it. The first line on standard output says where it listens, the second is a link
 * that logs a browser in, once. A second signal ends it at once.
 */
export async function runServer(options: ServerOptions): Promise<void> {
  const { config } = options;
  const isOnTerminal = [0, 1, 2].some((fd) => isatty(fd));
  for (const flag of [PRETENURING, FLUSHING, GROWTH]) setFlagsFromString(flag);
  const log = createLog({ level: config.logLevel });
  for (const warning of options.warnings) log.warn(warning);
  hidePassword('hearth serve');
  const hearth = await start(options, log);
  const { url, loginUrl } = await listen(hearth, config);
  const stopped = Promise.race([untilStopped(hearth, log), untilLost(hearth, log)]);
  // Whoever started it may have read enough: that ends a command, and no server.
  process.stdout.removeAllListeners('error').on('error', () => undefined);
  process.stdout.write(`listening on ${url}\nopen ${loginUrl}\n`);
  if (options.introduction !== undefined) process.stdout.write(`\n${options.introduction(onThisMachine(url))}\n`);
  const endCollecting = startCollecting();
  const signal = await stopped.finally(() => endCollecting?.());
  await removeServerFile(config.dataDir, process.pid);
  await options.afterwards?.();
  // Node aborts, with a core dump, when it cannot give a terminal its settings back.
  if (signal === 'SIGHUP' && isOnTerminal) process.kill(process.pid, signal);
}

/** Where the process was given the means to collect. @returns ends it */
function startCollecting(): (() => void) | undefined {
  const collect = globalThis.gc;
  const activeMs = () => performance.eventLoopUtilization().active;
  return collect && collectWhenIdle({ clock: systemClock, activeMs, collect: () => collect() });
}

async function start({ config, agentEnv }: ServerOptions, log: Log): Promise<Hearth> {
  dieOfUncaught(log);
  const options: HearthOptions = { ...config, log, processMetrics: true };
  return openDirectory(config.dataDir, () => createHearth(agentEnv === undefined ? options : { ...options, agentEnv }));
}

/** Opens the server to others, or leaves nothing of it behind. */
async function listen(hearth: Hearth, { dataDir }: Config): Promise<{ url: string; loginUrl: string }> {
  try {
    const addresses = await hearth.listen();
    const startedAt = new Date().toISOString();
    await writeServerFile(dataDir, {
      url: onThisMachine(addresses.url),
      ...ownProcess(),
      startedAt,
      version: VERSION,
    });
    return addresses;
  } catch (error) {
    await hearth.close(0);
    throw error;
  }
}

/** Resolves with the signal that came, when the server has gone in order. */
function untilStopped(hearth: Hearth, log: Log): Promise<NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    let signals = 0;
    const stopListening = onStopSignal((signal) => {
      // Its terminal is gone, of which it may be told several times.
      if (signal === 'SIGHUP' && signals > 0) return;
      signals += 1;
      if (signals > 1) {
        log.warn('a second signal: leaving at once');
        process.exit(1);
      }
      log.info({ graceMs: hearth.config.shutdownGraceMs }, 'stopping; running turns may end first');
      leave(hearth, log)
        .then(() => resolve(signal), reject)
        .finally(stopListening);
    }, SERVER_SIGNALS);
  });
}

/** Rejects when another server has taken the database: then its agents must not be driven from here too. */
function untilLost(hearth: Hearth, log: Log): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => {
      const error = HearthError.from(hearth.lost.reason);
      log.fatal({ err: error }, 'another server has taken the database; this one ends');
      setTimeout(() => process.exit(1), LOST_GRACE_MS).unref();
      hearth.close(0).then(
        () => reject(error),
        () => reject(error),
      );
    };
    if (hearth.lost.aborted) end();
    else hearth.lost.addEventListener('abort', end, { once: true });
  });
}

async function leave(hearth: Hearth, log: Log): Promise<void> {
  await hearth.close();
  log.info('stopped');
}

/**
 * After an error that nobody caught the state of the process is unknown: it ends, and the sessions recover from their
 * log at the next start. A promise whose rejection nobody looked at is a bug, but one that harmed nothing yet.
 */
function dieOfUncaught(log: Log): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error that nobody caught; the server ends, and sessions recover at the next start');
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => {
    log.error({ err: reason }, 'a failure that nobody looked at; please report it');
  });
}
