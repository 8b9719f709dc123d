/** The value of a key that may come from outside, so that `constructor` is not found in every record. */
export function at<Value>(record: Record<string, Value>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The record without one key. */
export function without<Value>(record: Record<string, Value>, key: string): Record<string, Value> {
  const { [key]: _, ...rest } = record;
  return rest;
}

/** Whether there is any entry in it. */
export function hasAny(record: Record<string, unknown>): boolean {
  for (const _ in record) return true;
  return false;
}
