import type { ApprovalItem } from '@hearth/client/conversation';
import { ShieldCheck, ShieldX } from 'lucide-react';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.outcome;

/** What became of an approval. A pending one has its card; leave that was given shows in what the tool did. */
export function ApprovalOutcome({ item: { approval, outcome, message } }: { item: ApprovalItem }) {
  const text = textOf(approval.kind, outcome, message);
  if (text === undefined) return null;
  const Icon = outcome === 'answer' || outcome === 'allow' ? ShieldCheck : ShieldX;
  return (
    <p className="my-2 flex items-start gap-2 text-sm text-soft" data-outcome={outcome}>
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
      <span dir="auto" className="min-w-0 [overflow-wrap:anywhere]">
        {text}
      </span>
    </p>
  );
}

function textOf(
  kind: ApprovalItem['approval']['kind'],
  outcome: ApprovalItem['outcome'],
  message: string | undefined,
): string | undefined {
  switch (outcome) {
    case 'pending':
      return undefined;
    case 'allow':
      return kind === 'plan' ? words.planApproved : undefined;
    case 'answer':
      return words.answered;
    case 'deny':
      return message === undefined || message === '' ? words.denied : words.deniedBecause(message);
    case 'expired':
      return words.expired;
    case 'cancelled':
      return words.cancelled;
  }
}
