import { HearthError } from '@hearth/protocol/errors';
import { leavable } from './leavable.ts';
import { oneLine } from './plain.ts';

/** Asks whether these may be removed. @throws HearthError when somebody says no, or nobody can be asked */
export async function confirmRemoval(names: readonly string[]): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new HearthError('invalid_request', 'Nobody can be asked whether to remove them.', {
      hint: 'Add --yes to remove them without asking.',
    });
  }
  const { confirm } = await import('@clack/prompts');
  const message = `Remove ${names.map((name) => `“${oneLine(name, 60)}”`).join(', ')} for good?`;
  const sure = await leavable((signal) => confirm({ message, initialValue: false, output: process.stderr, signal }));
  if (sure !== true) throw new HearthError('invalid_request', 'Nothing was removed.', { hint: 'You did not say yes.' });
}
