import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Button } from '../parts/button.tsx';
import { strings } from '../strings/strings.ts';

export interface TextEditorProps {
  label: string;
  text: string;
  saveWord: string;
  save: (text: string) => void;
  cancel: () => void;
  /** Takes what was written when the editor goes by itself, neither saved nor cancelled. */
  lost?: (text: string) => void;
}

/** Changes a text that was said already. Enter saves, Escape leaves it as it was. */
export function TextEditor({ label, text, saveWord, save, cancel, lost }: TextEditorProps) {
  const [draft, setDraft] = useState(text);
  const written = useRef({ text: '', lost });
  useEffect(() => {
    written.current = { text: draft === text ? '' : draft, lost };
  });
  useEffect(
    () => () => {
      if (written.current.text !== '') written.current.lost?.(written.current.text);
    },
    [],
  );
  const leave = (): void => {
    written.current.text = '';
    cancel();
  };
  const submit = (): void => {
    if (draft.trim() === '' || draft === text) {
      leave();
      return;
    }
    written.current.text = '';
    save(draft);
  };
  const byKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') leave();
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <form
      className="space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        autoFocus
        dir="auto"
        aria-label={label}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={byKey}
        className="block field-sizing-content max-h-60 w-full min-w-56 resize-none rounded-md bg-sunken px-2 py-1"
      />
      <div className="flex justify-end gap-1.5">
        <Button size="small" look="bare" onClick={leave}>
          {strings.conversation.leaveAsItWas}
        </Button>
        <Button size="small" look="primary" type="submit">
          {saveWord}
        </Button>
      </div>
    </form>
  );
}
