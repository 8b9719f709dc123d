const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** The exclusive end of a period as ISO time: a date without a time means its whole day (UTC). */
export function periodEnd(to: string): string {
  const time = new Date(to).getTime();
  return new Date(DATE_ONLY.test(to) ? time + DAY_MS : time).toISOString();
}
