import type { QueuedMessage } from '@hearth/client/conversation';
import type { Priority } from '@hearth/protocol';
import { Clock, Pencil, X } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { textOfContent } from './content-text.ts';
import { IconButton } from './icon-button.tsx';
import { dropOutgoing, sendMessage } from './outbox.ts';
import type { Outgoing } from './outbox.ts';
import { TextEditor } from './text-editor.tsx';
import { Spoken } from './user-message.tsx';

const WAITS: Readonly<Record<Priority, string>> = {
  now: 'Interrupts as soon as it can',
  next: 'Goes in at the next step',
  later: 'Waits for the end of the turn',
};

/** Messages that the server has and the agent has not. */
export function Queue({ sessionId, queue }: { sessionId: string; queue: readonly QueuedMessage[] }) {
  if (queue.length === 0) return null;
  return (
    <section
      aria-label="Queued messages"
      className="mx-auto max-h-[30dvh] w-full max-w-3xl overflow-y-auto px-3 pb-2 sm:px-6"
    >
      <ul className="space-y-2">
        {queue.map((message) => (
          <Queued key={message.messageId} sessionId={sessionId} message={message} />
        ))}
      </ul>
    </section>
  );
}

function Queued({ sessionId, message }: { sessionId: string; message: QueuedMessage }) {
  const [editing, setEditing] = useState(false);
  const [failure, setFailure] = useState('');
  const { messages } = hearth.session(sessionId);
  const attempt = (work: Promise<unknown>): void => {
    setFailure('');
    work.catch((error: unknown) => setFailure(asProblem(error).message));
  };
  return (
    <li className="flex flex-col items-end" data-queued={message.priority}>
      <div className="w-fit max-w-[85%] rounded-2xl rounded-br-md border border-dashed border-line-strong px-4 py-2.5">
        {editing ? (
          <TextEditor
            label="Queued message"
            saveWord="Save"
            text={textOfContent(message.content)}
            cancel={() => setEditing(false)}
            save={(content) => {
              attempt(messages.update(message.messageId, { content }));
              setEditing(false);
            }}
          />
        ) : (
          <Spoken content={message.content} />
        )}
      </div>
      <div className="mt-1 flex items-center gap-1 text-xs text-soft">
        <Clock className="size-3" aria-hidden="true" />
        <span>{WAITS[message.priority]}</span>
        {!editing && typeof message.content === 'string' && (
          <IconButton label="Edit the queued message" onClick={() => setEditing(true)}>
            <Pencil className="size-3.5" aria-hidden="true" />
          </IconButton>
        )}
        <IconButton label="Cancel the queued message" onClick={() => attempt(messages.cancel(message.messageId))}>
          <X className="size-4" aria-hidden="true" />
        </IconButton>
      </div>
      <p role="status" className="text-xs text-bad">
        {failure}
      </p>
    </li>
  );
}

/** Messages that are on their way to the server, and those that it refused. */
export function OutgoingMessages({ outgoing }: { outgoing: readonly Outgoing[] }) {
  return outgoing.map((message) => (
    <div key={message.clientMessageId} className="my-2 flex flex-col items-end" data-outgoing={message.status}>
      <div className="max-w-[85%] rounded-2xl rounded-br-md bg-ember-soft px-4 py-2.5 opacity-70">
        <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{message.text}</p>
      </div>
      {message.status === 'sending' ? (
        <p className="mt-1 text-xs text-soft">Sending …</p>
      ) : (
        <div role="alert" className="mt-1 flex flex-wrap items-center justify-end gap-x-1 text-xs text-bad">
          <span>
            Not sent: {message.problem.message} {message.problem.hint ?? ''}
          </span>
          <Button
            size="small"
            look="bare"
            onClick={() => {
              dropOutgoing(message.clientMessageId);
              sendMessage(message.sessionId, message.text, message.priority);
            }}
          >
            Send again
          </Button>
          <Button size="small" look="bare" onClick={() => dropOutgoing(message.clientMessageId)}>
            Discard
          </Button>
        </div>
      )}
    </div>
  ));
}
