import type { TurnEntry } from '@hearth/client/conversation';
import { GitFork } from 'lucide-react';
import { useState } from 'react';
import { navigate, sessionPath } from '../navigation.ts';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { CopyButton } from './copy-button.tsx';
import { IconButton } from './icon-button.tsx';
import { useShownSession } from './shown-session.ts';

const words = strings.conversation.turn;

/** What one can do with a turn that is over: copy what was answered, or go on from here in a session of its own. */
export function TurnActions({ turn }: { turn: TurnEntry }) {
  const { id } = useShownSession();
  const [failure, setFailure] = useState('');
  const { endSeq } = turn;
  const fork = (atSeq: number): void => {
    setFailure('');
    hearth
      .session(id)
      .fork({ atSeq })
      .then(
        (made) => navigate(sessionPath(made.id)),
        (error: unknown) => setFailure(asProblem(error).message),
      );
  };
  return (
    <span className="ms-1 inline-flex items-center opacity-0 transition-opacity group-hover/turn:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100">
      <CopyButton label={words.copyAnswer} text={() => answerOf(turn)} />
      {endSeq !== undefined && turn.state.status !== 'failed' && (
        <IconButton label={words.fork} onClick={() => fork(endSeq)}>
          <GitFork className="size-3.5" aria-hidden="true" />
        </IconButton>
      )}
      <span role="status" className="text-bad">
        {failure}
      </span>
    </span>
  );
}

function answerOf({ items }: TurnEntry): string {
  return items
    .flatMap((item) =>
      item.type === 'block' && item.kind === 'text' && item.parentToolCallId === undefined ? [item.text] : [],
    )
    .join('\n\n');
}
