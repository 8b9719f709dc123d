import type { ScheduledRetry } from '@hearth/client/conversation';
import { RotateCw } from 'lucide-react';
import { duration, shortTime } from '../format.ts';
import { strings } from '../strings/strings.ts';

/** For a longer wait its end is told rather than its length, which is true for a moment only. */
const LONG_MS = 60_000;

/** The model API failed, and is asked again after a while. */
export function Retry({ retry }: { retry: ScheduledRetry }) {
  const { attempt } = retry;
  return (
    <p
      role="status"
      data-retry={attempt}
      className="my-3 flex items-center gap-2 rounded-xl bg-warn-soft px-3.5 py-2 text-sm text-warn"
    >
      <RotateCw className="size-4 shrink-0 animate-spin" aria-hidden="true" />
      <span>{textOf(retry)}</span>
    </p>
  );
}

function textOf({ attempt, maxAttempts, delayMs, error, time }: ScheduledRetry): string {
  const words = strings.conversation;
  const code = `${error.code.replaceAll('_', ' ')}${error.status === undefined ? '' : ` (${error.status})`}`;
  if (delayMs === 0) return words.rotating(code);
  if (delayMs < LONG_MS) return words.retry(code, attempt, maxAttempts, duration(delayMs));
  const end = new Date(Date.parse(time) + delayMs).toISOString();
  return words.retryAt(code, shortTime(end, Date.parse(time)));
}
