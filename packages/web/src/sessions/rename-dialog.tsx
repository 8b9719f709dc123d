import type { SessionSummary } from '@hearth/protocol';
import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { Modal } from '../parts/modal.tsx';
import { strings } from '../strings/strings.ts';
import { askForName, rename, useRenaming } from './session-commands.ts';

const words = strings.sessions;

/** Asks for a session's new name, when one was to be renamed. */
export function RenameDialog() {
  const session = useRenaming((state) => state.session);
  return session === null ? null : <NameForm key={session.id} session={session} />;
}

function NameForm({ session }: { session: SessionSummary }) {
  const [title, setTitle] = useState(session.title ?? '');
  const close = (): void => askForName(null);
  return (
    <Modal title={words.renameTitle} close={close}>
      <form
        className="px-5 pb-5"
        onSubmit={(event) => {
          event.preventDefault();
          close();
          if (title.trim() !== '') void rename(session, title.trim());
        }}
      >
        <label className="text-sm font-medium">
          {words.name}
          <input
            dir="auto"
            value={title}
            maxLength={500}
            onChange={(event) => setTitle(event.target.value)}
            onFocus={(event) => event.target.select()}
            className="mt-1.5 block h-10 w-full rounded-lg border border-line-strong bg-paper px-3 font-normal"
          />
        </label>
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={close}>{words.cancel}</Button>
          <Button look="primary" type="submit" disabled={title.trim() === ''}>
            {words.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
