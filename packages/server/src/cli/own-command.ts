import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PACKAGE_ROOT } from '../package-root.ts';

const ROOT = join(PACKAGE_ROOT, '..', '..');

/** How the user starts this program: from a repository by its launcher, else by its name. */
export function ownCommand(cwd: string = process.cwd()): string {
  const launcher = join(ROOT, 'bin', 'hearth');
  if (!existsSync(launcher)) return 'hearth';
  const way = relative(cwd, launcher);
  return shellWord(way.startsWith('..') ? launcher : `./${way}`);
}

/** A text as one word of a shell. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
