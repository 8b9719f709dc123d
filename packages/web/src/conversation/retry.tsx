import type { ScheduledRetry } from '@hearth/client/conversation';
import { RotateCw } from 'lucide-react';
import { duration } from '../format.ts';
import { strings } from '../strings/strings.ts';

/** The model API failed, and is asked again after a while. */
export function Retry({ retry: { attempt, maxAttempts, delayMs, error } }: { retry: ScheduledRetry }) {
  const code = `${error.code.replaceAll('_', ' ')}${error.status === undefined ? '' : ` (${error.status})`}`;
  return (
    <p
      role="status"
      data-retry={attempt}
      className="my-3 flex items-center gap-2 rounded-xl bg-warn-soft px-3.5 py-2 text-sm text-warn"
    >
      <RotateCw className="size-4 shrink-0 animate-spin" aria-hidden="true" />
      <span>{strings.conversation.retry(code, attempt, maxAttempts, duration(delayMs))}</span>
    </p>
  );
}
