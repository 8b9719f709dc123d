import { HearthError } from '@hearth/protocol/errors';

/**
 * Opens what is in a data directory.
 * @throws HearthError that tells of another command when that has the directory, and no server
 */
export async function openDirectory<Opened>(dataDir: string, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!isInUse(error)) throw error;
    const { findServer } = await import('./discovery.ts');
    if ((await findServer([dataDir])) !== null) throw error;
    throw new HearthError(error.code, error.message.replace('Hearth server', 'hearth command'), {
      hint: 'Wait for its end. Several commands at once need a server: hearth serve.',
      cause: error,
    });
  }
}

/** SQLite's lock on the data directory is held. */
function isInUse(error: unknown): error is HearthError {
  const { code } = Object(error instanceof HearthError ? error.cause : undefined) as { code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}
