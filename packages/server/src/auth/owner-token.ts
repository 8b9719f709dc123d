import { chmod, link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import { newSecret } from './secret.ts';

/** A header value: visible ASCII. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * The owner's token: the configured one, else the one kept in `<dataDir>/token` (mode 0600), which is made the first
 * time. Two servers that start at once end up with the same one.
 * @throws HearthError `invalid_request` when the file holds no usable token, `internal` when it cannot be read or written
 */
export async function ownerToken(dataDir: string, configured: string | undefined): Promise<string> {
  if (configured !== undefined) return usable(configured, 'The configured owner token');
  const path = join(dataDir, 'token');
  try {
    return (await read(path)) ?? (await make(dataDir, path));
  } catch (cause) {
    if (cause instanceof HearthError) throw cause;
    throw new HearthError('internal', `The owner token in ${path} can be neither read nor made.`, {
      hint: 'Check who owns the data directory and that the disk has room, or set HEARTH_TOKEN.',
      cause,
    });
  }
}

async function read(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (text === null) return null;
  const token = usable(text.trim(), `The owner token in ${path}`);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) await chmod(path, 0o600);
  return token;
}

async function make(dataDir: string, path: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const token = newSecret('hearth_owner_');
  const draft = `${path}.${process.pid}.${newSecret('').slice(0, 8)}`;
  await writeFile(draft, `${token}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
    return token;
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    return (await read(path)) ?? token;
  } finally {
    await unlink(draft);
  }
}

function usable(token: string, what: string): string {
  if (TOKEN.test(token)) return token;
  throw new HearthError('invalid_request', `${what} is empty or has characters that a header cannot carry.`, {
    hint: 'Use visible ASCII characters without spaces, or remove the file so that a new token is made.',
  });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
