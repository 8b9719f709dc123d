import { HearthError } from '@hearth/protocol/errors';
import type { CopyOptions } from '../store/sqlite/copy.ts';
import { onStopSignal } from './stop-signals.ts';

/**
 * Runs a copy and shows on a terminal how far it is. Ctrl-C ends it and leaves everything as it was.
 * @param what is being done, as in “saving”
 */
export async function withProgress<Result>(
  what: string,
  copy: (options: CopyOptions) => Promise<Result>,
): Promise<Result> {
  const { default: ora } = await import('ora');
  const spinner = ora({ isSilent: !process.stderr.isTTY, discardStdin: false }).start(what);
  const abort = new AbortController();
  const stopListening = onStopSignal(() =>
    abort.abort(new HearthError('internal', 'Stopped.', { hint: 'Nothing was changed.' })),
  );
  try {
    return await copy({
      onProgress: (share) => {
        spinner.text = share < 1 ? `${what}: ${Math.floor(share * 100)} %` : `${what}: checking`;
      },
      signal: abort.signal,
    });
  } finally {
    spinner.stop();
    stopListening();
  }
}
