import type { MessageItem } from '@hearth/client/conversation';
import type { Content } from '@hearth/protocol';
import { CornerDownRight, Pencil, Undo2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { navigate, sessionPath } from '../navigation.ts';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { imagesOfContent, textOfContent, withText } from './content-text.ts';
import { CopyButton } from './copy-button.tsx';
import { IconButton } from './icon-button.tsx';
import { makeKey } from './outbox.ts';
import { RewindDialog } from './rewind-dialog.tsx';
import { useShownSession } from './shown-session.ts';
import { TextEditor } from './text-editor.tsx';
import { TimeOfDay } from './time-of-day.tsx';

const words = strings.conversation.message;

/** What the user said, at the place where the agent got it. */
export function UserMessage({ message, live }: { message: MessageItem; live: boolean }) {
  const { content, as, time } = message;
  const [editing, setEditing] = useState(false);
  if (editing && content !== null) {
    return <EarlierMessageEditor message={message} content={content} done={() => setEditing(false)} />;
  }
  return (
    <article className="group/message my-4 flex flex-col items-end" data-message={as}>
      <h2 className="sr-only">{words.youSaid}</h2>
      <div className="max-w-[85%] rounded-2xl rounded-ee-md bg-ember-soft px-4 py-2.5">
        {content === null ? <p className="text-soft">{words.notShown}</p> : <Spoken content={content} />}
      </div>
      <div className="mt-1 flex min-h-7 items-center gap-1.5 text-xs text-soft">
        {as === 'steer' && (
          <span className="flex items-center gap-1">
            <CornerDownRight className="size-3 rtl:-scale-x-100" aria-hidden="true" /> {words.steered}
          </span>
        )}
        {content !== null && !live && (
          <span className="flex items-center opacity-0 transition-opacity group-hover/message:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100">
            <CopyButton label={words.copy} text={() => textOfContent(content)} />
            {as === 'turn' && <EarlierMessageActions message={message} edit={() => setEditing(true)} />}
          </span>
        )}
        <TimeOfDay time={time} />
      </div>
    </article>
  );
}

/** A message that began a turn can be put differently, and its turn and all after it taken back. */
function EarlierMessageActions({ message, edit }: { message: MessageItem; edit: () => void }) {
  const { isIdle } = useShownSession();
  const [rewinding, setRewinding] = useState(false);
  return (
    <>
      <IconButton label={words.edit} onClick={edit}>
        <Pencil className="size-3.5" aria-hidden="true" />
      </IconButton>
      <IconButton
        label={isIdle ? words.rewind : words.rewindWhenIdle}
        disabled={!isIdle}
        onClick={() => setRewinding(true)}
      >
        <Undo2 className="size-3.5" aria-hidden="true" />
      </IconButton>
      {rewinding && <RewindDialog message={message} close={() => setRewinding(false)} />}
    </>
  );
}

interface EditorProps {
  message: MessageItem;
  content: Content;
  done: () => void;
}

/** Other words for an earlier message: they begin a session of their own, and this one stays as it is. */
function EarlierMessageEditor({ message: { messageId }, content, done }: EditorProps) {
  const { id } = useShownSession();
  const [failure, setFailure] = useState('');
  const sending = useRef(false);
  const save = (text: string): void => {
    if (sending.current) return;
    sending.current = true;
    setFailure('');
    hearth
      .session(id)
      .fork({ editMessage: { messageId, content: withText(content, text), clientMessageId: makeKey() } })
      .then(
        (made) => navigate(sessionPath(made.id)),
        (error: unknown) => {
          sending.current = false;
          setFailure(asProblem(error).message);
        },
      );
  };
  return (
    <div className="my-4 rounded-2xl border border-ember/40 bg-panel p-3">
      <TextEditor
        label={words.editLabel}
        text={textOfContent(content)}
        saveWord={words.editSend}
        save={save}
        cancel={done}
      />
      <p className="mt-1 text-xs text-soft">{words.editMeaning}</p>
      <p role="status" className="text-xs text-bad">
        {failure}
      </p>
    </div>
  );
}

export function Spoken({ content }: { content: Content }) {
  const text = textOfContent(content);
  return (
    <>
      {text !== '' && (
        <p dir="auto" className="whitespace-pre-wrap [overflow-wrap:anywhere]">
          {text}
        </p>
      )}
      {imagesOfContent(content).map((url, index) => (
        <img key={index} src={url} alt={words.imageSent} className="mt-2 max-h-64 rounded-lg" />
      ))}
    </>
  );
}
