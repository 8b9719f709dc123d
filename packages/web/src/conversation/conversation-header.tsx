import type { Context, PermissionMode, Phase, Session } from '@hearth/protocol';
import { ArrowLeft, Search } from 'lucide-react';
import { useState } from 'react';
import { agentName, cost, shortPath } from '../format.ts';
import { Link } from '../parts/link.tsx';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { modeName, PERMISSION_MODES } from '../sessions/permission-modes.ts';
import { PhaseBadge } from '../sessions/phase-badge.tsx';
import { SessionMenu } from '../sessions/session-menu.tsx';
import { useSessions } from '../sessions/sessions-store.ts';
import { titleOf } from '../sessions/title.ts';
import { strings } from '../strings/strings.ts';
import { IconButton } from './icon-button.tsx';
import { ContextMeter } from './context-meter.tsx';

export interface ConversationHeaderProps {
  session: Session;
  phase: Phase;
  costUsd: number;
  context: Context | null;
  find: () => void;
}

export function ConversationHeader({ session, phase, costUsd, context, find }: ConversationHeaderProps) {
  const listed = useSessions((store) => store.current);
  return (
    <header className="flex min-h-14 shrink-0 items-center gap-3 border-b border-line px-3 py-2 sm:px-5">
      <Link
        href="/"
        aria-label={strings.shell.back}
        className="grid size-9 shrink-0 place-items-center rounded-lg hover:bg-sunken md:hidden"
      >
        <ArrowLeft className="size-5 rtl:rotate-180" aria-hidden="true" />
      </Link>
      <div className="min-w-0 flex-1">
        <div className="flex items-center gap-2.5">
          <h1 dir="auto" className="min-w-0 truncate text-[0.9375rem] leading-tight font-semibold">
            {titleOf(session)}
          </h1>
          <span className="max-sm:hidden">
            <PhaseBadge phase={phase} />
          </span>
        </div>
        <p className="mt-0.5 truncate text-xs text-soft" title={session.cwd}>
          <span className="me-2 sm:hidden">
            <PhaseBadge phase={phase} />
          </span>
          {agentName(session.agent)}
          {session.model === null ? '' : ` · ${session.model}`} · {shortPath(session.cwd)}
          {costUsd > 0 && ` · ${cost(costUsd)}`}
        </p>
      </div>
      <span className="max-sm:hidden">{context !== null && <ContextMeter context={context} />}</span>
      <IconButton label={strings.conversation.find.open} onClick={find} className="size-9">
        <Search className="size-4.5" aria-hidden="true" />
      </IconButton>
      <ModeSelect session={session} closed={phase === 'closed'} />
      {listed !== null && listed.id === session.id && <SessionMenu session={listed} />}
    </header>
  );
}

function ModeSelect({ session, closed }: { session: Session; closed: boolean }) {
  const [failure, setFailure] = useState('');
  const known = PERMISSION_MODES.some(({ mode }) => mode === session.permissionMode);
  const change = (permissionMode: PermissionMode): void => {
    setFailure('');
    hearth
      .session(session.id)
      .update({ permissionMode })
      .catch((error: unknown) => setFailure(asProblem(error).message));
  };
  return (
    <div className="relative hidden sm:block">
      <select
        aria-label={strings.sessions.create.permissions}
        value={session.permissionMode}
        disabled={closed}
        onChange={(event) => change(event.target.value as PermissionMode)}
        className="h-9 rounded-lg border border-line bg-panel px-2 text-[0.8125rem] hover:border-line-strong"
      >
        {!known && <option value={session.permissionMode}>{modeName(session.permissionMode)}</option>}
        {PERMISSION_MODES.map(({ mode, name, meaning }) => (
          <option key={mode} value={mode} title={meaning}>
            {name}
          </option>
        ))}
      </select>
      <p role="status" className="absolute top-full right-0 z-10 w-64 text-right text-xs text-bad">
        {failure}
      </p>
    </div>
  );
}
