import type { MessageItem } from '@hearth/client/conversation';
import type { SessionRewindResult } from '@hearth/protocol';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { textOfContent } from './content-text.ts';
import { offerDraft } from './drafts.ts';
import { pathWithin } from './tool-words.ts';
import { useShownSession } from './shown-session.ts';

const words = strings.conversation.rewind;

export interface RewindDialogProps {
  message: MessageItem;
  close: () => void;
}

/** Asks before a message's turn and all after it are taken back, and says what that would change. */
export function RewindDialog({ message, close }: RewindDialogProps) {
  const { id, cwd } = useShownSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const [withFiles, setWithFiles] = useState(false);
  const [outlook, setOutlook] = useState<SessionRewindResult>();
  const [problem, setProblem] = useState<Problem>();
  const { messageId, content } = message;
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let over = false;
    hearth
      .session(id)
      .rewind({ toMessageId: messageId, files: withFiles, dryRun: true })
      .then(
        (result) => (over ? undefined : setOutlook(result)),
        (error: unknown) => (over ? undefined : setProblem(asProblem(error))),
      );
    return () => {
      over = true;
    };
  }, [id, messageId, withFiles]);

  const taken = (): void => {
    if (content !== null) offerDraft(id, textOfContent(content));
    close();
  };
  const rewind = (): void => {
    setProblem(undefined);
    hearth
      .session(id)
      .rewind({ toMessageId: messageId, files: withFiles })
      .then(
        () => taken(),
        (error: unknown) => setProblem(asProblem(error)),
      );
  };
  const files = outlook?.files ?? [];
  return (
    <dialog
      ref={dialog}
      aria-labelledby="rewind-title"
      onClose={close}
      className="m-auto w-[min(30rem,calc(100vw-2rem))] rounded-2xl border border-line bg-panel p-5 text-ink shadow-2xl backdrop:bg-black/40"
    >
      <h2 id="rewind-title" className="text-base font-semibold">
        {words.title}
      </h2>
      <p className="mt-1.5 text-sm text-soft">{words.meaning(outlook?.turns)}</p>
      <label className="mt-4 flex items-start gap-2.5 text-sm">
        <input
          type="checkbox"
          checked={withFiles}
          onChange={(event) => {
            setProblem(undefined);
            setWithFiles(event.target.checked);
          }}
          className="mt-1 accent-ember"
        />
        <span>
          <span className="font-medium">{words.files}</span>
          <span className="block text-soft">{words.filesMeaning}</span>
        </span>
      </label>
      {withFiles && problem === undefined && (
        <ul aria-label={words.filesList} className="mt-2 max-h-40 overflow-y-auto ps-7 font-mono text-xs text-soft">
          {files.length === 0 && <li>{words.noFiles}</li>}
          {files.map((path) => (
            <li key={path} className="[overflow-wrap:anywhere]">
              {pathWithin(cwd, path)}
            </li>
          ))}
        </ul>
      )}
      {problem !== undefined && (
        <div className="mt-4">
          <ErrorBox message={problem.message} hint={problem.hint} />
        </div>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button look="bare" onClick={() => dialog.current?.close()}>
          {words.cancel}
        </Button>
        <Button look="primary" disabled={problem !== undefined} onClick={rewind}>
          {words.confirm}
        </Button>
      </div>
    </dialog>
  );
}
