import type { Content, Phase, Priority } from '@hearth/protocol';
import { ArrowUp, ImagePlus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Button } from '../parts/button.tsx';
import { standingOf } from '../sessions/standing.ts';
import { strings } from '../strings/strings.ts';
import { AttachmentList } from './attachment-list.tsx';
import { attach, attachmentsOf, detachAll, useAttachments } from './attachments.ts';
import { useDraft } from './drafts.ts';
import { IconButton } from './icon-button.tsx';
import { stepInHistory, WRITING } from './input-history.ts';
import { sendMessage } from './outbox.ts';
import { SendWays } from './send-ways.tsx';
import { StopButton } from './stop-button.tsx';
import { SUGGESTIONS_ID, suggestionId, SuggestionList } from './suggestion-list.tsx';
import { soughtAt, withSuggestion } from './suggestion.ts';
import type { Sought, Suggestion } from './suggestion.ts';
import { useSuggestions } from './use-suggestions.ts';

const words = strings.conversation.composer;

export interface ComposerProps {
  sessionId: string;
  phase: Phase;
  onSent: () => void;
  /** What was said before, newest first; asked for when somebody goes back to it. */
  said: () => string[];
}

/** Where one writes to the agent. */
export function Composer({ sessionId, phase, onSent, said }: ComposerProps) {
  const [text, setText] = useDraft(sessionId);
  const [priority, setPriority] = useState<Priority>('next');
  const [refused, setRefused] = useState<readonly string[]>([]);
  const [isOver, setIsOver] = useState(false);
  const attachments = useAttachments((state) => attachmentsOf(sessionId, state));
  const box = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const place = useRef(WRITING);
  const [sought, setSought] = useState<Sought>();
  const [chosen, setChosen] = useState(0);
  const suggestions = useSuggestions(sought);
  const standing = standingOf(phase);
  const running = standing === 'working' || standing === 'waiting';
  const isEmpty = text.trim() === '' && attachments.length === 0;
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) box.current?.focus();
  }, []);

  const write = (next: string, cursor = 0): void => {
    place.current = WRITING;
    setText(next);
    setSought(soughtAt(next, cursor));
    setChosen(0);
  };
  const send = (): void => {
    if (isEmpty) return;
    const images = attachments.map(({ mediaType, data }) => ({ type: 'image' as const, mediaType, data }));
    const texts = text.trim() === '' ? [] : [{ type: 'text' as const, text }];
    const content: Content = images.length === 0 ? text : [...texts, ...images];
    sendMessage(sessionId, content, running ? priority : 'next');
    write('');
    detachAll(sessionId);
    setRefused([]);
    setPriority('next');
    onSent();
  };
  const add = (files: readonly File[]): void => {
    if (files.length === 0) return;
    attach(sessionId, files).then(setRefused, (error: unknown) => setRefused([String(error)]));
  };
  const goInHistory = (event: KeyboardEvent<HTMLTextAreaElement>, step: 'back' | 'forth'): void => {
    const { selectionStart, selectionEnd, value } = event.currentTarget;
    const isAtEdge =
      step === 'back' ? !value.slice(0, selectionStart).includes('\n') : !value.slice(selectionEnd).includes('\n');
    if (!isAtEdge || (step === 'forth' && place.current.index < 0)) return;
    if (step === 'back' && place.current.index < 0 && value !== '' && selectionStart !== 0) return;
    const next = stepInHistory(said(), place.current, value, step);
    if (next === undefined) return;
    event.preventDefault();
    place.current = next.place;
    setText(next.text);
  };
  const take = (suggestion: Suggestion): void => {
    if (sought === undefined) return;
    const next = withSuggestion(text, sought, suggestion);
    write(next.text);
    const area = box.current;
    requestAnimationFrame(() => area?.setSelectionRange(next.cursor, next.cursor));
  };
  const choose = (event: KeyboardEvent): boolean => {
    const suggestion = suggestions[chosen];
    if (sought === undefined || suggestion === undefined) return false;
    const count = suggestions.length;
    if (event.key === 'ArrowDown') setChosen((chosen + 1) % count);
    else if (event.key === 'ArrowUp') setChosen((chosen + count - 1) % count);
    else if (event.key === 'Escape') setSought(undefined);
    else if (event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey)) take(suggestion);
    else return false;
    event.preventDefault();
    return true;
  };
  const press = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing || event.altKey || choose(event)) return;
    if (event.key === 'ArrowUp') goInHistory(event, 'back');
    if (event.key === 'ArrowDown') goInHistory(event, 'forth');
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      aria-label={words.label}
      className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-6 sm:pb-5"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setIsOver(false);
        add([...event.dataTransfer.files]);
      }}
    >
      <div
        className={`relative rounded-2xl border bg-panel shadow-sm transition-colors focus-within:border-ember ${isOver ? 'border-ember border-dashed bg-ember-soft' : 'border-line-strong'}`}
      >
        <SuggestionList suggestions={suggestions} chosen={chosen} take={take} />
        <AttachmentList sessionId={sessionId} attachments={attachments} />
        <textarea
          ref={box}
          dir="auto"
          aria-label={words.box}
          placeholder={running ? words.placeholderRunning : words.placeholder}
          rows={1}
          value={text}
          onChange={(event) => write(event.target.value, event.target.selectionStart)}
          onBlur={() => setSought(undefined)}
          aria-autocomplete="list"
          aria-controls={suggestions.length > 0 ? SUGGESTIONS_ID : undefined}
          aria-activedescendant={suggestions.length > 0 ? suggestionId(chosen) : undefined}
          onKeyDown={press}
          onPaste={(event) => {
            const files = [...event.clipboardData.files];
            if (files.length === 0) return;
            event.preventDefault();
            add(files);
          }}
          className="block field-sizing-content max-h-[40vh] min-h-12 w-full resize-none bg-transparent px-4 pt-3.5 pb-1 outline-none placeholder:text-soft"
        />
        <div className="flex items-end gap-2 p-2">
          <IconButton label={words.addImages} onClick={() => picker.current?.click()} className="size-9">
            <ImagePlus className="size-4.5" aria-hidden="true" />
          </IconButton>
          <input
            ref={picker}
            type="file"
            accept="image/png,image/jpeg,image/gif,image/webp"
            multiple
            hidden
            onChange={(event) => {
              add([...(event.target.files ?? [])]);
              event.target.value = '';
            }}
          />
          {running && <SendWays priority={priority} change={setPriority} />}
          <div className="ms-auto flex items-center gap-2">
            {running && <StopButton sessionId={sessionId} stopping={phase === 'interrupting'} />}
            <Button
              look="primary"
              size="icon"
              type="submit"
              aria-label={words.send}
              title={words.sendTitle}
              disabled={isEmpty}
            >
              <ArrowUp className="size-5" aria-hidden="true" />
            </Button>
          </div>
        </div>
      </div>
      <div role="status" className="px-2 text-xs text-bad">
        {refused.map((problem) => (
          <p key={problem} className="pt-1">
            {problem}
          </p>
        ))}
      </div>
    </form>
  );
}
