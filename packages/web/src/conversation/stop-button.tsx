import { Square } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.composer;

/** Stops the running turn; what waits in the queue stays. */
export function StopButton({ sessionId, stopping }: { sessionId: string; stopping: boolean }) {
  const [failure, setFailure] = useState('');
  const stop = (): void => {
    setFailure('');
    hearth
      .session(sessionId)
      .interrupt()
      .catch((error: unknown) => setFailure(asProblem(error).message));
  };
  return (
    <>
      <span role="status" className="text-xs text-bad">
        {failure}
      </span>
      <Button onClick={stop} disabled={stopping} title={words.stopTitle}>
        <Square className="size-3.5 fill-current" aria-hidden="true" />
        {stopping ? words.stopping : words.stop}
      </Button>
    </>
  );
}
