import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.approval;

export interface DenyFormProps {
  word: string;
  asksWhy: string;
  /** With the reason that was given, or none. */
  deny: (reason: string) => void;
  back: () => void;
}

/** A no, and what the agent is told with it. */
export function DenyForm({ word, asksWhy, deny, back }: DenyFormProps) {
  const [reason, setReason] = useState('');
  return (
    <form
      className="space-y-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        deny(reason.trim());
      }}
    >
      <label className="block text-sm">
        <span className="text-soft">{asksWhy}</span>
        <input
          autoFocus
          dir="auto"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') back();
          }}
          className="mt-1 block h-9 w-full rounded-lg border border-line bg-paper px-3"
        />
      </label>
      <div className="flex flex-wrap gap-2">
        <Button look="danger" type="submit">
          {word}
        </Button>
        <Button look="bare" onClick={back}>
          {words.back}
        </Button>
      </div>
    </form>
  );
}
