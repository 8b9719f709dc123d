import type { TurnItem, UndeliveredMessage } from '@hearth/client/conversation';
import { memo } from 'react';
import { strings } from '../strings/strings.ts';
import { AgentText } from './agent-text.tsx';
import { ApprovalOutcome } from './approval-outcome.tsx';
import { Note } from './note.tsx';
import { isSameRow, parentOf } from './rows.ts';
import type { ItemRow, Row } from './rows.ts';
import { Thinking } from './thinking.tsx';
import { ToolCard } from './tool-card.tsx';
import type { ToolState } from './tool-state.ts';
import { TurnEnd } from './turn-end.tsx';
import { Spoken, UserMessage } from './user-message.tsx';

export interface RowViewProps {
  row: Row;
  waiting: ReadonlySet<string>;
}

/** One row. It is drawn again only when something in it has changed. */
export const RowView = memo(
  function RowView({ row, waiting }: RowViewProps) {
    switch (row.type) {
      case 'item':
        return <Item row={row} item={row.item} waiting={waiting} />;
      case 'end':
        return <TurnEnd turn={row.turn} />;
      case 'entry':
        return <Entry row={row} />;
    }
  },
  (before, after) => before.waiting === after.waiting && isSameRow(before.row, after.row),
);

interface ItemProps {
  row: ItemRow;
  item: TurnItem;
  waiting: ReadonlySet<string>;
}

function Item({ row, item, waiting }: ItemProps) {
  switch (item.type) {
    case 'message':
      return <UserMessage message={item} live={row.live} />;
    case 'block':
      if (item.kind === 'thinking') return <Thinking text={item.text} streaming={item.state === 'streaming'} />;
      return <AgentText block={item} />;
    case 'tool': {
      const inner = row.inner.filter((other) => parentOf(other) === item.toolCallId);
      return (
        <ToolCard item={item} state={toolState(item, row.live, waiting)}>
          {inner.length === 0
            ? undefined
            : inner.map((other) => <Item key={other.seq} row={row} item={other} waiting={waiting} />)}
        </ToolCard>
      );
    }
    case 'approval':
      return <ApprovalOutcome item={item} />;
    case 'note':
      return <Note item={item} />;
  }
}

function toolState(
  { toolCallId, state }: TurnItem & { type: 'tool' },
  live: boolean,
  waiting: ReadonlySet<string>,
): ToolState {
  switch (state) {
    case 'done':
      return 'done';
    case 'error':
      return 'failed';
    case 'running':
      if (!live) return 'unfinished';
      return waiting.has(toolCallId) ? 'waiting' : 'running';
  }
}

function Entry({ row: { entry } }: { row: Row & { type: 'entry' } }) {
  switch (entry.type) {
    case 'undelivered':
      return <Undelivered message={entry} />;
    case 'note':
      return <Note item={entry} />;
    case 'approval':
      return <ApprovalOutcome item={entry} />;
  }
}

/** A message that was taken back is of no interest any more; one that failed is. */
function Undelivered({ message: { content, reason } }: { message: UndeliveredMessage }) {
  return (
    <div className="my-5 flex flex-col items-end">
      <div className="max-w-[85%] rounded-2xl rounded-ee-md bg-bad-soft px-4 py-2.5">
        <Spoken content={content} />
      </div>
      <p className="mt-1 text-xs text-bad">{strings.conversation.message.notDelivered(reason)}</p>
    </div>
  );
}
