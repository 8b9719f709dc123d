import { Plus } from 'lucide-react';
import { useEffect } from 'react';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Flame } from '../parts/flame.tsx';
import { Link } from '../parts/link.tsx';
import { useNow } from '../parts/now.ts';
import { SessionRow } from './session-row.tsx';
import { followSessions, useSessions } from './sessions-store.ts';

export function SessionList({ current }: { current: string | undefined }) {
  const { list, showMore } = useSessions();
  const nowMs = useNow();
  useEffect(followSessions, []);
  return (
    <nav aria-label="Sessions" className="flex h-full flex-col">
      <div className="flex h-14 shrink-0 items-center gap-2.5 px-4">
        <Link href="/" className="flex items-center gap-2.5 rounded-lg font-semibold tracking-tight">
          <Flame />
          <span className="text-lg">Hearth</span>
        </Link>
        <Link
          href="/new"
          className="ml-auto inline-flex h-9 items-center gap-1.5 rounded-lg bg-ember px-3 text-sm font-medium text-on-ember transition-colors hover:bg-ember-strong"
        >
          <Plus className="size-4" aria-hidden="true" />
          New session
        </Link>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        {list.status === 'loading' && <Placeholders />}
        {list.status === 'failed' && <ErrorBox message={list.error.message} hint={list.error.hint} />}
        {list.status === 'ready' && list.items.length === 0 && (
          <p className="px-3 py-6 text-sm text-soft">No sessions yet. Your first one will stand here.</p>
        )}
        {list.status === 'ready' && (
          <ul className="space-y-0.5">
            {list.items.map((session) => (
              <SessionRow key={session.id} session={session} current={session.id === current} nowMs={nowMs} />
            ))}
          </ul>
        )}
        {list.status === 'ready' && list.hasMore && (
          <Button look="bare" size="small" className="mx-3 mt-2" onClick={showMore}>
            Show older sessions
          </Button>
        )}
      </div>
    </nav>
  );
}

function Placeholders() {
  return (
    <div role="status" aria-label="Loading the sessions" className="space-y-2 px-3 py-2">
      {[0, 1, 2].map((row) => (
        <div key={row} className="h-12 rounded-xl bg-sunken breathing" />
      ))}
    </div>
  );
}
