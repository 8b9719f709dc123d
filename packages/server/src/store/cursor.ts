import { Buffer } from 'node:buffer';
import { HearthError } from '@hearth/protocol';

interface FieldTypes {
  number: number;
  string: string;
}
type FieldType = keyof FieldTypes;

/** A place in a listing as the opaque text that clients hand back: the sort key of the last item of a page. */
export function encodeCursor(fields: readonly (number | string)[]): string {
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** @throws HearthError `invalid_request` when the text is not one that `encodeCursor` made with these types */
export function decodeCursor<const Types extends readonly FieldType[]>(
  cursor: string,
  types: Types,
): { [Index in keyof Types]: FieldTypes[Types[Index]] } {
  const fields = parse(cursor);
  if (!isOf(fields, types)) {
    throw new HearthError('invalid_request', 'The cursor is not one that this listing gave.', {
      hint: 'Send nextCursor of the page before as it is, or leave the cursor out to begin at the start.',
      issues: [{ path: 'cursor', message: 'is not a cursor of this listing' }],
    });
  }
  return fields;
}

function isOf<const Types extends readonly FieldType[]>(
  fields: unknown,
  types: Types,
): fields is { [Index in keyof Types]: FieldTypes[Types[Index]] } {
  return (
    Array.isArray(fields) &&
    fields.length === types.length &&
    types.every((type, index) =>
      type === 'number' ? Number.isSafeInteger(fields[index]) : typeof fields[index] === type,
    )
  );
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
