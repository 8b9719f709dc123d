import { HearthError } from '@hearth/protocol/errors';
import { inOwnWords } from './own-words.ts';
import { plain } from './plain.ts';

/** Levels at which whoever looks wants to see where an error comes from. */
const WITH_STACK = new Set(['debug', 'trace']);

/** What went wrong and what to do, in lines for a person. */
export function failureLines(error: unknown): string[] {
  const { message, hint } = wordsOf(error);
  const lines = [`hearth: ${plain(message)}`];
  if (error instanceof HearthError) {
    for (const { path, message: what } of error.issues ?? []) lines.push(`  ${plain(path)}: ${plain(what)}`);
  }
  if (hint !== undefined) lines.push(`  → ${plain(hint)}`);
  return lines;
}

/** Prints an error to standard error, without a stack trace unless the log level asks for one. @returns the exit code */
export function reportFailure(error: unknown, logLevel = wantedLevel()): number {
  const lines = failureLines(error);
  if (WITH_STACK.has(logLevel)) lines.push(...stacks(error));
  process.stderr.write(`${lines.join('\n')}\n`);
  return 1;
}

/** Standard output does not take what the command has to say. */
export function cannotWrite(cause: NodeJS.ErrnoException): HearthError {
  const why = cause.code === 'ENOSPC' ? 'there is no room left' : cause.message;
  return new HearthError('internal', `Standard output cannot be written: ${why}.`, {
    hint: 'Make room, or write it to another place.',
    cause,
  });
}

function wordsOf(error: unknown): { message: string; hint?: string } {
  if (error instanceof HearthError) return inOwnWords(error);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'hint' in error && typeof error.hint === 'string') return { message, hint: error.hint };
  const hint = 'This was not expected. HEARTH_LOG_LEVEL=debug shows where it comes from; please report it.';
  return { message, hint };
}

function wantedLevel(): string {
  const at = process.argv.findIndex((arg) => arg === '--log-level');
  const inline = process.argv.find((arg) => arg.startsWith('--log-level='));
  const flag = at === -1 ? inline?.slice('--log-level='.length) : process.argv[at + 1];
  return flag ?? process.env['HEARTH_LOG_LEVEL'] ?? 'info';
}

function stacks(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = error.stack === undefined ? [] : [error.stack];
  return error.cause === undefined ? own : [...own, 'caused by:', ...stacks(error.cause)];
}
