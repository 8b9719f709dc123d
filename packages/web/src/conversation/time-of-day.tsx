import { useNow } from '../parts/now.ts';

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

/** When something was: the time, with the day when it was not today. */
export function TimeOfDay({ time: at }: { time: string }) {
  const nowMs = useNow();
  const date = new Date(at);
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return (
    <time dateTime={at} title={whole.format(date)}>
      {(isToday ? time : day).format(date)}
    </time>
  );
}
