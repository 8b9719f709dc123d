import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { strings } from '../strings/strings.ts';
import { field } from './tool-words.ts';

const words = strings.conversation.approval;

export interface InputEditorProps {
  name: string;
  input: unknown;
  /** With the whole input as it was changed. */
  allow: (input: Record<string, unknown>) => void;
  back: () => void;
}

/** What the tool is called with, changed before it is allowed: a command as such, everything else as JSON. */
export function InputEditor({ name, input, allow, back }: InputEditorProps) {
  const command = field(input, 'command');
  const [text, setText] = useState(() => command ?? JSON.stringify(input, null, 2));
  const changed = command === undefined ? parsed(text) : { ...recordOf(input), command: text };
  const isEmpty = text.trim() === '';
  return (
    <form
      className="space-y-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed !== undefined && !isEmpty) allow(changed);
      }}
    >
      <label className="block text-sm">
        <span className="text-soft">{words.editLabel(name)}</span>
        <textarea
          autoFocus
          dir="ltr"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') back();
          }}
          aria-invalid={changed === undefined}
          className="mt-1 block field-sizing-content max-h-72 min-h-20 w-full resize-none rounded-lg border border-line bg-paper px-3 py-2 font-mono text-[0.8125rem] aria-invalid:border-bad"
        />
      </label>
      {changed === undefined && (
        <p role="alert" className="text-xs text-bad">
          {words.notJson}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={changed === undefined || isEmpty}>
          {words.allowChanged}
        </Button>
        <Button look="bare" onClick={back}>
          {words.back}
        </Button>
      </div>
    </form>
  );
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? recordOf(value) : undefined;
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
