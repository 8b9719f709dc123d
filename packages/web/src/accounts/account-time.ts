/** A time that is to come, as short as it can be said: `14:05`, or with its day when that is another one. */
export function shortTime(time: string, nowMs: number): string {
  const date = new Date(time);
  const sameDay = date.toDateString() === new Date(nowMs).toDateString();
  return date.toLocaleString(undefined, sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });
}
