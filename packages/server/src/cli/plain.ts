/** Control characters except line feed and tab, and those that turn the direction of a text around. */
const UNSAFE = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu;

/** A text of the agent or of a tool, without what would steer the terminal instead of standing on it. */
export function plain(text: string): string {
  return text.replace(UNSAFE, '');
}

/** A text on one line, cut to a length in characters. */
export function oneLine(text: string, maxLength: number): string {
  const line = plain(text).replace(/\s+/g, ' ').trim();
  return line.length <= maxLength ? line : `${line.slice(0, Math.max(0, maxLength - 1))}…`;
}

/** What a command writes to standard output: as it is for a file or a program, and plain for a screen. */
export function forOutput(text: string, isScreen = process.stdout.isTTY): string {
  return isScreen ? plain(text) : text;
}
