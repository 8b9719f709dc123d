import type { Conversation, UndeliveredMessage } from '@hearth/client/conversation';
import type { Approval } from '@hearth/protocol';
import { ApprovalOutcome } from './approval-outcome.tsx';
import { Note } from './note.tsx';
import { TurnView } from './turn-view.tsx';
import { Spoken } from './user-message.tsx';

export interface TimelineProps {
  timeline: Conversation['timeline'];
  approvals: readonly Approval[];
}

const NONE: readonly Approval[] = [];

/** Turns, and what stands between them. */
export function Timeline({ timeline, approvals }: TimelineProps) {
  return timeline.map((entry) => {
    switch (entry.type) {
      case 'turn':
        return (
          <TurnView key={entry.turnId} turn={entry} approvals={entry.state.status === 'running' ? approvals : NONE} />
        );
      case 'undelivered':
        return <Undelivered key={entry.seq} message={entry} />;
      case 'note':
        return <Note key={entry.seq} item={entry} />;
      case 'approval':
        return <ApprovalOutcome key={entry.seq} item={entry} />;
    }
  });
}

/** A message that was taken back is of no interest any more; one that failed is. */
function Undelivered({ message: { content, outcome, reason } }: { message: UndeliveredMessage }) {
  if (outcome === 'cancelled') return null;
  return (
    <div className="my-5 flex flex-col items-end">
      <div className="max-w-[85%] rounded-2xl rounded-br-md bg-bad-soft px-4 py-2.5">
        <Spoken content={content} />
      </div>
      <p className="mt-1 text-xs text-bad">Not delivered{reason === undefined ? '' : `: ${reason}`}</p>
    </div>
  );
}
