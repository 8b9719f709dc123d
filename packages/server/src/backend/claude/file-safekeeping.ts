import { copyFile, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HearthError } from '@hearth/protocol';

/** Files as they were, so that a change of several of them can be taken back as a whole. */
export interface Safekeeping {
  putBack(): Promise<void>;
  discard(): Promise<void>;
}

/** @throws HearthError `invalid_request` for anything that is no file of its own: a link, a folder */
export async function keepSafe(files: readonly string[]): Promise<Safekeeping> {
  const there = new Map<string, boolean>();
  for (const file of files) there.set(file, await isFile(file));
  const folder = await mkdtemp(join(tmpdir(), 'hearth-rewind-'));
  const copyOf = (index: number): string => join(folder, String(index));
  const discard = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    for (const [index, file] of files.entries()) if (there.get(file) === true) await copyFile(file, copyOf(index));
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    async putBack() {
      for (const [index, file] of files.entries()) {
        if (there.get(file) !== true) {
          await rm(file, { force: true });
          continue;
        }
        await mkdir(dirname(file), { recursive: true });
        await copyFile(copyOf(index), file);
      }
    },
    discard,
  };
}

async function isFile(file: string): Promise<boolean> {
  const stat = await lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (stat === null) return false;
  if (stat.isFile() && stat.nlink === 1) return true;
  throw new HearthError('invalid_request', `The files were not put back: ${file} is a link or a folder by now.`, {
    hint: 'Move it out of the way, or rewind the conversation alone.',
  });
}
