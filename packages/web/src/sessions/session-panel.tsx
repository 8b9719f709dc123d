import { ChartColumn, Command, Plus, Search, Settings, X } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { openOverlay } from '../overlays.ts';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Flame } from '../parts/flame.tsx';
import { Link } from '../parts/link.tsx';
import { preferences, prefer } from '../settings/preferences.ts';
import { strings } from '../strings/strings.ts';
import { useKept } from '../use-kept.ts';
import { SessionRows } from './session-list.tsx';
import { matches } from './session-order.ts';
import type { ListQuery } from './session-order.ts';
import { refreshSessions, showSessions, useSessions } from './sessions-store.ts';

const words = strings.sessions;
const SHOWS = ['open', 'waiting', 'active', 'archived'] as const satisfies readonly ListQuery['show'][];
const SEARCH_AFTER_MS = 150;

/** Everything about sessions that stands beside a conversation; on a phone a page of its own. */
export function SessionPanel({ current }: { current: string | undefined }) {
  return (
    <nav aria-label={words.title} className="flex h-full flex-col">
      <div className="flex h-14 shrink-0 items-center gap-2 px-4">
        <Link href="/" className="flex items-center gap-2.5 rounded-lg font-semibold tracking-tight">
          <Flame />
          <span className="text-lg">{strings.shell.name}</span>
        </Link>
        <Link
          href="/new"
          className="ms-auto inline-flex h-9 items-center gap-1.5 rounded-lg bg-ember px-3 text-sm font-medium text-on-ember transition-colors hover:bg-ember-strong"
        >
          <Plus className="size-4" aria-hidden="true" />
          {words.new}
        </Link>
      </div>
      <Filters />
      <List current={current} />
      <Foot />
    </nav>
  );
}

function Filters() {
  const { q, show } = useSessions((store) => store.query);
  const { byProject } = useKept(preferences);
  const [text, setText] = useState(q);
  useEffect(() => {
    if (text === q) return undefined;
    const timer = setTimeout(() => showSessions({ q: text }), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, q]);
  return (
    <div className="space-y-2 px-4 pt-1 pb-2">
      <div className="relative">
        <Search className="pointer-events-none absolute start-3 top-2.5 size-4 text-soft" aria-hidden="true" />
        <input
          id="session-search"
          type="text"
          inputMode="search"
          aria-label={words.search}
          placeholder={words.searchHint}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === 'Escape' && setText('')}
          className="block h-9 w-full rounded-lg border border-line bg-panel ps-9 pe-9 text-sm placeholder:text-soft hover:border-line-strong"
        />
        {text !== '' && (
          <button
            type="button"
            aria-label={words.clearSearch}
            onClick={() => setText('')}
            className="absolute end-1 top-1 grid size-7 place-items-center rounded-md text-soft hover:bg-sunken hover:text-ink"
          >
            <X className="size-4" aria-hidden="true" />
          </button>
        )}
      </div>
      <div className="flex items-center gap-2 text-xs">
        <select
          aria-label={words.show}
          value={show}
          onChange={(event) => showSessions({ show: SHOWS.find((one) => one === event.target.value) ?? 'open' })}
          className="h-8 min-w-0 flex-1 rounded-lg border border-line bg-panel px-2 hover:border-line-strong"
        >
          {SHOWS.map((one) => (
            <option key={one} value={one}>
              {words.shows[one]}
            </option>
          ))}
        </select>
        <select
          aria-label={words.order}
          value={byProject ? 'project' : 'time'}
          onChange={(event) => prefer({ byProject: event.target.value === 'project' })}
          className="h-8 min-w-0 flex-1 rounded-lg border border-line bg-panel px-2 hover:border-line-strong"
        >
          <option value="project">{words.byProject}</option>
          <option value="time">{words.byTime}</option>
        </select>
      </div>
    </div>
  );
}

function List({ current }: { current: string | undefined }) {
  const list = useSessions((store) => store.list);
  const query = useSessions((store) => store.query);
  const waits = useSessions((store) => store.waiting.some((one) => matches(store.query, one)));
  switch (list.status) {
    case 'loading':
      return <Placeholders />;
    case 'failed':
      return (
        <div className="flex-1 px-4 py-2">
          <ErrorBox message={list.error.message} hint={list.error.hint}>
            <Button size="small" className="mt-3" onClick={refreshSessions}>
              {strings.shell.tryNow}
            </Button>
          </ErrorBox>
        </div>
      );
    case 'ready':
      if (list.items.length === 0 && !waits) return <None query={query} />;
      return <SessionRows list={list} current={current} />;
  }
}

function None({ query: { q, show } }: { query: ListQuery }) {
  const texts = {
    open: words.none,
    waiting: words.noneWaiting,
    active: words.noneActive,
    archived: words.noneArchived,
  } as const;
  const searched = q.trim() !== '';
  return (
    <div role="status" className="flex-1 px-7 pt-8 text-sm">
      <p className="font-medium">{searched ? words.noneFound(q.trim()) : texts[show]}</p>
      {!searched && show === 'open' && <p className="mt-1 text-soft">{words.noneHint}</p>}
    </div>
  );
}

function Placeholders() {
  return (
    <div role="status" aria-label={words.loading} className="flex-1 space-y-3 px-5 pt-4">
      {[64, 48, 72, 56, 40].map((percent) => (
        <div key={percent} className="space-y-2 py-1.5 breathing">
          <div className="h-3.5 rounded bg-line" style={{ width: `${percent}%` }} />
          <div className="h-3 w-1/3 rounded bg-line" />
        </div>
      ))}
    </div>
  );
}

function Foot() {
  return (
    <div className="flex shrink-0 items-center gap-1 border-t border-line px-3 py-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
      <FootLink href="/usage" icon={ChartColumn} text={strings.shell.usage} />
      <FootLink href="/settings" icon={Settings} text={strings.shell.settings} />
      <button
        type="button"
        onClick={() => openOverlay('palette')}
        className="ms-auto inline-flex h-8 items-center gap-2 rounded-lg px-2 text-xs text-soft hover:bg-panel hover:text-ink"
      >
        <Command className="size-4" aria-hidden="true" />
        {strings.shell.search}
      </button>
    </div>
  );
}

function FootLink({ href, icon: Icon, text }: { href: string; icon: LucideIcon; text: string }) {
  return (
    <Link
      href={href}
      className="inline-flex h-8 items-center gap-2 rounded-lg px-2 text-xs text-soft hover:bg-panel hover:text-ink"
    >
      <Icon className="size-4" aria-hidden="true" />
      {text}
    </Link>
  );
}
