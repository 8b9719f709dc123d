import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useImperativeHandle, useRef } from 'react';
import type { ReactNode, Ref, RefObject } from 'react';
import { RowView } from './row-view.tsx';
import { guessHeight } from './rows.ts';
import type { Row } from './rows.ts';

export interface ListHandle {
  /** Brings a row into the middle of the view. */
  show(index: number): void;
}

export interface ConversationListProps {
  rows: readonly Row[];
  /** Ids of the tool calls that wait for the user. */
  waiting: ReadonlySet<string>;
  scroller: RefObject<HTMLDivElement | null>;
  handle: Ref<ListHandle>;
  /** What always stands below the rows. */
  children: ReactNode;
}

/** How many rows are kept drawn on each side of what is seen. */
const OVERSCAN = 8;

/**
 * The rows of a conversation, of which only those near the view are on the page. They lie in the page's own flow between
 * two paddings, so that a row that grows while it streams moves what is below it in the same frame.
 */
export function ConversationList({ rows, waiting, scroller, handle, children }: ConversationListProps) {
  const newest = useRef(rows);
  newest.current = rows;
  const virtualizer = useVirtualizer({
    count: rows.length,
    overscan: OVERSCAN,
    getScrollElement: () => scroller.current,
    estimateSize: useCallback((index: number) => guessHeight(newest.current[index]), []),
    getItemKey: useCallback((index: number) => newest.current[index]?.key ?? index, []),
    initialOffset: () => rows.reduce((sum, row) => sum + guessHeight(row), 0),
    initialRect: { width: innerWidth, height: innerHeight },
  });
  useImperativeHandle(handle, () => ({ show: (index) => virtualizer.scrollToIndex(index, { align: 'center' }) }), [
    virtualizer,
  ]);
  const drawn = virtualizer.getVirtualItems();
  const first = drawn[0]?.start ?? 0;
  const rest = Math.max(0, virtualizer.getTotalSize() - (drawn.at(-1)?.end ?? 0));
  return (
    <>
      <div style={{ paddingTop: first, paddingBottom: rest }} data-rows={rows.length}>
        {drawn.map(({ key, index }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <div key={key} ref={virtualizer.measureElement} data-index={index} className="flow-root">
              <RowView row={row} waiting={waiting} />
            </div>
          );
        })}
      </div>
      {children}
    </>
  );
}
