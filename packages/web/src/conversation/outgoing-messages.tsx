import { Button } from '../parts/button.tsx';
import { strings } from '../strings/strings.ts';
import { dropOutgoing, sendMessage } from './outbox.ts';
import type { Outgoing } from './outbox.ts';
import { Spoken } from './user-message.tsx';

const words = strings.conversation.outgoing;

/** Messages that are on their way to the server, and those that it refused. */
export function OutgoingMessages({ outgoing }: { outgoing: readonly Outgoing[] }) {
  return outgoing.map((message) => (
    <div key={message.clientMessageId} className="my-2 flex flex-col items-end" data-outgoing={message.status}>
      <div className="max-w-[85%] rounded-2xl rounded-ee-md bg-ember-soft px-4 py-2.5 opacity-70">
        <Spoken content={message.content} />
      </div>
      {message.status === 'sending' ? (
        <p className="mt-1 text-xs text-soft">{words.sending}</p>
      ) : (
        <div role="alert" className="mt-1 flex flex-wrap items-center justify-end gap-x-1 text-xs text-bad">
          <span>
            {words.refused} {message.problem.message} {message.problem.hint ?? ''}
          </span>
          <Button
            size="small"
            look="bare"
            onClick={() => {
              dropOutgoing(message.clientMessageId);
              sendMessage(message.sessionId, message.content, message.priority);
            }}
          >
            {words.again}
          </Button>
          <Button size="small" look="bare" onClick={() => dropOutgoing(message.clientMessageId)}>
            {words.discard}
          </Button>
        </div>
      )}
    </div>
  ));
}
