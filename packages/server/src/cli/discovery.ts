import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { findProcess } from '../process/process-table.ts';
import { readServerFile } from './server-file.ts';
import type { ServerFile } from './server-file.ts';

const ANSWER_TIMEOUT_MS = 2_000;

/** Folder of the demo's own data, inside the data directory. */
export const DEMO_FOLDER = 'demo';

export interface FoundServer extends ServerFile {
  dataDir: string;
}

/** Where a server may have left word of itself: the data directory, and the demo's inside it. */
export function candidateFolders(dataDir: string): string[] {
  return [dataDir, join(dataDir, DEMO_FOLDER)];
}

/** The first server that is alive: its process runs and it answers. */
export async function findServer(dataDirs: readonly string[]): Promise<FoundServer | null> {
  for (const dataDir of dataDirs) {
    const file = await readServerFile(dataDir);
    if (file !== null && stillRuns(file) && (await answers(file.url))) return { ...file, dataDir };
  }
  return null;
}

/** Whether a server says that it is well. By Node's own client: to load `fetch` takes longer than to ask. */
export async function answers(url: string): Promise<boolean> {
  try {
    const health = new URL('/healthz', url);
    const { get } = health.protocol === 'https:' ? await import('node:https') : await import('node:http');
    const request = get(health, { agent: false, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.destroy();
    return response.statusCode === 200;
  } catch {
    // Refused, silent or something else than HTTP: no server of ours.
    return false;
  }
}

/** The owner's token that a server keeps in its data directory. */
export async function readTokenFile(dataDir: string): Promise<string | null> {
  try {
    const token = (await readFile(join(dataDir, 'token'), 'utf8')).trim();
    return token === '' ? null : token;
  } catch {
    // Not there, or not ours to read: the caller says what to do.
    return null;
  }
}

/**
 * Whether the process that left the word still runs. After a crash another one may have its pid, and anybody on the machine
 * its port, who would be shown the owner's token.
 */
export function stillRuns({ pid, startTicks }: ServerFile): boolean {
  return startTicks === undefined ? isAlive(pid) : findProcess(pid)?.startTicks === startTicks;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
