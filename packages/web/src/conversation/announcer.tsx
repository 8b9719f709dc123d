import type { Conversation, TurnEntry } from '@hearth/client/conversation';
import { firstLine } from '../format.ts';
import { standingOf } from '../sessions/standing.ts';

const MAX_SPOKEN_CHARS = 300;

/**
 * Tells a screen reader what happens. Text that streams is not read word by word: it is said that the agent works, and
 * then what it answered.
 */
export function Announcer({ conversation }: { conversation: Conversation }) {
  return (
    <p className="sr-only" role="status" aria-live="polite">
      {words(conversation)}
    </p>
  );
}

function words({ approvals, phase, timeline }: Conversation): string {
  const [approval] = approvals;
  if (approval !== undefined) return `The agent waits for you: ${approval.title ?? approval.toolName}`;
  if (standingOf(phase) === 'working') return 'The agent works.';
  const turn = timeline.findLast((entry) => entry.type === 'turn');
  return turn === undefined ? '' : ending(turn);
}

function ending({ state, items }: TurnEntry): string {
  switch (state.status) {
    case 'running':
      return '';
    case 'completed': {
      const answer = items.findLast((item) => item.type === 'block' && item.kind === 'text');
      return answer?.type === 'block'
        ? `The agent answered: ${firstLine(answer.text, MAX_SPOKEN_CHARS)}`
        : 'The agent is done.';
    }
    case 'interrupted':
      return 'The turn was stopped.';
    case 'failed':
      return `The turn failed: ${state.error.message}`;
  }
}
