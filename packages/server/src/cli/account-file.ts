import { chmod, open, readFile, rename, rm } from 'node:fs/promises';
import { HearthError } from '@hearth/protocol/errors';

/** Writes an export for its user alone, whole or not at all. @throws HearthError when the file exists, or cannot be written */
export async function writeExport(file: string, data: string, force: boolean): Promise<void> {
  const draft = `${file}.partial-${process.pid}`;
  try {
    if (!force) await refuseExisting(file);
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${data}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(draft, 0o600);
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    if (cause instanceof HearthError) throw cause;
    throw new HearthError('invalid_request', `${file} cannot be written: ${reasonOf(cause)}.`, {
      hint: 'Name another file.',
      cause,
    });
  }
}

/** @throws HearthError when it cannot be read */
export async function readExport(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new HearthError('invalid_request', `${file} cannot be read: ${reasonOf(cause)}.`, {
      hint: 'Name a file that hearth accounts export made.',
      cause,
    });
  }
}

async function refuseExisting(file: string): Promise<void> {
  const there = await open(file, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (there === null) return;
  await there.close();
  throw new HearthError('invalid_request', `${file} exists already.`, {
    hint: 'Name another file, or replace it with --force.',
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
