const TITLE_LENGTH = 80;

/** The first line of the first message, cut to a length that fits a list. */
export function titleOf(text: string): string {
  const line = text.trim().split(/[\r\n]/, 1)[0] ?? '';
  if (line.length <= TITLE_LENGTH) return line;
  // The cut may leave half of a surrogate pair.
  return `${line.slice(0, TITLE_LENGTH - 1).replace(/\p{Surrogate}$/u, '')}…`;
}
