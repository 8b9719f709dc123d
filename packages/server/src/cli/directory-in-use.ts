import { HearthError } from '@hearth/protocol/errors';

/**
 * Opens what is in a data directory.
 * @throws HearthError that tells who has the directory: a server, one that does not answer, or another command
 */
export async function openDirectory<Opened>(dataDir: string, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!isInUse(error)) throw error;
    const [{ findServer }, { readServerFile }] = await Promise.all([
      import('./discovery.ts'),
      import('./server-file.ts'),
    ]);
    if ((await findServer([dataDir])) !== null) throw error;
    const silent = await readServerFile(dataDir);
    if (silent !== null && error.message.includes(`(pid ${silent.pid})`)) {
      throw new HearthError(
        'agent_unavailable',
        `The Hearth server at ${silent.url} (pid ${silent.pid}) does not answer.`,
        {
          hint: 'Try again when it has less to do; when it never answers, look into its log and start it anew.',
          cause: error,
        },
      );
    }
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
