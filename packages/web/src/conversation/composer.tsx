import type { Phase, Priority } from '@hearth/protocol';
import { ArrowUp, Square } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Button } from '../parts/button.tsx';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { standingOf } from '../sessions/standing.ts';
import { useDraft } from './drafts.ts';
import { sendMessage } from './outbox.ts';

const WAYS: readonly { priority: Priority; name: string; meaning: string }[] = [
  { priority: 'next', name: 'Steer', meaning: 'It reads this while it works, without stopping.' },
  { priority: 'later', name: 'Queue', meaning: 'It starts on this when it is done.' },
  { priority: 'now', name: 'Interrupt', meaning: 'It stops what it does and turns to this.' },
];

export interface ComposerProps {
  sessionId: string;
  phase: Phase;
  onSent: () => void;
}

export function Composer({ sessionId, phase, onSent }: ComposerProps) {
  const [text, setText] = useDraft(sessionId);
  const [priority, setPriority] = useState<Priority>('next');
  const box = useRef<HTMLTextAreaElement>(null);
  const standing = standingOf(phase);
  const running = standing === 'working' || standing === 'waiting';
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) box.current?.focus();
  }, []);

  const send = (): void => {
    if (text.trim() === '') return;
    sendMessage(sessionId, text, running ? priority : 'next');
    setText('');
    setPriority('next');
    onSent();
  };
  const sendByKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      aria-label="Message"
      className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-6 sm:pb-5"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div
        className={`rounded-2xl border border-line-strong bg-panel shadow-sm transition-colors focus-within:border-ember ${running ? '' : 'flex items-end'}`}
      >
        <textarea
          ref={box}
          aria-label="Message to the agent"
          placeholder={running ? 'Say something while it works' : 'Message'}
          rows={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={sendByKey}
          className="block field-sizing-content max-h-[40vh] min-h-13 w-full resize-none bg-transparent px-4 py-3.5 outline-none placeholder:text-soft"
        />
        <div className="flex items-center gap-2 p-2">
          {running && <Ways priority={priority} change={setPriority} />}
          <div className="ml-auto flex items-center gap-2">
            {running && <StopButton sessionId={sessionId} stopping={phase === 'interrupting'} />}
            <Button
              look="primary"
              size="icon"
              type="submit"
              aria-label="Send"
              title="Send (Enter)"
              disabled={text.trim() === ''}
            >
              <ArrowUp className="size-5" aria-hidden="true" />
            </Button>
          </div>
        </div>
      </div>
    </form>
  );
}

function Ways({ priority, change }: { priority: Priority; change: (priority: Priority) => void }) {
  return (
    <fieldset className="flex min-w-0 items-center gap-2.5">
      <legend className="sr-only">What the message does to the running turn</legend>
      <div className="flex rounded-lg bg-sunken p-0.5">
        {WAYS.map((way) => (
          <label
            key={way.priority}
            title={way.meaning}
            className="cursor-pointer rounded-md px-2.5 py-1 text-[0.8125rem] font-medium text-soft has-checked:bg-panel has-checked:text-ink has-checked:shadow-xs has-focus-visible:outline-2 has-focus-visible:outline-ember"
          >
            <input
              type="radio"
              name="way"
              value={way.priority}
              checked={way.priority === priority}
              onChange={() => change(way.priority)}
              aria-describedby={`way-${way.priority}`}
              className="sr-only"
            />
            {way.name}
          </label>
        ))}
      </div>
      {WAYS.map((way) => (
        <span
          key={way.priority}
          id={`way-${way.priority}`}
          className={way.priority === priority ? 'sr-only text-xs text-soft lg:not-sr-only lg:truncate' : 'sr-only'}
        >
          {way.meaning}
        </span>
      ))}
    </fieldset>
  );
}

function StopButton({ sessionId, stopping }: { sessionId: string; stopping: boolean }) {
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
      <Button onClick={stop} disabled={stopping} title="Stop the running turn">
        <Square className="size-3.5 fill-current" aria-hidden="true" />
        {stopping ? 'Stopping …' : 'Stop'}
      </Button>
    </>
  );
}
