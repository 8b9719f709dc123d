import { createServer } from 'node:net';
import type { Config } from '../config/options.ts';
import { candidateFolders, findServer, stillRuns } from './discovery.ts';
import type { FoundServer } from './discovery.ts';
import { odd, well, wrong } from './finding.ts';
import type { Finding } from './finding.ts';
import { readServerFile } from './server-file.ts';

const READY_TIMEOUT_MS = 3_000;

/** The server that runs on the data directory, or whether one could listen. */
export async function examineServer(config: Config, server: FoundServer | null): Promise<Finding> {
  if (server !== null) return examineRunning(server);
  const left = await readServerFile(config.dataDir);
  if (left !== null && stillRuns(left)) {
    return wrong('server', `${left.url}, pid ${left.pid}, does not answer`, 'See its log; start it again.');
  }
  const { host, port } = config;
  const refusal = await tryToListen(host, port);
  if (refusal === null) {
    const note = left === null ? 'none runs' : `none runs (the one with pid ${left.pid} left without a word)`;
    return well('server', `${note}; ${host}:${port} is free`);
  }
  if (refusal === 'EADDRINUSE') {
    const other = await findServer(candidateFolders(config.dataDir));
    if (other !== null && Number(new URL(other.url).port || 80) === port) {
      return examineRunning(other, `, on ${other.dataDir}`);
    }
    return wrong('server', `port ${port} on ${host} is taken by another program`, 'End it, or choose another --port.');
  }
  return wrong('server', `${host}:${port} cannot be listened on (${refusal})`, 'Choose another --host or --port.');
}

async function examineRunning({ url, pid, version }: FoundServer, place = ''): Promise<Finding> {
  const name = `${url}, pid ${pid}, version ${version}${place}`;
  try {
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
    if (response.ok) return well('server', `${name}, ready`);
    return wrong('server', `${name} is not ready: ${(await response.text()).slice(0, 300)}`, 'See its log.');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return odd('server', `${name} does not answer whether it is ready (${reason})`, 'See its log; start it again.');
  }
}

/** @returns the error's code, or null when it went well */
async function tryToListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(null)));
  });
}
