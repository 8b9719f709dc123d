import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProcess } from '../process/process-table.ts';

const NAME = 'server.json';

/** How a running server can be found from its data directory. */
export interface ServerFile {
  url: string;
  pid: number;
  /** When the process started (see `ProcessEntry`), where that is the same for every reader: its pid alone may be another's by now. */
  startTicks?: string;
  /** ISO 8601 */
  startedAt: string;
  version: string;
}

/** This process, as the word that it leaves names it. Elsewhere than on Linux its start is a date in a reader's own time zone. */
export function ownProcess(): Pick<ServerFile, 'pid' | 'startTicks'> {
  const startTicks = process.platform === 'linux' ? findProcess(process.pid)?.startTicks : undefined;
  return { pid: process.pid, ...(startTicks === undefined ? {} : { startTicks }) };
}

/** How a server that listens on every address is reached from its own machine: by a name that it takes for its own. */
export function onThisMachine(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

/** Says in the data directory where the server is. Readers see the old file or the new one, never half of it. */
export async function writeServerFile(dataDir: string, server: ServerFile): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const draft = join(dataDir, `${NAME}.${server.pid}`);
  await writeFile(draft, `${JSON.stringify(server, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, join(dataDir, NAME));
}

/** Takes the file away, unless another server has put its own there since. */
export async function removeServerFile(dataDir: string, pid: number): Promise<void> {
  const found = await readServerFile(dataDir);
  if (found?.pid === pid) await rm(join(dataDir, NAME), { force: true });
}

/** What the file says, whether or not that server still runs; null when there is none that can be read. */
export async function readServerFile(dataDir: string): Promise<ServerFile | null> {
  try {
    return serverFile(JSON.parse(await readFile(join(dataDir, NAME), 'utf8')));
  } catch {
    // Missing, unreadable or torn: all the same, no server is to be found by it.
    return null;
  }
}

/** By hand, because every command reads this file and few need the schema library. */
function serverFile(value: unknown): ServerFile | null {
  const { url, pid, startTicks, startedAt, version } = Object(value) as Partial<Record<keyof ServerFile, unknown>>;
  const isWhole =
    typeof startedAt === 'string' && typeof version === 'string' && Number.isInteger(pid) && Number(pid) > 0;
  if (!isWhole || typeof url !== 'string' || !URL.canParse(url)) return null;
  const process = { pid: Number(pid), ...(typeof startTicks === 'string' ? { startTicks } : {}) };
  return { url, ...process, startedAt, version };
}
