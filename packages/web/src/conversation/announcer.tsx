import type { Conversation, TurnEntry } from '@hearth/client/conversation';
import { firstLine } from '../format.ts';
import { standingOf } from '../sessions/standing.ts';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.announce;

const MAX_SPOKEN_CHARS = 300;

/**
 * Tells a screen reader what happens. Text that streams is not read word by word: it is said that the agent works, and
 * then what it answered. That it waits for the user cannot wait for a pause.
 */
export function Announcer({ conversation }: { conversation: Conversation }) {
  const [approval] = conversation.approvals;
  return (
    <>
      <p className="sr-only" role="status" aria-live="polite">
        {approval === undefined ? textOf(conversation) : ''}
      </p>
      <p className="sr-only" role="alert" aria-live="assertive">
        {approval === undefined ? '' : words.waits(approval.title ?? approval.toolName)}
      </p>
    </>
  );
}

function textOf({ phase, timeline }: Conversation): string {
  if (standingOf(phase) === 'working') return words.works;
  const turn = timeline.findLast((entry) => entry.type === 'turn');
  return turn === undefined ? '' : ending(turn);
}

function ending({ state, items }: TurnEntry): string {
  switch (state.status) {
    case 'running':
      return '';
    case 'completed': {
      const answer = items.findLast((item) => item.type === 'block' && item.kind === 'text');
      return answer?.type === 'block' ? words.answered(firstLine(answer.text, MAX_SPOKEN_CHARS)) : words.done;
    }
    case 'interrupted':
      return words.stopped;
    case 'failed':
      return words.failed(state.error.message);
  }
}
