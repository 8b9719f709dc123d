import type { ApprovalItem } from '@hearth/client/conversation';
import { ShieldCheck, ShieldX } from 'lucide-react';

/** What became of an approval. A pending one has its card; leave that was given shows in what the tool did. */
export function ApprovalOutcome({ item: { approval, outcome, message } }: { item: ApprovalItem }) {
  const text = words(approval.kind, outcome, message);
  if (text === undefined) return null;
  const Icon = outcome === 'answer' || outcome === 'allow' ? ShieldCheck : ShieldX;
  return (
    <p className="my-2 flex items-start gap-2 text-sm text-soft" data-outcome={outcome}>
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
      <span className="min-w-0 [overflow-wrap:anywhere]">{text}</span>
    </p>
  );
}

function words(
  kind: ApprovalItem['approval']['kind'],
  outcome: ApprovalItem['outcome'],
  message: string | undefined,
): string | undefined {
  switch (outcome) {
    case 'pending':
      return undefined;
    case 'allow':
      return kind === 'plan' ? 'You approved the plan.' : undefined;
    case 'answer':
      return 'You answered.';
    case 'deny':
      return message === undefined || message === '' ? 'You said no.' : `You said no: ${message}`;
    case 'expired':
      return 'Nobody answered in time, so it was denied.';
    case 'cancelled':
      return 'No answer is needed any more.';
  }
}
