import type { Session } from '@hearth/protocol';
import { agentName, relativeTime, shortPath } from '../format.ts';
import { sessionPath } from '../navigation.ts';
import { Link } from '../parts/link.tsx';
import { PhaseBadge } from './phase-badge.tsx';
import { titleOf } from './title.ts';

export interface SessionRowProps {
  session: Session;
  current: boolean;
  nowMs: number;
}

export function SessionRow({ session, current, nowMs }: SessionRowProps) {
  return (
    <li>
      <Link
        href={sessionPath(session.id)}
        aria-current={current ? 'page' : undefined}
        className="block rounded-xl border border-transparent px-3 py-2.5 transition-colors hover:bg-panel aria-[current=page]:border-line aria-[current=page]:bg-panel aria-[current=page]:shadow-xs"
      >
        <span className="flex items-baseline gap-3">
          <span className="min-w-0 flex-1 truncate text-sm font-medium">{titleOf(session)}</span>
          <time dateTime={session.updatedAt} className="shrink-0 text-xs text-soft tabular-nums">
            {relativeTime(session.updatedAt, nowMs)}
          </time>
        </span>
        <span className="mt-1 flex items-center gap-2 text-xs text-soft">
          <PhaseBadge phase={session.phase} />
          <span className="min-w-0 truncate" title={session.cwd}>
            {agentName(session.agent)} · {shortPath(session.cwd)}
          </span>
        </span>
      </Link>
    </li>
  );
}
