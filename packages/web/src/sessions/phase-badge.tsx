import type { Phase } from '@hearth/protocol';
import { STANDING_TEXT, standingOf } from './standing.ts';
import type { Standing } from './standing.ts';

const LOOKS: Readonly<Record<Standing, { badge: string; dot: string }>> = {
  working: { badge: 'bg-good-soft text-good', dot: 'bg-good breathing' },
  waiting: { badge: 'bg-warn-soft text-warn', dot: 'bg-warn' },
  idle: { badge: 'text-soft', dot: 'bg-line-strong' },
  closed: { badge: 'text-soft', dot: 'bg-line-strong' },
};

export function PhaseBadge({ phase }: { phase: Phase }) {
  const standing = standingOf(phase);
  const { badge, dot } = LOOKS[standing];
  return (
    <span
      className={`inline-flex shrink-0 items-center gap-1.5 rounded-full whitespace-nowrap py-px text-xs font-medium ${badge} ${standing === 'idle' || standing === 'closed' ? '' : 'px-2'}`}
    >
      <span className={`size-1.5 rounded-full ${dot}`} aria-hidden="true" />
      {STANDING_TEXT[standing]}
    </span>
  );
}
