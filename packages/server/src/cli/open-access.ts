import { HearthError } from '@hearth/protocol/errors';
import { loadConfig } from '../config/load.ts';
import type { LogLevel } from '../telemetry/log.ts';
import type { Access, ServerAddress } from './access.ts';
import { answers, candidateFolders, findServer, readTokenFile } from './discovery.ts';
import { requireDatabase } from './existing-database.ts';
import type { ServerFlags } from './server-flags.ts';

/**
 * The server that the flags or the environment name, else the one that runs here; null when none does.
 * @throws HearthError when a named server does not answer, or no token is at hand
 */
export async function locateServer(flags: ServerFlags): Promise<ServerAddress | null> {
  const dataDirs = candidateFolders(dataDirOf(flags));
  const given = flags.token ?? (process.env['HEARTH_TOKEN'] || undefined);
  const found = await findServer(dataDirs);
  if (flags.url !== undefined && !isSameServer(flags.url, found?.url)) {
    if (!URL.canParse(flags.url)) {
      throw new HearthError('invalid_request', `${JSON.stringify(flags.url)} is not a URL.`, {
        hint: 'Write it as http://127.0.0.1:4640.',
      });
    }
    if (!(await answers(flags.url))) {
      throw new HearthError('agent_unavailable', `No Hearth server answers at ${flags.url}.`, {
        hint: 'Check the address, and that the server runs: hearth serve.',
      });
    }
    // The token in the data directory belongs to the server of that directory and goes nowhere else.
    if (given !== undefined) return { url: flags.url, token: given, isHere: isLoopback(flags.url) };
    throw new HearthError('unauthorized', `There is no token for ${flags.url}.`, {
      hint: 'Set HEARTH_TOKEN to the owner’s token or to one that `hearth tokens create` made.',
    });
  }
  if (found === null) return null;
  const token = given ?? (await readTokenFile(found.dataDir));
  if (token !== null) return { url: found.url, token, isHere: true };
  throw new HearthError('unauthorized', `The token of the server at ${found.url} cannot be read.`, {
    hint: `Set HEARTH_TOKEN, or run this as the user who may read ${found.dataDir}/token.`,
  });
}

/** The running server's sessions. @throws HearthError when no server runs */
export async function openServer(flags: ServerFlags): Promise<Access> {
  const { remoteAccess } = await import('./remote-access.ts');
  return remoteAccess(await requireServer(flags));
}

export async function requireServer(flags: ServerFlags): Promise<ServerAddress> {
  const address = await locateServer(flags);
  if (address !== null) return address;
  throw new HearthError('agent_unavailable', `No Hearth server runs on the data directory ${dataDirOf(flags)}.`, {
    hint: 'Start one with `hearth serve` (or `hearth demo`), or name another with --url.',
  });
}

/**
 * The sessions of the running server; when there is none, those in the data directory, served by this process.
 * @param mayMake a data directory without a database gets one
 */
export async function openAccess(flags: ServerFlags, { mayMake }: { mayMake: boolean }): Promise<Access> {
  const address = await locateServer(flags);
  if (address !== null) {
    const { remoteAccess } = await import('./remote-access.ts');
    return remoteAccess(address);
  }
  const { config } = loadConfig({ flags: { ...flags } });
  if (!mayMake) requireDatabase(config);
  const [{ createHearth }, { EmbeddedAccess }, { createLog }, { openDirectory }] = await Promise.all([
    import('../main.ts'),
    import('./embedded-access.ts'),
    import('../telemetry/log.ts'),
    import('./directory-in-use.ts'),
  ]);
  // Whoever runs one command wants its answer; only what went wrong is told beside it.
  const level: LogLevel = process.env['HEARTH_LOG_LEVEL'] === undefined ? 'error' : config.logLevel;
  const open = () => createHearth({ ...config, log: createLog({ level }) });
  return new EmbeddedAccess(await openDirectory(config.dataDir, open));
}

function dataDirOf(flags: ServerFlags): string {
  return loadConfig({ flags: { ...flags } }).config.dataDir;
}

function isLoopback(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

function isSameServer(url: string, running: string | undefined): boolean {
  return running !== undefined && URL.canParse(url) && new URL(url).origin === new URL(running).origin;
}
