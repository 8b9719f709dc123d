import { HearthError } from '@hearth/protocol';

const DAY_MS = 86_400_000;
const BARE_DATE = /^\d{4}-\d{2}-\d{2}$/;

/** A span of time in ms since 1970: from inclusive, to exclusive. */
export interface UsageRange {
  fromMs: number | undefined;
  toMs: number | undefined;
}

/** Reads the ends of a report. A bare date is its day in UTC; as an end, the whole of that day belongs to the span. */
export function usageRange(from: string | undefined, to: string | undefined): UsageRange {
  return {
    fromMs: from === undefined ? undefined : parse('from', from),
    toMs: to === undefined ? undefined : parse('to', to) + (BARE_DATE.test(to) ? DAY_MS : 0),
  };
}

function parse(path: string, time: string): number {
  const ms = Date.parse(time);
  if (Number.isFinite(ms)) return ms;
  throw new HearthError('invalid_request', `${path} is not a time: ${JSON.stringify(time)}.`, {
    hint: 'Give a date (2026-01-31) or an ISO time (2026-01-31T12:00:00Z).',
    issues: [{ path, message: 'is not a date or an ISO time' }],
  });
}
