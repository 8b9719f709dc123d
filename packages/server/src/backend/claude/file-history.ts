import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalPlace } from './local-transcript.ts';

/** Makes the binary keep copies of files before its tools edit them. The SDK's option for it refuses a session store. */
export const CHECKPOINTS_ON = { CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING: 'true' } as const;

/** Where the binary keeps the copies of files that a conversation's checkpoints name: `<config>/file-history/<id>/`. */
function folder({ configDir, agentSessionId }: LocalPlace): string {
  return join(configDir, 'file-history', agentSessionId);
}

/**
 * Gives a copy of a conversation the copies of files that its checkpoints name. Their times go along: the binary takes
 * a file that is older than its copy, and as long, for unchanged.
 */
export async function copyFileHistory(from: LocalPlace, to: LocalPlace): Promise<void> {
  const names = await namesIn(folder(from));
  if (names.length === 0) return;
  await mkdir(folder(to), { recursive: true, mode: 0o700 });
  for (const name of names) {
    const [source, copy] = [join(folder(from), name), join(folder(to), name)];
    await copyFile(source, copy, constants.COPYFILE_FICLONE);
    const { atime, mtime } = await stat(source);
    await utimes(copy, atime, mtime);
  }
}

export async function removeFileHistory(place: LocalPlace): Promise<void> {
  await rm(folder(place), { recursive: true, force: true });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
