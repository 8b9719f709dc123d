import type { Phase } from '@hearth/protocol';
import { strings } from '../strings/strings.ts';
import { standingOf } from './standing.ts';
import type { ListStanding } from './standing.ts';

const LOOKS: Readonly<Record<ListStanding, { badge: string; dot: string }>> = {
  working: { badge: 'bg-good-soft text-good px-2', dot: 'bg-good breathing' },
  waiting: { badge: 'bg-warn-soft text-warn px-2', dot: 'bg-warn' },
  failed: { badge: 'bg-bad-soft text-bad px-2', dot: 'bg-bad' },
  idle: { badge: 'text-soft', dot: 'bg-line-strong' },
  closed: { badge: 'text-soft', dot: 'bg-line-strong' },
};

export function PhaseBadge({ phase }: { phase: Phase }) {
  return <StandingBadge standing={standingOf(phase)} />;
}

export function StandingBadge({ standing }: { standing: ListStanding }) {
  const { badge, dot } = LOOKS[standing];
  return (
    <span
      className={`inline-flex shrink-0 items-center gap-1.5 rounded-full py-px text-xs font-medium whitespace-nowrap ${badge}`}
    >
      <span className={`size-1.5 rounded-full ${dot}`} aria-hidden="true" />
      {strings.sessions.standing[standing]}
    </span>
  );
}
