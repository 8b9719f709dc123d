import type { SessionSummary } from '@hearth/protocol';
import { agentName, cost, relativeTime, shortPath } from '../format.ts';
import { sessionPath } from '../navigation.ts';
import { Link } from '../parts/link.tsx';
import { strings } from '../strings/strings.ts';
import { StandingBadge } from './phase-badge.tsx';
import { SessionMenu } from './session-menu.tsx';
import { listStandingOf } from './standing.ts';
import { titleOf } from './title.ts';

export interface SessionRowProps {
  session: SessionSummary;
  current: boolean;
  unread: boolean;
  /** Whether the folder is to be told: it is not under a project's own head. */
  tellsFolder: boolean;
  nowMs: number;
}

/** One session in the list: what it is about, how it stands, and what is new. */
export function SessionRow({ session, current, unread, tellsFolder, nowMs }: SessionRowProps) {
  const standing = listStandingOf(session);
  const price = session.usage.costUsd > 0 ? cost(session.usage.costUsd) : null;
  const facts = [agentName(session.agent), tellsFolder ? shortPath(session.cwd) : null, price];
  return (
    <div
      data-standing={standing}
      className={`group relative flex h-full items-center rounded-xl border transition-colors ${current ? 'border-line bg-panel shadow-xs' : 'border-transparent hover:bg-panel'}`}
    >
      <Link
        href={sessionPath(session.id)}
        data-row={session.id}
        aria-current={current ? 'page' : undefined}
        className="flex h-full min-w-0 flex-1 flex-col justify-center rounded-xl px-3"
      >
        <span className="flex items-baseline gap-2">
          {unread && <span className="size-2 shrink-0 -translate-y-px rounded-full bg-ember" aria-hidden="true" />}
          <span
            dir="auto"
            className={`min-w-0 flex-1 truncate text-start text-sm ${unread ? 'font-semibold' : 'font-medium'}`}
          >
            {titleOf(session)}
          </span>
          {unread && <span className="sr-only">{strings.sessions.unread}</span>}
          <time
            dateTime={session.updatedAt}
            className="shrink-0 text-xs text-soft tabular-nums group-focus-within:invisible group-hover:invisible max-md:me-9 max-md:group-focus-within:visible max-md:group-hover:visible"
          >
            {relativeTime(session.updatedAt, nowMs)}
          </time>
        </span>
        <span className="mt-0.5 flex items-center gap-2 text-xs text-soft">
          <StandingBadge standing={standing} />
          <span className="min-w-0 truncate" title={session.cwd}>
            {facts.filter((fact) => fact !== null).join(' · ')}
          </span>
        </span>
      </Link>
      <SessionMenu
        session={session}
        className="absolute end-1.5 top-1.5 md:opacity-0 md:group-focus-within:opacity-100 md:group-hover:opacity-100 md:aria-expanded:opacity-100"
      />
    </div>
  );
}
