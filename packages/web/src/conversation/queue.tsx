import type { QueuedMessage } from '@hearth/client/conversation';
import { ArrowDown, ArrowUp, Clock, GripVertical, Pencil, X } from 'lucide-react';
import { useState } from 'react';
import type { DragEvent } from 'react';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { showToast } from '../toasts.ts';
import { imagesOfContent, textOfContent, withText } from './content-text.ts';
import { offerDraft } from './drafts.ts';
import { IconButton } from './icon-button.tsx';
import { placeAfter, placeOfDrop } from './reorder.ts';
import { TextEditor } from './text-editor.tsx';

const words = strings.conversation.queue;

export interface QueueProps {
  sessionId: string;
  queue: readonly QueuedMessage[];
}

/** Messages that the server has and the agent has not, in the order in which it gets them. */
export function Queue({ sessionId, queue }: QueueProps) {
  const [dragged, setDragged] = useState<number>();
  const [told, setTold] = useState('');
  if (queue.length === 0) return null;
  const { messages } = hearth.session(sessionId);
  // What was refused may have been the last of the queue, which is not on the page then.
  const attempt = (work: Promise<unknown>, refused?: () => void): void => {
    work.catch((error: unknown) => {
      showToast(asProblem(error).message, { tone: 'bad' });
      refused?.();
    });
  };
  const move = (index: number, place: number | undefined): void => {
    const message = queue[index];
    if (message === undefined || place === undefined) return;
    attempt(messages.update(message.messageId, { place }).then(() => setTold(words.moved(place + 1, queue.length))));
  };
  return (
    <section aria-label={words.label} className="mx-auto w-full max-w-3xl px-3 pb-2 sm:px-6">
      <ol className="max-h-[28dvh] divide-y divide-line overflow-y-auto rounded-xl border border-dashed border-line-strong bg-panel">
        {queue.map((message, index) => (
          <Queued
            key={message.messageId}
            message={message}
            drag={{
              isDragged: dragged === index,
              start: () => setDragged(index),
              end: () => setDragged(undefined),
              drop: (isLowerHalf) => {
                if (dragged !== undefined) move(dragged, placeOfDrop(dragged, index, isLowerHalf));
              },
            }}
            up={placeAfter(index, 'up', queue.length) === undefined ? undefined : () => move(index, index - 1)}
            down={placeAfter(index, 'down', queue.length) === undefined ? undefined : () => move(index, index + 1)}
            save={(text) => {
              const content = withText(message.content, text);
              attempt(messages.update(message.messageId, { content }), () => offerDraft(sessionId, text));
            }}
            lost={(text) => offerDraft(sessionId, text)}
            cancel={() => attempt(messages.cancel(message.messageId))}
          />
        ))}
      </ol>
      <p role="status" className="sr-only">
        {told}
      </p>
    </section>
  );
}

interface QueuedProps {
  message: QueuedMessage;
  drag: { isDragged: boolean; start: () => void; end: () => void; drop: (isLowerHalf: boolean) => void };
  /** Undefined: it is at that end. */
  up: (() => void) | undefined;
  down: (() => void) | undefined;
  save: (text: string) => void;
  /** Takes a change that was being written when the agent got the message. */
  lost: (text: string) => void;
  cancel: () => void;
}

function Queued({ message: { content, priority }, drag, up, down, save, lost, cancel }: QueuedProps) {
  const [editing, setEditing] = useState(false);
  const [over, setOver] = useState<'upper' | 'lower'>();
  const text = textOfContent(content);
  const images = imagesOfContent(content);
  return (
    <li
      data-queued={priority}
      draggable={!editing}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move';
        event.dataTransfer.setData('text/plain', text);
        drag.start();
      }}
      onDragEnd={drag.end}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(isLowerHalf(event) ? 'lower' : 'upper');
      }}
      onDragLeave={() => setOver(undefined)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(undefined);
        drag.drop(isLowerHalf(event));
      }}
      onKeyDown={(event) => {
        if (!event.altKey || editing) return;
        const act = event.key === 'ArrowUp' ? up : event.key === 'ArrowDown' ? down : undefined;
        if (act === undefined) return;
        event.preventDefault();
        act();
      }}
      className={`px-3 py-2 text-sm ${drag.isDragged ? 'opacity-40' : ''} ${over === 'upper' ? 'shadow-[0_-2px_0_var(--ember)]' : over === 'lower' ? 'shadow-[0_2px_0_var(--ember)]' : ''}`}
    >
      {editing ? (
        <TextEditor
          label={words.edited}
          text={text}
          saveWord={words.save}
          cancel={() => setEditing(false)}
          lost={lost}
          save={(next) => {
            save(next);
            setEditing(false);
          }}
        />
      ) : (
        <div className="flex items-center gap-2">
          <GripVertical className="hidden size-4 shrink-0 cursor-grab text-soft sm:block" aria-hidden="true" />
          <div className="min-w-0 flex-1">
            <p dir="auto" className="line-clamp-2 [overflow-wrap:anywhere]">
              {text}
              {images.length > 0 && <span className="text-soft"> {words.images(images.length)}</span>}
            </p>
            <p className="flex items-center gap-1 text-xs text-soft">
              <Clock className="size-3" aria-hidden="true" /> {words.waits[priority]}
            </p>
          </div>
          <div className="flex shrink-0 items-center">
            <IconButton label={words.up} disabled={up === undefined} onClick={up}>
              <ArrowUp className="size-3.5" aria-hidden="true" />
            </IconButton>
            <IconButton label={words.down} disabled={down === undefined} onClick={down}>
              <ArrowDown className="size-3.5" aria-hidden="true" />
            </IconButton>
            <IconButton label={words.edit} onClick={() => setEditing(true)}>
              <Pencil className="size-3.5" aria-hidden="true" />
            </IconButton>
            <IconButton label={words.cancel} onClick={cancel}>
              <X className="size-4" aria-hidden="true" />
            </IconButton>
          </div>
        </div>
      )}
    </li>
  );
}

function isLowerHalf(event: DragEvent<HTMLElement>): boolean {
  const { top, height } = event.currentTarget.getBoundingClientRect();
  return event.clientY > top + height / 2;
}
