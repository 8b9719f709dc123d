/**
 * PostgreSQL's text holds every character but U+0000. U+0001 marks what stands for one: it and U+0000 are written as
 * two characters, everything else as it is. JSON text never holds either as such, so bodies and records stay as they are.
 */
const NUL = '\u0000';
const MARK = '\u0001';
const ENCODED_NUL = `${MARK}\u0002`;
const ENCODED_MARK = `${MARK}${MARK}`;

export function encodeText(text: string): string {
  if (!text.includes(NUL) && !text.includes(MARK)) return text;
  return text.replaceAll(MARK, ENCODED_MARK).replaceAll(NUL, ENCODED_NUL);
}

export function decodeText(text: string): string {
  if (!text.includes(MARK)) return text;
  return text
    .split(ENCODED_MARK)
    .map((part) => part.replaceAll(ENCODED_NUL, NUL))
    .join(MARK);
}

/** A parameter of a query as the database takes it; the items of a list too. */
export function encodeParameter(value: unknown): unknown {
  if (typeof value === 'string') return encodeText(value);
  return Array.isArray(value) ? value.map(encodeParameter) : value;
}
