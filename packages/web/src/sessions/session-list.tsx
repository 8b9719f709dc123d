import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, RefObject } from 'react';
import { useNow } from '../parts/now.ts';
import { preferences } from '../settings/preferences.ts';
import { strings } from '../strings/strings.ts';
import { useKept } from '../use-kept.ts';
import { deletions } from './deletions.ts';
import { GroupHead } from './group-head.tsx';
import { groupKey, heightOf, listRows, samePlace } from './list-rows.ts';
import type { ListRow } from './list-rows.ts';
import { isUnread, seen } from './seen.ts';
import { matches } from './session-order.ts';
import { SessionRow } from './session-row.tsx';
import type { SessionListState } from './sessions-store.ts';
import { readMore, useSessions } from './sessions-store.ts';

/** This many rows before the end of what was read, more is read. */
const READ_AHEAD = 30;

/** The sessions by project, as many as there are: only the lines that can be seen are in the page. */
export function SessionRows({
  list,
  current,
}: {
  list: Extract<SessionListState, { status: 'ready' }>;
  current: string | undefined;
}) {
  const { byProject } = useKept(preferences);
  const waiting = useSessions((store) => store.waiting);
  const query = useSessions((store) => store.query);
  const hidden = useKept(deletions);
  const read = useKept(seen);
  const nowMs = useNow();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => {
    const gone = new Set(hidden.map(({ sessionId }) => sessionId));
    const there = new Set(list.items.map(({ id }) => id));
    // What waits is shown even when the list was not read as far yet.
    const further = waiting.filter((one) => !there.has(one.id) && matches(query, one));
    const sessions = [...list.items, ...further].filter(({ id }) => !gone.has(id));
    return listRows(sessions, { byProject, collapsed });
  }, [list.items, waiting, query, hidden, byProject, collapsed]);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heightOf(rows[index]),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
    paddingEnd: 24,
  });
  const shown = virtualizer.getVirtualItems();
  useStayInPlace(rows, scroller);

  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last + READ_AHEAD >= rows.length) readMore();
  }, [last, rows.length, list.cursor]);

  const moveFocus = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || !(event.target instanceof HTMLElement)) return;
    const key = event.target.dataset['row'];
    const from = rows.findIndex((row) => row.key === key);
    if (from === -1) return;
    event.preventDefault();
    const to = from + step;
    if (rows[to] === undefined) return;
    virtualizer.scrollToIndex(to);
    requestAnimationFrame(() => focusRow(scroller.current, rows[to]?.key));
  };
  const toggle = (key: string): void =>
    setCollapsed((before) =>
      before.has(key) ? new Set([...before].filter((one) => one !== key)) : new Set([...before, key]),
    );

  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-2 [overflow-anchor:none]" onKeyDown={moveFocus}>
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }} aria-label={strings.sessions.title}>
        {shown.map(({ index, start, size, key }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <li
              key={key}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              className="absolute inset-x-0 top-0 py-px"
              style={{ height: size, transform: `translateY(${start}px)` }}
            >
              {row.type === 'group' ? (
                <GroupHead row={row} toggle={() => toggle(groupKey(row.group))} />
              ) : (
                <SessionRow
                  session={row.session}
                  current={row.session.id === current}
                  unread={row.session.id !== current && isUnread(row.session, read)}
                  tellsFolder={row.group.type !== 'project'}
                  nowMs={nowMs}
                />
              )}
            </li>
          );
        })}
      </ul>
      {list.cursor !== undefined && (
        <p role="status" className="pb-4 text-center text-xs text-soft">
          {strings.sessions.loadingMore}
        </p>
      )}
    </div>
  );
}

/** What is read keeps its place when lines come in above it; at the very top the newest is what one wants to see. */
function useStayInPlace(rows: readonly ListRow[], scroller: RefObject<HTMLElement | null>): void {
  const before = useRef(rows);
  useLayoutEffect(() => {
    const old = before.current;
    before.current = rows;
    const top = scroller.current?.scrollTop ?? 0;
    if (old === rows || top === 0) return;
    const now = samePlace(old, rows, top);
    if (now !== top) scroller.current?.scrollTo({ top: now });
  }, [rows, scroller]);
}

function focusRow(scroller: HTMLElement | null, key: string | undefined): void {
  if (key === undefined) return;
  scroller?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)?.focus();
}
