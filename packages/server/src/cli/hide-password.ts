import { holdsPassword } from '../config/database-url.ts';

/**
 * Takes a password in an argument out of the sight of others on the machine: the title takes the place of the arguments.
 * @returns whether there was one
 */
export function hidePassword(title: string): boolean {
  const exposed = process.argv.some((argument) => holdsPassword(argument.replace(/^--database-url=/, '')));
  if (exposed) process.title = title;
  return exposed;
}
